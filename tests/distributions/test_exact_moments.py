"""Means and variances against mpmath, for parameters of all sizes; `make verify` tries more."""

from __future__ import annotations

import numpy as np
import pytest

from aliquot.distributions.heavy_tailed import Cauchy
from aliquot.distributions.location_scale import Normal
from aliquot.distributions.mixture import Mixture
from aliquot.distributions.truncated_normal import TruncatedNormal
from tests.distributions.exact_moments import Row, worst
from tests.distributions.moment_rows import ROWS
from tests.distributions.test_start import start_of


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_moments_are_exact(row: Row) -> None:
    error, where = worst(row, 20, np.random.default_rng(ROWS.index(row)))
    assert error <= row.rtol, where


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_starts_are_inside(row: Row) -> None:
    distribution = row.make(**row.draw(np.random.default_rng(100 + ROWS.index(row)), 200))
    start = start_of(distribution)
    assert start.dtype == distribution.dtype
    assert np.all(distribution.support.check(start))


def test_what_weighs_nothing_counts_for_nothing() -> None:
    mixed = Mixture([1.0, 0.0], [Normal(2.0, 3.0), Cauchy(0.0, 1.0)])
    assert float(mixed.mean()) == 2.0
    assert float(mixed.variance()) == 9.0


def test_the_mean_of_a_normal_number_far_out_keeps_its_distance_to_the_bound() -> None:
    """Of a mean of -1e8 and a bound at 0 the law is exponential: mean 1e-8, variance 1e-16."""
    far = TruncatedNormal(-1e8, 1.0, lower=0.0)
    assert float(far.mean()) == pytest.approx(1e-8, rel=1e-12)
    assert float(far.variance()) == pytest.approx(1e-16, rel=1e-12)
