"""One HTML file that needs no other: a template, its style and its pictures."""

from __future__ import annotations

import os
import platform
import re
from importlib.metadata import version
from typing import Any

import jinja2

from aliquot.reporting import numbers

PACKAGES = ("aliquot", "jax", "numpy", "xarray", "matplotlib")


def render(template: str, *folders: str, **context: Any) -> str:
    """Fill a template, from the templates of this package or of the `folders` of others.

    The context holds, besides what is given, how numbers are written and the versions of what runs.
    """
    environment = jinja2.Environment(
        loader=jinja2.ChoiceLoader(
            [jinja2.PackageLoader(name) for name in (*folders, "aliquot.reporting")]
        ),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
    )
    names = ("fixed", "count", "percent", "measured")
    environment.filters |= {name: getattr(numbers, name) for name in names}
    page = environment.get_template(template).render(
        **context,
        packages={name: version(name) for name in PACKAGES},
        python=platform.python_version(),
        cores=os.cpu_count(),
    )
    return re.sub(r"\n\s*\n+", "\n", page).lstrip()
