"""Start values: inside the support, with a finite density and gradient."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from aliquot.distributions.base import Distribution
from aliquot.distributions.bounded import Beta
from aliquot.distributions.circular import VonMises
from aliquot.distributions.gamma import Gamma, InverseGamma
from aliquot.distributions.heavy_tailed import HalfCauchy, StudentT
from aliquot.distributions.positive import LogNormal, Pareto, Weibull
from aliquot.distributions.truncated_normal import TruncatedNormal
from aliquot.precision import float64
from tests.distributions.case import Case
from tests.distributions.table import every_case
from tests.programs import quick


@quick
def _start(distribution: Distribution) -> Any:
    return distribution.start()


def start_of(distribution: Distribution) -> np.ndarray:
    """Compute a start value, by programs that distributions of one structure share."""
    with float64():
        return np.asarray(_start(distribution))


@every_case
def test_start_is_inside(case: Case) -> None:
    distribution = case.build()
    start = start_of(distribution)
    assert start.shape == distribution.shape
    assert start.dtype == distribution.dtype
    assert np.isfinite(distribution.log_prob(start)).all()


@pytest.mark.parametrize(
    "distribution",
    [
        StudentT(0.1, 3.0),
        HalfCauchy(1e-8),
        InverseGamma(0.5, 2.0),
        Pareto(1e-5, 2.0),
        LogNormal(0.0, 30.0),
        Weibull(0.01, 3.0),
        Gamma(1e-3, 1e-3),
        Beta(1e-3, 1e-3),
        TruncatedNormal(lower=30.0, upper=30.001),
        VonMises(9.0, 2.0),
    ],
    ids=repr,
)
def test_start_of_extreme_families(distribution: Distribution) -> None:
    start = start_of(distribution)
    assert 1e-9 < start < 1e5
    assert np.isfinite(distribution.log_prob(start))
