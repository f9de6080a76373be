"""Stopping early, on request."""

import numpy as np
import pytest

from aliquot.variational import (
    MeanField,
    ParameterChange,
    RelativeChange,
    VariationalApproximation,
    VariationalFit,
)
from tests.variational.members import numbers
from tests.variational.targets import gaussian, mixture


def approximation(mean, std):
    target = gaussian(np.zeros(2), np.eye(2))
    q = MeanField(2).gaussian(np.concatenate([mean, np.log(std)]))
    return VariationalApproximation(target, "mean-field", q, np.empty(0), seed=0)


def test_relative_change_compares_two_windows():
    approx = approximation(np.zeros(2), np.ones(2))
    check = RelativeChange(tolerance=0.01, window=10).begin()
    steady = np.concatenate([np.full(10, -100.0), np.full(10, -100.9)])
    falling = np.concatenate([np.full(10, -100.0), np.full(10, -101.2)])
    assert check(approx, steady[1:], 19) is None
    assert check(approx, falling, 20) is None
    reason = check(approx, steady, 20)
    assert reason is not None
    assert "10 iterations changed by 0.0089" in reason


@pytest.mark.parametrize(
    ("mean", "std", "stops"),
    [
        ([0.0, 0.0], [1.0, 100.0], True),
        ([0.04, 4.0], [1.0, 100.0], True),
        ([0.06, 0.0], [1.0, 100.0], False),
        ([0.0, 0.0], [1.0, 106.0], False),
    ],
)
def test_parameter_change_is_measured_in_standard_deviations(mean, std, stops):
    check = ParameterChange(tolerance=0.05, interval=100).begin()
    before = approximation(np.zeros(2), np.array([1.0, 100.0]))
    after = approximation(np.array(mean), np.array(std))
    hist = np.zeros(200)
    assert check(before, hist, 100) is None
    assert check(before, hist, 199) is None
    assert (check(after, hist, 200) is not None) == stops


@pytest.mark.parametrize("criterion", [RelativeChange(), ParameterChange()], ids=repr)
def test_a_fit_stops_early_and_near_the_optimum(criterion):
    target = mixture()
    advi = VariationalFit(target, MeanField, seed=0)
    approx = advi.run(50_000, convergence=criterion, check=False)
    assert 1000 <= approx.hist.size < 50_000
    assert approx.stopped is not None
    assert not approx.partial
    best = -181.519  # the best mean-field ELBO, by deterministic optimisation
    assert approx.elbo(20_000).value > best - 0.1
    # One criterion serves many fits: a second fit starts it afresh.
    again = VariationalFit(target, MeanField, seed=0).run(
        50_000, convergence=criterion, check=False
    )
    np.testing.assert_array_equal(numbers(again), numbers(approx))


def test_a_fit_that_moves_is_not_stopped():
    target = gaussian(np.full(2, 500.0), np.eye(2))
    approx = VariationalFit(target, MeanField, seed=0).run(
        2000, convergence=ParameterChange(), check=False
    )
    assert approx.hist.size == 2000
    assert approx.stopped is None


@pytest.mark.parametrize("kind", [RelativeChange, ParameterChange])
def test_a_tolerance_must_be_positive(kind):
    with pytest.raises(ValueError, match="tolerance=0: expected a positive number"):
        kind(tolerance=0)
