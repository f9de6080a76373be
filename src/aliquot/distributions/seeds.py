"""Reading a seed, and drawing one that can be written down where none was given."""

from __future__ import annotations

from typing import Any

import numpy as np

from aliquot.errors import DTypeError


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
