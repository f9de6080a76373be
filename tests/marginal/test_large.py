"""Models beyond enumeration against recursions that are written out by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats

import aliquot as aq
from aliquot.results import build_tree
from tests.marginal.agreement import against_recursion, assert_close
from tests.marginal.recursions import LARGE, SERIES, STEPS, Large


@pytest.mark.parametrize("case", LARGE, ids=[case.name for case in LARGE])
def test_density_and_gradient_are_those_of_the_recursion(case: Large) -> None:
    for what, found, expected in against_recursion(case, 2, seed=1):
        assert_close(found, expected, what)


# A chain of three states with everything known: what comes back.
P = np.array([[0.90, 0.10, 0.00], [0.05, 0.90, 0.05], [0.00, 0.20, 0.80]])
INIT = np.array([0.2, 0.3, 0.5])
MEANS = np.array([-2.0, 0.0, 2.0])


def known_chain() -> tuple[aq.Model, Any]:
    with aq.Model() as model:
        mu = aq.Normal("mu", 0, 1, shape=3)
        z = aq.MarkovChain("z", P=P, init=INIT, steps=STEPS)
        aq.Normal("obs", mu[z], 1.0, observed=SERIES)
    return model, stats.norm(MEANS, 1).pdf(SERIES[:, None])


def trace_of(draws: int) -> Any:
    return build_tree(posterior={"mu": np.broadcast_to(MEANS, (1, draws, 3))})


def smoothed(emission: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities of states (steps, 3) and of moves (steps - 1, 3, 3): forward and backward."""
    forward, backward = np.empty((STEPS, 3)), np.ones((STEPS, 3))
    forward[0] = INIT * emission[0] / (INIT * emission[0]).sum()
    for t in range(1, STEPS):
        forward[t] = forward[t - 1] @ P * emission[t]
        forward[t] /= forward[t].sum()
    for t in range(STEPS - 2, -1, -1):
        backward[t] = P @ (emission[t + 1] * backward[t + 1])
        backward[t] /= backward[t].sum()
    states = forward * backward
    moves = forward[:-1, :, None] * P * (emission * backward)[1:, None, :]
    return (
        states / states.sum(1, keepdims=True),
        moves / moves.sum((1, 2), keepdims=True),
    )


def best_path(emission: np.ndarray) -> np.ndarray:
    """The most probable path (Viterbi)."""
    with np.errstate(divide="ignore"):
        table, score = np.log(P), np.log(INIT) + np.log(emission[0])
    pointers = []
    for t in range(1, STEPS):
        candidates = score[:, None] + table
        pointers.append(candidates.argmax(0))
        score = candidates.max(0) + np.log(emission[t])
    path = [int(score.argmax())]
    for pointer in reversed(pointers):
        path.append(int(pointer[path[-1]]))
    return np.array(path[::-1])


def test_a_long_chain_comes_back() -> None:
    model, emission = known_chain()
    states, moves = smoothed(emission)
    tree = aq.recover(trace_of(1), model, kind=("probabilities", "most_probable"))
    found = np.asarray(tree.state_probabilities["z"])[0, 0]
    np.testing.assert_allclose(found, states, rtol=0, atol=1e-11)
    np.testing.assert_array_equal(np.asarray(tree.most_probable["z"])[0, 0], best_path(emission))
    draws = 2000
    drawn = aq.recover(trace_of(draws), model, kind="draws", random_seed=3)
    z = np.asarray(drawn.posterior["z"])[0]
    # Each count is binomial; all of them together fail once in 100,000 runs at most.
    pairs = z[:, :-1] * 3 + z[:, 1:]
    for seen, law in (
        (z[..., None] == np.arange(3), states),
        (pairs[..., None] == np.arange(9), moves.reshape(-1, 9)),
    ):
        counts = seen.sum(0)
        tail = np.minimum(
            stats.binom.cdf(counts, draws, law), stats.binom.sf(counts - 1, draws, law)
        )
        assert tail.min() > 1e-5 / (4 * law.size)
    # The number of changes ties the whole path together: each pair of steps may be right, and yet
    # the path not.
    changes = (z[:, 1:] != z[:, :-1]).sum(1)
    assert_changes(changes, emission)


def assert_changes(changes: np.ndarray, emission: np.ndarray) -> None:
    """Compare with paths that are drawn in NumPy, going forward from what comes after."""
    rng = np.random.default_rng(4)
    backward = np.ones((STEPS, 3))
    for t in range(STEPS - 2, -1, -1):
        backward[t] = P @ (emission[t + 1] * backward[t + 1])
        backward[t] /= backward[t].sum()
    weights = INIT * emission[0] * backward[0]
    z = rng.choice(3, size=len(changes), p=weights / weights.sum())
    count = np.zeros(len(changes), int)
    for t in range(1, STEPS):
        weights = P * (emission[t] * backward[t])
        cumulative = np.cumsum(weights / weights.sum(1, keepdims=True), axis=1)
        after = (rng.random(len(z))[:, None] > cumulative[z, :-1]).sum(1)
        count += after != z
        z = after
    # Two samples: means and variances within 5 standard errors, of which normal draws leave 6e-7.
    error = np.hypot(changes.std(), count.std()) / np.sqrt(len(count))
    assert abs(changes.mean() - count.mean()) < 5 * error
    assert abs(np.log(changes.var() / count.var())) < 5 * np.sqrt(4 / len(count))


def test_shares_of_many_rows_come_back() -> None:
    y = np.random.default_rng(2).normal(size=2000) * 2
    with aq.Model() as model:
        mu = aq.Normal("mu", 0, 1, shape=3)
        z = aq.Categorical("z", p=INIT, shape=2000)
        aq.Normal("obs", mu[z[::-1]], 1, observed=y)
    weights = INIT * stats.norm(MEANS, 1).pdf(y[::-1, None])
    law = weights / weights.sum(1, keepdims=True)
    tree = aq.recover(trace_of(1), model, kind=("probabilities", "most_probable"))
    np.testing.assert_allclose(tree.state_probabilities["z"][0, 0], law, rtol=0, atol=1e-12)
    np.testing.assert_array_equal(tree.most_probable["z"][0, 0], law.argmax(1))
