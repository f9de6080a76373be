"""What a run is of: model, data, versions, processor; and what differs from one time to another."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from aliquot.compilation.machine import processor
from aliquot.errors import AliquotWarning, ModelError, warn
from aliquot.inference.origin import digests
from aliquot.model import Model
from aliquot.model.describe import rows

# Whose numbers depend on their version.
_SOFTWARE = ("aliquot", "jax", "jaxlib", "numpy")


def identity(model: Model, density: Any) -> dict[str, Any]:
    """Describe all that the draws of a run depend on besides its settings, as JSON knows it."""
    return {
        "model": lines_of(model),
        "coordinates": list(density.labels),
        "data": digests(model),
        "program": density.fingerprint,
        "software": {name: _version(name) for name in _SOFTWARE},
        "processor": processor(),
    }


def lines_of(model: Model) -> dict[str, str]:
    """Give a model's lines by the variable that each is of."""
    return {row[0]: " ".join(row[1:3]) for row in rows(model)}


def refuse_other(then: Mapping[str, Any], now: Mapping[str, Any], user: str) -> None:
    """Refuse another model or other data than a run was of; warn of other software.

    Raises
    ------
    ModelError
        Says what differs.
    """
    changed = _changed(then["model"], now["model"])
    if changed:
        raise ModelError(
            f"{user}: this is not the model of the run: {'; '.join(changed[:4])}. Give the model "
            "that it was begun with"
        )
    other = [name for name, _, _ in _differing(then["data"], now["data"])]
    if other:
        raise ModelError(
            f"{user}: the data of {', '.join(map(repr, other))} are not those of the run. Give the "
            "data that it was begun with (aq.set_data), or begin a run of its own for these"
        )
    if then["coordinates"] != now["coordinates"]:
        raise ModelError(
            f"{user}: this is not the model of the run: its unconstrained coordinates were "
            f"{_few(then['coordinates'])}, and are {_few(now['coordinates'])}"
        )
    software = _changed(then["software"], now["software"])
    if not software and then["program"] and then["program"] != now["program"]:
        raise ModelError(
            f"{user}: this is not the model of the run: its lines read the same, but its log "
            "density is computed in another way. Has a function, a constant or the order of lines "
            "been changed?"
        )
    if then["processor"] != now["processor"]:
        software.append("the processor is another one")
    if software:
        warn(
            f"{user}: {'; '.join(software)}. What comes out is as good, but it is not, to the last "
            "bit, what it would have been where it was begun",
            AliquotWarning,
        )


def _changed(then: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    said = []
    for name, was, is_ in _differing(then, now):
        if was is None:
            said.append(f"{name!r} ({is_}) was not there")
        elif is_ is None:
            said.append(f"{name!r} ({was}) is not there")
        else:
            said.append(f"{name!r} was {was}, and is {is_}")
    return said


def _differing(then: Mapping[str, Any], now: Mapping[str, Any]) -> list[tuple[str, Any, Any]]:
    names = dict.fromkeys([*then, *now])
    each = ((name, then.get(name), now.get(name)) for name in names)
    return [(name, was, is_) for name, was, is_ in each if was != is_]


def _few(labels: list[str]) -> str:
    return f"{', '.join(labels[:5])}{', ...' if len(labels) > 5 else ''} ({len(labels)})"


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "unknown"
