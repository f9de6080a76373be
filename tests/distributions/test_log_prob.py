"""Log densities against SciPy, on the support and off it."""

from __future__ import annotations

import jax
import numpy as np
import pytest

from aliquot.distributions.circular import VonMises
from aliquot.distributions.gamma import Gamma
from aliquot.distributions.heavy_tailed import StudentT
from aliquot.distributions.truncated_normal import TruncatedNormal
from tests.distributions.case import Case
from tests.distributions.table import cases_with, evaluate, every_case, inside, repeated


@cases_with(lambda case: case.log_prob is not None)
def test_equals_the_reference(case: Case) -> None:
    points = inside(case)
    ours = evaluate(repeated(case.build(), len(points)), points).log_prob
    theirs = np.asarray(case.log_prob(points))
    assert np.isfinite(theirs).all()
    error = np.abs(ours - theirs) / np.maximum(1.0, np.abs(theirs))
    assert error.max() <= case.rtol


@cases_with(lambda case: len(case.outside))
def test_is_minus_infinity_off_the_support(case: Case) -> None:
    points = np.asarray(case.outside)
    found = evaluate(repeated(case.build(), len(points)), points)
    assert (found.log_prob == -np.inf).all()
    assert case.build().support.check(inside(case)).all()
    assert not case.build().support.check(points).any()


@every_case
def test_values_and_gradients_are_never_nan(case: Case) -> None:
    parts = [np.asarray(p, float) for p in (case.points, case.edges, case.outside) if len(p)]
    points = np.concatenate(parts)
    points = points.astype(case.build().dtype) if np.isfinite(points).all() else points
    found = evaluate(repeated(case.build(), len(points)), points)
    assert not np.isnan(found.log_prob).any()
    for gradient in jax.tree.leaves((found.in_value, found.in_parameters)):
        assert np.isfinite(gradient).all()


# Computed with mpmath at 60 digits, from the formulas in the docstrings.
EXTREMES = [
    (TruncatedNormal(lower=10.0), 10.1, 1.3073466173078014),
    (TruncatedNormal(lower=10.0, upper=10.5), 10.1, 1.3130308385478324),
    (TruncatedNormal(upper=-40.0), -40.01, 3.289453480549195),
    (TruncatedNormal(lower=8.0, upper=8.000000001), 8.0000000005, 20.723265754206043),
    (TruncatedNormal(lower=19.99, upper=20.02), 20.0, 3.5916456314284053),
    (TruncatedNormal(lower=99.0, upper=101.0), 100.0, -94.90477814547276),
    (TruncatedNormal(lower=-50.0, upper=60.0), 1.0, -1.4189385332046727),
    (TruncatedNormal(lower=-0.24, upper=0.24), 0.2, 0.7235323786814384),
    (TruncatedNormal(lower=-0.26, upper=0.26), 0.2, 0.6451424682925032),
    (StudentT(0.001), 1.5, -8.011142041672155),
    (StudentT(31.9), 1.5, -2.047949920665536),
    (StudentT(32.1), 1.5, -2.0479215471532717),
    (StudentT(1000000.0), 1.5, -2.0439386425803057),
    (StudentT(1000000000000.0), 1.5, -2.043938533204782),
    (VonMises(0.0, 1e-06), 0.01, -1.837876066459595),
    (VonMises(0.0, 10000.0), 0.01, 3.1862233188111313),
    (VonMises(0.0, 1000000000.0), 0.01, -49990.14064033708),
    (Gamma(1e-10, 2.0), 1e-05, -11.512945465994484),
    (Gamma(0.001, 2.0), 1e-05, 4.594906801301964),
]


@pytest.mark.parametrize(("distribution", "x", "expected"), EXTREMES, ids=repr)
def test_extreme_parameters(distribution: object, x: float, expected: float) -> None:
    assert abs(distribution.log_prob(x) - expected) <= 1e-12 * max(1.0, abs(expected))
