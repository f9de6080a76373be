"""Bridge sampling between densities whose integrals are known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from scipy.optimize import brentq
from scipy.signal import lfilter
from scipy.special import logsumexp

from aliquot.diagnostics.statistics import effective_size
from aliquot.evidence.bridge import bridge
from tests.evidence.honest import honest

# p is exp(3) times the density of N(0, 1).
EXACT = 3.0
P, Q = stats.norm(0, 1), stats.norm(0.5, 1.5)


def log_ratio(x: np.ndarray) -> np.ndarray:
    return np.asarray(EXACT + P.logpdf(x) - Q.logpdf(x))


def test_errors_are_honest_with_independent_draws(rng: np.random.Generator) -> None:
    deviations = []
    for _ in range(400):
        found = bridge(
            log_ratio(rng.normal(size=600)), log_ratio(Q.rvs(400, random_state=rng)), 600
        )
        assert found.converged
        deviations.append((found.value - EXACT) / found.error(600))
    honest(deviations)


def test_errors_are_honest_with_autocorrelated_draws(rng: np.random.Generator) -> None:
    rho, deviations = 0.8, []
    for _ in range(200):
        noise = rng.normal(size=(4, 500)) * np.sqrt(1 - rho**2)
        noise[:, 0] = rng.normal(size=4)
        draws = lfilter([1.0], [1.0, -rho], noise, axis=1)
        at_draws = log_ratio(draws)
        worth = float(effective_size(at_draws[None])[0])
        found = bridge(at_draws.ravel(), log_ratio(Q.rvs(2000, random_state=rng)), worth)
        own = float(effective_size(found.of_draws.reshape(1, 4, 500))[0])
        deviations.append((found.value - EXACT) / found.error(own))
    honest(deviations)


def test_the_value_is_the_root_of_the_optimal_bridge_s_equation(rng: np.random.Generator) -> None:
    """Geyer's reverse logistic regression: as many proposals are taken for draws as draws are."""
    at_draws, at_proposals = (
        log_ratio(rng.normal(size=300)),
        log_ratio(Q.rvs(700, random_state=rng)),
    )

    def surplus(value: float) -> float:
        def chance(log_ratio: np.ndarray) -> np.ndarray:
            return np.asarray(1 / (1 + np.exp(np.log(700 / 300) + value - log_ratio)))

        return float(chance(at_draws).sum() + chance(at_proposals).sum() - 300)

    root = brentq(surplus, -10, 20, xtol=1e-12)
    assert abs(bridge(at_draws, at_proposals, 300).value - root) < 1e-7


def test_what_is_zero_for_part_of_the_proposal_is_counted(rng: np.random.Generator) -> None:
    """Half of a normal: half of the integral."""
    deviations = []
    for _ in range(200):
        proposals = Q.rvs(500, random_state=rng)
        outside = np.where(proposals > 0, log_ratio(proposals), -np.inf)
        found = bridge(log_ratio(np.abs(rng.normal(size=500))), outside, 500)
        deviations.append((found.value - EXACT + np.log(2)) / found.error(500))
    honest(deviations)


@pytest.mark.parametrize("shift", [-1e5, 1e5])
def test_logs_may_be_of_any_size(shift: float, rng: np.random.Generator) -> None:
    at_draws, at_proposals = (
        log_ratio(rng.normal(size=300)),
        log_ratio(Q.rvs(300, random_state=rng)),
    )
    near = bridge(at_draws, at_proposals, 300)
    far = bridge(at_draws + shift, at_proposals + shift, 300)
    assert abs(far.value - near.value - shift) < 1e-7
    assert abs(far.error(300) / near.error(300) - 1) < 1e-6


def test_equal_densities_have_no_error() -> None:
    found = bridge(np.full(50, 2.0), np.full(80, 2.0), 50)
    assert found.converged and abs(found.value - 2) < 1e-12 and found.error(50) < 1e-12


def test_without_overlap_nothing_is_claimed(rng: np.random.Generator) -> None:
    """60 standard deviations apart: the error is far above a tenth, or the end is not reached."""

    def apart(x: np.ndarray) -> np.ndarray:
        return np.asarray(stats.norm.logpdf(x) - stats.norm.logpdf(x, 60, 1))

    found = bridge(apart(rng.normal(size=500)), apart(rng.normal(60, 1, size=500)), 500)
    assert not found.converged or not found.error(500) < 0.5


def test_where_no_proposal_is_inside_there_is_no_value(rng: np.random.Generator) -> None:
    found = bridge(log_ratio(rng.normal(size=50)), np.full(50, -np.inf), 50)
    assert found.value == -np.inf and not found.converged and np.isnan(found.error(50))


def test_functions_are_in_units_of_their_means(rng: np.random.Generator) -> None:
    at_draws, at_proposals = (
        log_ratio(rng.normal(size=300)),
        log_ratio(Q.rvs(300, random_state=rng)),
    )
    found = bridge(at_draws, at_proposals, 300)
    assert abs(found.of_draws.mean() - 1) < 1e-9 and abs(found.of_proposals.mean() - 1) < 1e-9
    # The identity itself, with the bridge 1 / (p / r + q) of equal numbers.
    own = -np.logaddexp(at_draws, found.value)
    others = at_proposals - np.logaddexp(at_proposals, found.value)
    assert abs(logsumexp(others) - logsumexp(own) - found.value) < 1e-7
