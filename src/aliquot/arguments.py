"""Reading arguments that many functions take: numbers of draws, chains and the like, and seeds."""

from __future__ import annotations

from typing import Any

import numpy as np

from aliquot.errors import DTypeError, ModelError


def is_whole_number(value: Any) -> bool:
    """Say whether a value is a whole number by its type, which a truth value is not."""
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


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
    if not is_whole_number(value) or value < least:
        raise ModelError(f"{name} must be a whole number of at least {least}; got {value!r}")
    return int(value)


def as_seed(random_seed: Any) -> int:
    """Make one whole number below 2**63 of whatever a user gives as a seed.

    ``None`` draws a fresh one from the operating system, which is recorded with the results.
    """
    if isinstance(random_seed, bool):
        raise DTypeError(f"random_seed must be a whole number; got {random_seed!r}")
    if isinstance(random_seed, np.random.Generator):
        return int(random_seed.integers(2**63))
    if isinstance(random_seed, int | np.integer) and 0 <= random_seed < 2**63:
        return int(random_seed)
    try:
        sequence = np.random.SeedSequence(random_seed)
    except (TypeError, ValueError) as error:
        raise DTypeError(
            f"random_seed must be a non-negative whole number, a sequence of them, a NumPy "
            f"Generator or None; got {random_seed!r}"
        ) from error
    return int(sequence.generate_state(1, np.uint64)[0] >> 1)
