"""Means and variances against mpmath, for parameters of all sizes; `make verify` tries more."""

from __future__ import annotations

import numpy as np
import pytest

from tests.distributions.exact_moments import ROWS, Row, worst


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_moments_are_exact(row: Row) -> None:
    error, where = worst(row, 20, np.random.default_rng(ROWS.index(row)))
    assert error <= row.rtol, where
