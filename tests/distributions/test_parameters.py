"""Bad parameters are refused by name and value, and every parameterisation means the same."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from aliquot.distributions.bounded import Beta, Uniform
from aliquot.distributions.gamma import Gamma, InverseGamma
from aliquot.distributions.heavy_tailed import HalfStudentT, StudentT
from aliquot.distributions.location_scale import Normal
from aliquot.distributions.positive import Exponential, LogNormal
from aliquot.distributions.truncated_normal import TruncatedNormal
from aliquot.errors import ParameterError, ShapeError
from tests.distributions.case import Case
from tests.distributions.table import CASES

BAD = [(case, *bad) for case in CASES for bad in case.bad]


@pytest.mark.parametrize(
    ("case", "changes", "message"), BAD, ids=[f"{case}-{message}" for case, _, message in BAD]
)
def test_bad_parameters_are_named(case: Case, changes: Any, message: str) -> None:
    with pytest.raises((ParameterError, ShapeError), match=message) as error:
        case.build(**changes)
    assert case.build().family in str(error.value)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (LogNormal(1.0, tau=4.0), LogNormal(1.0, 0.5)),
        (TruncatedNormal(1.0, tau=4.0, lower=0.0), TruncatedNormal(1.0, 0.5, lower=0.0)),
        (StudentT(3.0, 1.0, lam=4.0), StudentT(3.0, 1.0, sigma=0.5)),
        (StudentT(3.0), StudentT(3.0, 0.0, sigma=1.0)),
        (HalfStudentT(3.0, lam=4.0), HalfStudentT(3.0, 0.5)),
        (Exponential(scale=4.0), Exponential(0.25)),
        (Exponential(), Exponential(1.0)),
        (InverseGamma(3.0), InverseGamma(3.0, 1.0)),
        (Uniform(), Uniform(0.0, 1.0)),
    ],
    ids=repr,
)
def test_parameterisations_agree(one: Any, other: Any) -> None:
    assert {k: float(v) for k, v in one.parameters.items()} == pytest.approx(
        {k: float(v) for k, v in other.parameters.items()}
    )


@pytest.mark.parametrize(
    ("distribution", "mean", "sd"),
    [
        (Gamma(mu=6.0, sigma=2.0), 6.0, 2.0),
        (InverseGamma(mu=6.0, sigma=2.0), 6.0, 2.0),
        (Beta(mu=0.3, sigma=0.1), 0.3, 0.1),
        (Beta(mu=0.3, nu=20.0), 0.3, np.sqrt(0.21 / 21)),
    ],
    ids=repr,
)
def test_mean_and_spread_are_those_given(distribution: Any, mean: float, sd: float) -> None:
    assert float(distribution.mean()) == pytest.approx(mean, rel=1e-12)
    assert float(distribution.variance()) == pytest.approx(sd**2, rel=1e-12)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Gamma(alpha=1.0), "alpha and beta, or mu and sigma; got alpha"),
        (lambda: Gamma(), "got none"),
        (lambda: Beta(alpha=1.0, mu=0.5), "got alpha and mu"),
        (lambda: Exponential(1.0, scale=1.0), "got lam and scale"),
        (lambda: StudentT(1.0, sigma=1.0, lam=1.0), "got sigma and lam"),
        (lambda: Uniform([0.0, 2.0], 1.0), r"lower=2 and upper=1 at index \(1,\)"),
        (lambda: TruncatedNormal(lower=[np.inf, 0.0]), "lower must be a finite number"),
        (lambda: Normal(0, [1.0, np.inf]), "sigma must be finite and positive; got inf at index"),
    ],
)
def test_mixed_parameterisations_are_refused(make: Any, message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        make()


@pytest.mark.parametrize("bounds", [{}, {"lower": -np.inf}, {"lower": -np.inf, "upper": np.inf}])
def test_infinite_bounds_are_none(bounds: Any) -> None:
    distribution = TruncatedNormal(1.0, 2.0, **bounds)
    assert set(distribution.parameters) == {"mu", "sigma"}
    assert float(distribution.log_prob(0.3)) == pytest.approx(
        -0.5 * 0.35**2 - np.log(2.0) - 0.5 * np.log(2 * np.pi), rel=1e-14
    )
    assert float(distribution.mean()) == pytest.approx(1.0, abs=1e-13)
    assert float(distribution.variance()) == pytest.approx(4.0, rel=1e-12)
