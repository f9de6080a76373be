"""What is known by where it stands: functions and classes of libraries that stay as they are."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

# What stands in these under its own name is taken to stay what it is while the process lives.
LIBRARIES = frozenset(
    [
        *("aliquot", "jax", "jaxlib", "numpy", "scipy"),
        *("math", "operator", "_operator", "functools", "_functools", "builtins", "types"),
    ]
)


def is_of_library(module: Any) -> bool:
    """Say whether a module, given by its name, is one of the libraries'.

    >>> is_of_library("jax.numpy"), is_of_library("__main__"), is_of_library(None)
    (True, False, False)
    """
    return isinstance(module, str) and module.partition(".")[0] in LIBRARIES


def stands_in_library(thing: Any) -> bool:
    """Say whether a function or class is what a library has under its name.

    >>> import math
    >>> stands_in_library(math.sin), stands_in_library(lambda x: x)
    (True, False)
    """
    if isinstance(thing, np.ufunc):
        return getattr(np, thing.__name__, None) is thing
    module = getattr(thing, "__module__", None)
    name = getattr(thing, "__qualname__", None) or getattr(thing, "__name__", None)
    if not is_of_library(module) or not isinstance(name, str):
        return False
    found: Any = sys.modules.get(str(module))
    for part in name.split("."):
        found = getattr(found, part, None) if found is not None else None
    return found is thing
