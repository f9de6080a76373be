"""Means and variances of every family against mpmath; with ``--seed n`` other parameters."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from tests.distributions.exact_moments import Row, worst
from tests.distributions.moment_rows import ROWS

CASES = 1_000


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_moments_are_exact(row: Row, verified: Callable[..., None]) -> None:
    error, where = worst(row, CASES, np.random.default_rng([7, ROWS.index(row)]))
    verified(
        what=f"mean and variance of {row}",
        against="mpmath",
        cases=CASES,
        worst=f"{error:.0e}, relative",
    )
    assert error <= row.rtol, where
