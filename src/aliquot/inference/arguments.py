"""Checks of arguments that several of the functions on a model take."""

from __future__ import annotations

from typing import Any

import numpy as np

from aliquot.errors import ModelError


def whole_number(name: str, value: Any, least: int = 1) -> int:
    """Read a number of draws, chains, cores and the like.

    Raises
    ------
    ModelError
        For what is no whole number, or less than `least`.

    Examples
    --------
    >>> whole_number("chains", 4)
    4
    """
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
        raise ModelError(f"{name} must be a whole number of at least {least}; got {value!r}")
    return int(value)
