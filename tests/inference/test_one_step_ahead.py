"""One-step-ahead densities, against enumeration and closed forms; which of two ways they go."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from scipy import stats

import aliquot as aq
from aliquot.density import ahead
from aliquot.results import build_tree
from tests.marginal.agreement import fixed_trace, points_of
from tests.marginal.brute import Brute
from tests.marginal.models import CASES


def trace_of(**values: Any) -> Any:
    return build_tree(posterior={name: np.asarray(v)[None] for name, v in values.items()})


@pytest.fixture
def ways(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """List whether programs go by the filter, one after the other."""
    taken: list[bool] = []
    inner = ahead._over_draws

    def over_draws(*args: Any, filtered: bool) -> Any:
        taken.append(filtered)
        return inner(*args, filtered=filtered)

    monkeypatch.setattr(ahead, "_over_draws", over_draws)
    return taken


def read_backwards() -> aq.Model:
    """Write a chain of which the first observation is of its last state."""
    with aq.Model() as model:
        P = aq.Dirichlet("P", np.ones((2, 2)))
        z = aq.MarkovChain("z", P, init=[0.3, 0.7], steps=9)
        mu = aq.Normal("mu", 0, 2, shape=2)
        aq.Normal("obs", mu[z[::-1]], 1, observed=np.linspace(-2, 3, 9))
    return model


@pytest.mark.parametrize(
    ("build", "filtered"),
    [
        (CASES["gaussian_chain"].build, True),
        (CASES["lag_two"].build, False),
        (read_backwards, False),
        (CASES["through_an_index_with_ragged_groups"].build, False),
    ],
    ids=["chain", "lag_two", "read_backwards", "groups"],
)
def test_differences_of_what_enumeration_gives(
    build: Any, filtered: bool, ways: list[bool]
) -> None:
    """The filter is taken where it is right, and nowhere else."""
    model = build()
    brute = Brute(model)
    (variable,) = model.observed
    points = points_of(brute)
    found = aq.one_step_ahead(fixed_trace(model, brute, points), model)
    steps = len(variable.observed.value_now())
    assert found.dims[:2] == ("chain", "draw") and found.shape == (len(points), 1, steps)
    for number, flat in enumerate(points):
        point = brute.at(flat, gradient=False)
        totals = [point.without({variable.name: np.arange(steps) >= t})[1] for t in range(steps)]
        want = np.diff([*totals, point.log_density])
        np.testing.assert_allclose(found.values[number, 0], want, rtol=1e-9, atol=1e-11)
    assert ways[-1] == filtered


def test_what_is_seen_at_a_time_is_predicted_together(rng: np.random.Generator) -> None:
    """Several series of a hidden Markov model, another variable, and a time without data."""
    P, init = np.array([[0.9, 0.1], [0.3, 0.7]]), np.array([0.4, 0.6])
    x, count = rng.normal(size=(3, 5)), rng.poisson(2, 5).astype(float)
    x[:, 2] = count[2] = x[1, 3] = np.nan
    coords = {"series": list("abc"), "day": [3, 5, 7, 9, 11]}
    with warnings.catch_warnings(), aq.Model(coords=coords) as model:
        warnings.simplefilter("ignore", aq.ImputationWarning)
        mu = aq.Normal("mu", 0, 1, shape=2)
        z = aq.MarkovChain("z", P, init=init, dims=("series", "day"))
        aq.Normal("x", mu[z], 1, dims=("series", "day"), observed=x)
        aq.Poisson("count", aq.math.exp(mu[0]), dims="day", observed=count)
        aq.Normal("before", mu[1], 1, observed=[0.3, 0.4])
    draws = rng.normal(size=(4, 2))
    found = aq.one_step_ahead(trace_of(mu=draws), model, dim="day")
    assert found["day"].values.tolist() == [3, 5, 9, 11]
    want = np.zeros((4, 5))
    for d, means in enumerate(draws):
        want[d] = np.nan_to_num(stats.poisson.logpmf(count, np.exp(means[0])))
        for row in x:
            state = init
            for t, value in enumerate(row):
                seen = np.exp(np.nan_to_num(stats.norm.logpdf(value, means, 1)))
                want[d, t] += np.log(state @ seen)
                state = (state * seen / (state @ seen)) @ P
    np.testing.assert_allclose(found.values[0], want[:, [0, 1, 3, 4]], rtol=1e-10)


def test_series_with_normal_innovations(rng: np.random.Generator) -> None:
    """A random walk, an autoregressive series and a walk of vectors: normal given the past."""
    walk, series, vectors = rng.normal(size=6), rng.normal(size=6), rng.normal(size=(6, 2))
    with aq.Model() as model:
        s = aq.HalfNormal("s", 1)
        rho = aq.Normal("rho", 0, 1, shape=2)
        start = aq.Normal.dist(0, 2)
        aq.GaussianRandomWalk("walk", 0.1, s, init_dist=start, observed=walk)
        aq.AR("series", rho, s, init_dist=start, observed=series)
        aq.MvGaussianRandomWalk(
            "vectors", 0, cov=np.eye(2), init_dist=aq.MvNormal.dist(np.zeros(2), cov=np.eye(2)),
            observed=vectors,
        )  # fmt: skip
    draws = {"s": rng.gamma(2, 1, 3), "rho": rng.normal(size=(3, 2))}
    trace = trace_of(**draws)
    found = aq.one_step_ahead(trace, model).values[0]
    for d, (scale, (one, two)) in enumerate(zip(draws["s"], draws["rho"], strict=True)):
        want = stats.norm.logpdf(np.diff(walk, prepend=0.0), 0.1, scale)
        want[0] = stats.norm.logpdf(walk[0], 0, 2)
        want[1] += stats.norm.logpdf(series[:2], 0, 2).sum()
        want[2:] += stats.norm.logpdf(series[2:], one * series[1:-1] + two * series[:-2], scale)
        want += stats.norm.logpdf(np.diff(vectors, axis=0, prepend=0.0)).sum(-1)
        np.testing.assert_allclose(found[d], want, rtol=1e-10)
    every = aq.compute_log_likelihood(trace, model).log_likelihood
    total = sum(every[name].values[0] for name in ("walk", "series", "vectors"))
    np.testing.assert_allclose(found.sum(axis=1), total, rtol=1e-10)


def test_what_has_no_steps_is_refused_by_name() -> None:
    with aq.Model() as model:
        x = aq.Normal("x", 0, 1)
        aq.Normal("y", x, 1, observed=np.zeros((2, 3)))
    trace = trace_of(x=np.zeros(2))
    with pytest.raises(aq.ModelError, match=r"'y' has observations of shape \(2, 3\): name their"):
        aq.one_step_ahead(trace, model)
    with pytest.raises(aq.ModelError, match="no observed variable has the dim 'day'"):
        aq.one_step_ahead(trace, model, dim="day")
    with aq.Model() as model:
        x = aq.Normal("x", 0, 1)
        aq.Normal("y", x, 1, observed=np.zeros(3))
        aq.Normal("w", x, 1, observed=np.zeros(2))
    with pytest.raises(aq.ModelError, match="different numbers of steps \\('y' 3, 'w' 2\\)"):
        aq.one_step_ahead(trace, model)
    with aq.Model() as model:
        x = aq.Beta("x", 1, 1)
        aq.MarkovChain("y", [[0.5, 0.5], [0.5, 0.5]], init=[0.5, 0.5], observed=[0, 1, 1])
    with pytest.raises(aq.ModelError, match="'y' is one MarkovChain over all times"):
        aq.one_step_ahead(trace_of(x=np.full(2, 0.5)), model)
    with warnings.catch_warnings(), aq.Model() as model:
        warnings.simplefilter("ignore", aq.ImputationWarning)
        x = aq.HalfNormal("x", 1)
        aq.GaussianRandomWalk("y", sigma=x, observed=[0.1, np.nan, 0.3])
    with pytest.raises(aq.ModelError, match="'y' is a GaussianRandomWalk with missing values"):
        aq.one_step_ahead(trace_of(x=np.ones(2)), model)
