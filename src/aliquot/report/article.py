"""The article: figures, table and text put together in one HTML file."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import jinja2
from matplotlib.figure import Figure

from aliquot.report import figures, style
from aliquot.report.analysis import Analysis
from aliquot.report.labels import announced
from aliquot.report.quadrature import Moments
from aliquot.report.story import tell
from aliquot.report.svg import inline_svg

DOTS_PER_INCH = 200
PACKAGES = ("aliquot", "jax", "numpy", "arviz-stats", "matplotlib")


def write_article(analysis: Analysis, folder: Path) -> Path:
    """Write ``report.html`` and the figures as PNG.

    Parameters
    ----------
    analysis
        With all four fits, and the versions of the first one's draws.
    folder
        It must exist. Files of the same names are replaced.

    Returns
    -------
    Path
        Of the HTML file, which needs no other.
    """
    drawn = {}
    for name, (draw, description) in _figures(analysis).items():
        figure = draw()
        with style.styled():
            figure.savefig(folder / f"{name}.png", dpi=DOTS_PER_INCH)
        drawn[name] = inline_svg(figure, name, description)
    path = folder / "report.html"
    path.write_text(render(analysis, drawn), encoding="utf-8")
    return path


def render(analysis: Analysis, drawn: dict[str, Any]) -> str:
    """Return the article as HTML, given its figures by name as SVG elements."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("aliquot.report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters |= {
        "fixed": fixed,
        "count": count,
        "interval": interval,
        "percent": percent,
    }
    page = environment.get_template("report.html.j2").render(
        analysis=analysis,
        settings=analysis.settings,
        exact=analysis.exact,
        fits=analysis.fits,
        versions=analysis.versions,
        convergence={key: v.convergence() for key, v in analysis.versions.items()},
        announced=announced(analysis.fits["nuts_unordered"].tree),
        story=tell(analysis),
        figures=drawn,
        groups=_groups(analysis),
        packages={name: version(name) for name in PACKAGES},
        python=platform.python_version(),
        cores=os.cpu_count(),
    )
    return re.sub(r"\n\s*\n+", "\n", page).lstrip()


def fixed(value: float | None, digits: int = 2) -> str:
    """Write a number with a true minus sign; a dash where there is none.

    Examples
    --------
    >>> fixed(-0.6512), fixed(None)
    ('−0.65', '–')
    """
    if value is None:
        return "–"
    text = f"{value:,.{digits}f}"
    if not text.strip("-0.,"):
        text = text.lstrip("-")
    return text.replace("-", "−")


def count(value: float | None) -> str:
    """Write a whole number, or three significant digits of a small one.

    Examples
    --------
    >>> count(20000), count(6.08), count(None)
    ('20,000', '6', '–')
    """
    return "–" if value is None else f"{value:,.0f}"


def percent(share: float) -> str:
    """Write a share with the digits that it needs, and none at all as none.

    Examples
    --------
    >>> percent(0.0), percent(5e-5), percent(0.0312), percent(0.31)
    ('none', '0.005%', '3.1%', '31%')
    """
    if share == 0:
        return "none"
    if share < 1e-5:
        return "less than 0.001%"
    digits = 0 if share >= 0.1 else 1 if share >= 0.01 else 2 if share >= 1e-3 else 3
    return f"{share:.{digits}%}"


def interval(moments: Any, k: int) -> str:
    """Write mean ± standard deviation of one of the two means."""
    return f"{fixed(moments.mean[k], 3)} ± {fixed(moments.sd[k], 3)}"


def _groups(analysis: Analysis) -> list[dict[str, Any]]:
    exact: dict[bool, Moments] = {
        False: analysis.exact.unordered,
        True: analysis.exact.ordered,
    }
    names = {False: "No ordering: two mirror modes", True: "Ordered: one mode"}
    return [
        {
            "name": names[ordered],
            "exact": exact[ordered],
            "fits": [fit for fit in analysis.fits.values() if fit.ordered is ordered],
        }
        for ordered in (False, True)
    ]


def _figures(analysis: Analysis) -> dict[str, tuple[Callable[[], Figure], str]]:
    found: dict[str, tuple[Callable[[], Figure], str]] = {
        "data": (
            lambda: figures.data_figure(analysis),
            "Histogram of the data with the two true densities, their sum and the fitted mixture.",
        ),
        "joint": (
            lambda: figures.joint_figure(analysis),
            "Joint density of the two means in each of the four fits, over the exact contours.",
        ),
        "autocorrelation": (
            lambda: figures.autocorrelation_figure(analysis),
            "Autocorrelation of both means in both NUTS fits, chain by chain.",
        ),
        "label_switch": (
            lambda: figures.label_switch_figure(analysis),
            "The same stretch of draws of both means as drawn, permuted and relabelled, with the "
            "densities of all draws.",
        ),
        "relabelled": (
            lambda: figures.relabelled_figure(analysis),
            "Joint density of the two means: relabelled draws, ordered fit and exact posterior.",
        ),
        "loss": (
            lambda: figures.loss_figure(analysis),
            "Loss of both ADVI fits by iteration, with minus the log evidence as a line.",
        ),
    }
    for key, fit in analysis.fits.items():
        found[f"trace_{key}"] = (
            lambda fit=fit: figures.trace_figure(analysis, fit),  # type: ignore[misc]
            f"Trace and density of both means: {fit.title}.",
        )
    return found
