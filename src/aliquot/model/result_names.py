"""Names that results can have in every file they may be stored in, and that do not clash there."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

from aliquot.errors import ModelError

# What results call axes that have no names.
_AXIS = re.compile(r"(.+)_dim_(\d+)", re.DOTALL)
# The file in which Zarr keeps what a group holds.
_TAKEN = "zarr.json"


def refuse_unstorable(what: str, name: str) -> None:
    """Refuse a name that HDF5 or Zarr refuse, before anything is drawn.

    >>> refuse_unstorable("dim", "a/b")
    Traceback (most recent call last):
        ...
    aliquot.errors.ModelError: the dim 'a/b' holds a slash, which separates groups in a result: use
    another name
    """
    why = None
    if "/" in name:
        why = "holds a slash, which separates groups in a result"
    elif not name.strip("."):
        why = "has no name that a file can hold: it is empty or made of dots"
    elif "\0" in name:
        why = "holds the character NUL, which no file can hold in a name"
    elif name.startswith("__"):
        why = "begins with two underscores, as names do that Zarr keeps for itself"
    elif name == _TAKEN:
        why = "has the name of the file in which Zarr describes a group"
    elif not _is_text(name):
        why = "holds half of a character (a surrogate), which no file can hold"
    elif len(name.encode()) > 200:
        why = "has a name of more than 200 bytes, which no folder can have"
    if why is not None:
        raise ModelError(f"the {what} {name!r} {why}: use another name")


def refuse_unstorable_labels(dim: str, labels: Any) -> None:
    """Refuse labels that no file can hold."""
    if labels.dtype.kind != "U":
        return
    for label in labels.tolist():
        if "\0" in label or not _is_text(label):
            raise ModelError(
                f"the coords of dim {dim!r} hold {label!r}, with a character that no file can "
                "hold (NUL, or half of one): use another label"
            )


def refuse_clash(variable: Any, variables: Mapping[str, Any], dims: Collection[str]) -> None:
    """Refuse a variable whose axis without a name would be called as another variable or a dim."""
    for name in _axes(variable):
        if name in variables or name in dims:
            other = "variable" if name in variables else "dim"
            raise ModelError(
                f"in results the axis of {variable.name!r} is called {name!r}, which is the name "
                f"of a {other}: give {variable.name!r} dims=, or rename the {other}"
            )
    matched = _AXIS.fullmatch(variable.name)
    owner = variables.get(matched[1]) if matched else None
    if owner is not None and variable.name in _axes(owner):
        raise ModelError(
            f"{variable.name!r} is what results call an axis of {owner.name!r}: use another name, "
            f"or give {owner.name!r} dims="
        )


def refuse_clashing_dim(dim: str, variables: Mapping[str, Any]) -> None:
    """Refuse a dim that has the name of a variable's axis without one."""
    matched = _AXIS.fullmatch(dim)
    owner = variables.get(matched[1]) if matched else None
    if owner is not None and dim in _axes(owner):
        raise ModelError(
            f"the dim {dim!r} is what results call an axis of {owner.name!r}: use another name, or "
            f"give {owner.name!r} dims="
        )


def _axes(variable: Any) -> list[str]:
    shape = getattr(variable, "shape", None) or ()
    dims = variable.dims or (None,) * len(shape)
    return [f"{variable.name}_dim_{axis}" for axis, dim in enumerate(dims) if dim is None]


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
