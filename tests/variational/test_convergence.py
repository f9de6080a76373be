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


def noisy_losses(rng, iterations, *, falling=0.0, epoch=None):
    """Losses near 1000 that fall by so much an iteration; noise of an epoch adds up to zero."""
    noise = rng.normal(0, 20, iterations)
    if epoch is not None:
        noise -= np.repeat(noise.reshape(-1, epoch).mean(axis=1), epoch)
    return 1000 - falling * np.arange(iterations) + noise


def stops(criterion, hist, every=100):
    """Look as a fit does, and say at which iteration it is stopped; None if at none."""
    check = criterion.begin()
    return next((i for i in range(every, len(hist) + 1, every) if check(None, hist[:i], i)), None)


def test_noise_of_batches_that_covers_a_change_stops_no_fit():
    """A loss that falls by 3 from window to window, where 1 is tolerated, and noise of 3."""
    rng = np.random.default_rng(0)
    criterion = RelativeChange(1e-3, window=100)
    series = [noisy_losses(rng, 2000, falling=0.03) for _ in range(20)]
    assert sum(stops(criterion, hist) is not None for hist in series) > 5
    assert all(stops(criterion.over_batches(10), hist) is None for hist in series)


def test_a_loss_that_is_steady_stops_a_fit_once_its_mean_is_known():
    """Of noise of 20, two errors of a difference of means of n are at most 1 from 3,200 on."""
    rng = np.random.default_rng(1)
    criterion = RelativeChange(1e-3, window=100).over_batches(1)
    found = stops(criterion, noisy_losses(rng, 60_000))
    assert found is not None
    assert found > 10_000


def test_noise_that_adds_up_to_nothing_in_an_epoch_does_not_keep_a_fit():
    rng = np.random.default_rng(2)
    hist = noisy_losses(rng, 4000, epoch=50)
    criterion = RelativeChange(1e-3, window=100)
    assert stops(criterion.over_batches(50), hist) is not None
    assert stops(criterion.over_batches(1), hist) is None


def test_criteria_look_at_whole_epochs():
    assert RelativeChange(window=100).over_batches(70).window == 140
    assert ParameterChange(interval=1000).over_batches(3).interval == 1002
    assert RelativeChange(window=100).over_batches(70).over_batches(90).window == 180
