"""Reading observed data: kind, shape, support and missing values, each refused by name."""

from __future__ import annotations

from copy import copy
from typing import Any

import numpy as np

from aliquot.distributions.base import Distribution
from aliquot.distributions.constraints import Constraint, Interval, Real
from aliquot.distributions.parameters import at
from aliquot.errors import DTypeError, ImputationWarning, ModelError, ShapeError, SupportError, warn
from aliquot.expression import Evaluation, Expression, leaves
from aliquot.expression.lengths import is_taken, of_rows_on_disk
from aliquot.precision import float64

# What XLA asks of memory that it reads without copying it first.
BYTES = 64


def aligned(values: np.ndarray, dtype: Any) -> np.ndarray:
    """Copy an array, as another dtype, to where every program can use it as it is.

    XLA copies an array that does not begin at a multiple of 64 bytes, once for each program that
    is given it.

    >>> copy = aligned(np.arange(3), float)
    >>> copy.tolist(), copy.ctypes.data % 64
    ([0.0, 1.0, 2.0], 0)
    """
    dtype = np.dtype(dtype)
    size = values.size * dtype.itemsize
    memory = np.empty(size + BYTES, np.uint8)
    start = -memory.ctypes.data % BYTES
    result = memory[start : start + size].view(dtype).reshape(values.shape)
    np.copyto(result, values, casting="unsafe")
    return result


def as_values(name: str, data: Any) -> np.ndarray:
    """Make data an array of numbers; masked entries become NaN, what is no number is refused."""
    if isinstance(data, np.ma.MaskedArray):
        data = np.ma.filled(data.astype(float), np.nan) if np.ma.is_masked(data) else data.data
    try:
        array = np.asarray(data)
        if array.dtype == object:
            array = _from_objects(array)
    except (ValueError, TypeError):
        raise DTypeError(
            f"{name}: the data must be one array of numbers; got {data!r:.80}"
        ) from None
    if array.dtype.kind not in "buif":
        raise DTypeError(
            f"{name}: the data must be numbers; got dtype {array.dtype}. For labels, give their "
            "integer codes: np.unique(labels, return_inverse=True)[1]"
        )
    if array.size == 0:
        raise ShapeError(f"{name}: the data are empty (shape {array.shape})")
    return array


def _from_objects(array: np.ndarray) -> np.ndarray:
    """Read an object array of numbers with ``None`` or pandas' ``NA`` for missing values."""
    if all(_absent(item) or isinstance(item, int | float | np.number) for item in array.flat):
        return np.array([np.nan if _absent(item) else item for item in array.flat]).reshape(
            array.shape
        )
    return array


def _absent(item: Any) -> bool:
    return item is None or type(item).__name__ == "NAType"


def find_missing(values: np.ndarray) -> np.ndarray | None:
    """Find missing entries (NaN), or ``None`` where there are none."""
    if values.dtype.kind != "f":
        return None
    missing = np.isnan(values)
    return missing if missing.any() else None


def refuse_missing(user: str, name: str, values: np.ndarray | None) -> None:
    """Refuse data with missing values (NaN) where they are no observations."""
    missing = None if values is None else find_missing(values)
    if missing is not None:
        raise ModelError(
            f"{user}: it uses the data {name!r}, in which {int(missing.sum())} of {missing.size} "
            "values are missing (NaN). Only data given as observed= can have missing values: fill "
            "or model them first"
        )


def check_kind(
    name: str, values: np.ndarray, distribution: Distribution, rows: np.ndarray | None = None
) -> np.ndarray:
    """Convert data to the distribution's dtype, refusing fractions where it counts.

    Whole numbers may come as floats, as they do from pandas and from a file. `rows` says, of rows
    that lie on a disk, which these are.
    """
    if not distribution.discrete:
        return aligned(values, distribution.dtype)
    return aligned(whole(f"{name}: the data", values, distribution, rows), distribution.dtype)


