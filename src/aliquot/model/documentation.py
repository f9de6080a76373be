"""What ``help(aq.Normal)`` says: the family's docstring and signature, and what each call takes."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from typing import Any

_NAME = """\
name : str
    Of the variable, in the model and in results. ``.dist(...)`` takes none."""
_EXTRA = """\
dims : str or tuple of str, optional
    Names of the axes; their lengths come from the model's coords.
observed : array, Data or expression of Data, optional
    Observed values. Missing ones (NaN, ``None``, masked) become latent variables.
transform : Transform or None, optional
    The way to unconstrained coordinates: chosen from the support by default; ``None`` for none.
initval : array, optional
    Start value, inside the support."""
_RAISES = """\
ModelError, ShapeError, DTypeError, ParameterError, SupportError
    On the line that writes the variable: a name or dim that does not fit the model, shapes that do
    not agree, what is no number, a parameter outside its range, data or a start off the support."""
_SHAPE = """\
shape : int or tuple of int, optional
    Of the variable. By default that of its parameters, dims or observations."""
_UPPER = """\
upper : int or int array, optional
    Largest possible value, a known number: the count is then distributed as one that is known
    to be at most that. It makes the count finite, so that it can be summed out where it is not
    observed."""


def call_docstring(family: type[Any], more: str = "") -> str:
    """Write the docstring of a family's constructor: its own, with what every call takes.

    `more` describes parameters that this constructor alone has.
    """
    sections = re.split(r"\n\n(?=[A-Z][A-Za-z ]+\n-{3,}\n)", inspect.cleandoc(family.__doc__ or ""))
    place = len(sections)
    for number, section in enumerate(sections):
        title, line, body = (*section.split("\n", 2), "", "")[:3]
        if title == "Parameters":
            shape = "" if re.search("(?m)^shape :", body) else _SHAPE
            # What has a description of its own keeps it.
            for bare, meant in ((each.split("\n")[0], each) for each in (_UPPER, _SHAPE)):
                body = re.sub(rf"(?m)^{re.escape(bare)}(?!\n )", meant, body)
            parts = [title, line, _NAME, body.rstrip(), shape, _EXTRA, more]
            sections[number] = "\n".join(part for part in parts if part)
            place = number + 1
    if sections[place:] and sections[place].startswith("Raises\n"):
        sections[place] = f"{sections[place].rstrip()}\n{_RAISES}"
    else:
        sections.insert(place, f"Raises\n------\n{_RAISES}")
    return "\n\n".join(sections)


def call_signature(family: type[Any], extra: Mapping[str, Any]) -> inspect.Signature:
    """Give the signature of a family's constructor: name, its parameters, keywords for all."""
    own = [
        parameter.replace(annotation=inspect.Parameter.empty)
        for parameter in inspect.signature(family).parameters.values()
    ]
    taken = {parameter.name for parameter in own}
    keywords = [
        inspect.Parameter(key, inspect.Parameter.KEYWORD_ONLY, default=default)
        for key, default in extra.items()
        if key not in taken
    ]
    name = inspect.Parameter("name", inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return inspect.Signature([name, *own, *keywords])
