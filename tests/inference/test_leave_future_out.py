"""Leave-future-out, against predictions in closed form and by quadrature."""

from __future__ import annotations

from typing import Any

import arviz as az
import numpy as np
import pytest
from scipy import stats
from scipy.special import logsumexp

import aliquot as aq

QUICK = {"tune": 300, "compute_convergence_checks": False}


def chain_model(y: np.ndarray) -> aq.Model:
    with aq.Model() as model:
        stay = aq.Beta("stay", 4, 2)
        rows = aq.math.stack([stay, 1 - stay])
        z = aq.MarkovChain("z", aq.math.stack([rows, rows[::-1]]), init=[0.5, 0.5], steps=len(y))
        aq.Normal("y", aq.constant([-1.0, 1.0])[z], 1, observed=y)
    return model


def predictions(y: np.ndarray) -> np.ndarray:
    """Compute the log of p(y_t | y before t) of that model, by quadrature over its one unknown."""
    stay = (np.arange(2000) + 0.5) / 2000
    log_weight = stats.beta.logpdf(stay, 4, 2)
    state = np.full((2000, 2), 0.5)
    result = []
    for value in y:
        seen = stats.norm.pdf(value, [-1, 1], 1)
        step = np.log(state @ seen)
        result.append(logsumexp(log_weight + step) - logsumexp(log_weight))
        log_weight = log_weight + step
        state = state * seen / np.exp(step)[:, None]
        state = stay[:, None] * state + (1 - stay[:, None]) * state[:, ::-1]
    return np.array(result)


@pytest.mark.slow
def test_a_hidden_chain_by_quadrature() -> None:
    y = np.random.default_rng(11).normal(np.repeat([-1.0, 1.0, -1.0], 5), 1)
    with chain_model(y):
        trace = aq.sample(500, chains=2, random_seed=2, progressbar=False, **QUICK)
        found = aq.leave_future_out(trace, first=8, **QUICK)
    want = predictions(y)[8:]
    assert found.kind == "lfo_cv" and found.elpd_i.dims == ("time",)
    assert found.elpd_i["time"].values.tolist() == list(range(8, 15))
    # The density of a step depends on the unknown by half of its value at most (one standard
    # deviation); a hundred effective draws at the least make .05 of its log, and z is 6.
    np.testing.assert_allclose(found.elpd_i, want, atol=0.3)
    np.testing.assert_allclose(found.elpd, found.elpd_i.sum(), rtol=1e-12)


def test_a_drifting_walk_with_a_refit_at_each_step() -> None:
    """Of a walk with an unknown drift the next steps are normal, given those before."""
    walk = np.cumsum(np.random.default_rng(3).normal(0.4, 1, 9))
    with aq.Model():
        drift = aq.Normal("drift", 0, 1)
        aq.GaussianRandomWalk("y", drift, 1, init_dist=aq.Normal.dist(0, 1), observed=walk)
        trace = aq.sample(500, chains=2, random_seed=2, progressbar=False, **QUICK)
        found = aq.leave_future_out(trace, first=6, steps_ahead=2, k_threshold=-np.inf, **QUICK)
    steps = np.diff(walk)

    def next_step(t: int) -> float:
        variance = 1 / (1 + t)
        mean = variance * steps[:t].sum()
        return float(stats.norm.logpdf(steps[t], mean, np.sqrt(1 + variance)))

    want = [next_step(5) + next_step(6), next_step(6) + next_step(7)]
    assert found.refits.tolist() == [6, 7] and found.pareto_k is None
    assert "2-step-ahead" in str(found)
    # The density varies by about its mean at most, and a thousand draws are worth hundreds: .06
    # for one standard error.
    np.testing.assert_allclose(found.elpd_i, want, atol=0.3)
    assert az.compare({"one": found, "other": found}).shape[0] == 2


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"first": 0}, "first must be a whole number of at least 1; got 0"),
        ({"first": 2.5}, "first must be a whole number"),
        ({"first": 8}, "8 steps .* first=8 none is left 1 ahead"),
        ({"first": 6, "steps_ahead": 3}, "none is left 3 ahead"),
        ({"first": 4, "steps_ahead": 0}, "steps_ahead must be a whole number"),
        ({"first": 4, "k_threshold": "low"}, "k_threshold must be a number"),
        ({"first": 4, "dim": "day"}, "no observed variable has the dim 'day'"),
    ],
)
def test_what_leaves_nothing_to_predict_is_refused(options: Any, said: str) -> None:
    with aq.Model():
        mu = aq.Normal("mu", 0, 1)
        aq.Normal("y", mu, 1, observed=np.zeros(8))
        trace = aq.sample(20, chains=2, random_seed=2, progressbar=False, **QUICK)
        with pytest.raises(aq.ModelError, match=said):
            aq.leave_future_out(trace, **options)
        with pytest.raises(TypeError, match=r"leave_future_out\(\) takes no argument 'seeds'"):
            aq.leave_future_out(trace, first=3, seeds=1)