def _where(places: np.ndarray, size: int, none: str, rows: np.ndarray | None) -> str:
    """Say where the first of some values is, and how many they are."""
    if rows is not None:  # some of many: how many there are is not known
        return at((int(rows[places[0][0]]), *places[0][1:]))
    more = f" ({len(places)} of {size} are {none})" if len(places) > 1 else ""
    return f"{at(tuple(places[0]))}{more}"


def whole(
    what: str, values: np.ndarray, distribution: Distribution, rows: np.ndarray | None = None
) -> np.ndarray:
    """Make values integers of 64 bits, 0 where missing (NaN); refuse what cannot be one."""
    if values.dtype.kind == "u":
        broken = values > np.iinfo(np.int64).max
    elif values.dtype.kind == "f":
        known = np.where(np.isnan(values), 0.0, values)
        # The largest integer of 64 bits is no float: the next above it is.
        broken = (known != np.floor(known)) | (np.abs(known) >= 2.0**63)
    else:
        return values
    if broken.any():
        places = np.argwhere(broken)
        where = _where(places, broken.size, "none", rows)
        raise DTypeError(
            f"{what} of {distribution.family}, a distribution of integers, hold "
            f"{values[tuple(places[0])]}{where}: give whole numbers, as integers or as floats"
        )
    return (known if values.dtype.kind == "f" else values).astype(np.int64)


def check_support(
    name: str,
    values: np.ndarray,
    missing: np.ndarray | None,
    distribution: Distribution,
    rows: np.ndarray | None = None,
) -> None:
    """Refuse data off the support, where the support is known before sampling."""
    support = known_support(distribution.support)
    if support is None:
        return
    each = support.elementwise()
    if missing is not None and isinstance(each, Real):
        values = np.where(missing, 0.0, values)  # what is beside a missing entry is looked at, too
    inside = np.asarray(each.check(values))
    if missing is not None and not isinstance(each, Real):
        events = missing.any(axis=tuple(range(missing.ndim - each.event_dims, missing.ndim)))
        inside = inside | events
    if not inside.all():
        outside = np.argwhere(~inside)
        where = _where(outside, inside.size, "outside", rows)
        raise SupportError(
            f"{name}: data of {distribution.family} must be {support.description}; "
            f"got {values[tuple(outside[0])]}{where}"
        )


def known_support(support: Constraint) -> Constraint | None:
    """Give a support as it is before sampling: bounds that are computed from data are computed."""
    if support.constant():
        return support
    if not isinstance(support, Interval):
        return None
    bounds = [support.lower, support.upper]
    sources = {leaf: leaf.value_now() for leaf in leaves(bounds)}
    if any(value is None for value in sources.values()):
        return None
    known = copy(support)
    with float64():
        known.lower, known.upper = Evaluation(sources)(bounds)
    return known


def integer_bounds(distribution: Distribution) -> tuple[int, int] | None:
    """Give the smallest and the largest value of a discrete variable, ``None`` where not known."""
    if not distribution.discrete:
        return None
    support = distribution.support
    if isinstance(support, Interval) and any(map(_of_shown_rows, (support.lower, support.upper))):
        return None
    known = known_support(support)
    if not isinstance(known, Interval) or known.lower is None or known.upper is None:
        return None
    return int(np.min(known.lower)), int(np.max(known.upper))


def _of_shown_rows(bound: Any) -> bool:
    """Say whether a bound is computed from rows on a disk, of which only some are known."""
    return isinstance(bound, Expression) and of_rows_on_disk(bound) and not is_taken(bound)


def warn_missing(name: str, missing: np.ndarray, summed: bool) -> None:
    """Say that missing values were found, how many, and what becomes of them."""
    count = int(missing.sum())
    they = "it is" if count == 1 else "they are"
    what = (
        f"{they} summed out of the likelihood"
        if summed
        else f"{they} integrated out of the likelihood, and "
        f"aq.recover draws '{name}_missing'; what something else in the model depends on is "
        "sampled under that name"
    )
    warn(
        f"{name}: {count} of {missing.size} observed values "
        f"{'is' if count == 1 else 'are'} missing; {what}",
        ImputationWarning,
    )
