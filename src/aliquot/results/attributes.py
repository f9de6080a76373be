"""Attributes that every storage format can hold: numbers and strings, nothing else."""

from __future__ import annotations

import datetime
import json
import math
from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np

_INT64 = range(-(2**63), 2**63)


def encode_attributes(attrs: Mapping[str, Any]) -> dict[str, Any]:
    """Turn `attrs` into values that NetCDF and Zarr can store and give back unchanged.

    Strings and finite numbers stay; booleans become 0 or 1, since NetCDF has no boolean attribute;
    integers beyond 64 bits become strings; arrays, lists and mappings become JSON. An entry
    that is None is left out: what was not given is not recorded.

    >>> encode_attributes({"partial": True, "random_seed": None, "settings": {"tune": 1000}})
    {'partial': 1, 'settings': '{"tune": 1000}'}
    """
    return {str(name): _encode(value) for name, value in attrs.items() if value is not None}


def standard_attributes() -> dict[str, Any]:
    """Return the attributes that the schema asks of every group."""
    version = _version()
    return {
        "created_at": datetime.datetime.now(datetime.UTC).isoformat(),
        "creation_library": "aliquot",
        "creation_library_version": version,
        "creation_library_language": "Python",
        "inference_library": "aliquot",
        "inference_library_version": version,
    }


@cache
def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("aliquot")
    except PackageNotFoundError:
        return "unknown"


def _encode(value: Any) -> str | int | float:
    if isinstance(value, np.generic) or (isinstance(value, np.ndarray) and value.ndim == 0):
        value = value.item()
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, int):
        return value if value in _INT64 else str(value)
    if isinstance(value, str | float):
        return value
    if isinstance(value, datetime.datetime | datetime.date):
        return value.isoformat()
    return json.dumps(_plain(value))


def _plain(value: Any) -> Any:
    """Reduce `value` to what JSON knows; anything else is told by its ``str``."""
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset | range):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return str(value)
