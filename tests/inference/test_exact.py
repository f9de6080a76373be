"""Models of nothing but discrete variables: draws are exact and independent."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats

import aliquot as aq

FAILURE = 1e-6
P_RAIN, P_ON = 0.2, np.array([0.4, 0.01])
P_WET = np.array([[0.0, 0.8], [0.9, 0.99]])


def sprinkler() -> aq.Model:
    """Rain, a sprinkler that depends on it, and grass that was seen to be wet."""
    with aq.Model() as model:
        on_if = aq.Data("on_if", P_ON)
        wet_if = aq.Data("wet_if", P_WET)
        rain = aq.Bernoulli("rain", P_RAIN)
        on = aq.Bernoulli("on", on_if[rain])
        aq.Deterministic("why", 2 * on + rain)
        aq.Bernoulli("wet", wet_if[on, rain], observed=1)
    return model


def joint() -> np.ndarray:
    """p(on, rain | wet)."""
    rain = np.array([1 - P_RAIN, P_RAIN])
    on = np.stack([1 - P_ON, P_ON])
    table = rain * on * P_WET
    return np.asarray(table / table.sum())


@pytest.fixture(scope="module")
def model() -> aq.Model:
    return sprinkler()


@pytest.fixture(scope="module")
def trace(model: aq.Model) -> Any:
    return aq.sample(1500, chains=4, random_seed=1, model=model, progressbar=False)


def test_draws_have_the_joint_frequencies(trace: Any) -> None:
    on, rain = (trace.posterior[name].values.ravel() for name in ("on", "rain"))
    counts = np.bincount(2 * on + rain, minlength=4)
    assert counts[0] == 0  # neither: then it is dry
    assert stats.chisquare(counts[1:], 6000 * joint().ravel()[1:]).pvalue > FAILURE
    np.testing.assert_array_equal(trace.posterior["why"].values.ravel(), 2 * on + rain)


def test_draws_are_independent_within_and_between_chains(trace: Any) -> None:
    rain = trace.posterior["rain"].values.astype(float)
    rain = (rain - rain.mean()) / rain.std()
    # Correlations of independent draws have sd 1 / sqrt(n).
    assert abs((rain[:, 1:] * rain[:, :-1]).mean()) < 5 / np.sqrt(4 * 1499)
    assert abs((rain[0] * rain[1]).mean()) < 5 / np.sqrt(1500)


def test_the_tree_is_as_from_sampling(trace: Any, model: aq.Model) -> None:
    import arviz as az

    assert trace.posterior.sizes == {"chain": 4, "draw": 1500}
    evidence = np.log((np.array([1 - P_RAIN, P_RAIN]) * np.stack([1 - P_ON, P_ON]) * P_WET).sum())
    np.testing.assert_allclose(trace.sample_stats["lp"], evidence, rtol=1e-12)
    assert trace.attrs["sampler"] == "exact" and trace.attrs["tuning_steps"] == 0
    assert int(trace.observed_data["wet"]) == 1
    summary = az.summary(trace, round_to="none")
    assert set(summary.index) == {"rain", "on", "why"}
    assert abs(float(summary.loc["rain", "mean"]) - joint()[:, 1].sum()) < 5 * 0.5 / np.sqrt(6000)
    assert abs(float(summary.loc["rain", "r_hat"]) - 1) < 0.01


def test_seeds(model: aq.Model, trace: Any) -> None:
    again = aq.sample(1500, chains=4, random_seed=1, model=model, progressbar=False)
    assert (
        again.posterior.to_dataset().drop_attrs().equals(trace.posterior.to_dataset().drop_attrs())
    )
    other = aq.sample(1500, chains=4, random_seed=2, model=model, progressbar=False)
    assert not np.array_equal(other.posterior["rain"], trace.posterior["rain"])


def test_recovering_gives_probabilities(model: aq.Model, trace: Any) -> None:
    tree = aq.recover(trace, model, kind=("probabilities", "most_probable"), thin=500)
    p = tree.state_probabilities["rain"]
    assert p.shape == (4, 3, 2)
    np.testing.assert_allclose(p[..., 1], joint()[:, 1].sum(), rtol=0, atol=1e-13)
    best = np.unravel_index(joint().argmax(), (2, 2))
    assert np.all(tree.most_probable["on"] == best[0])
    assert np.all(tree.most_probable["rain"] == best[1])


def test_predictions_and_likelihood(model: aq.Model, trace: Any) -> None:
    predicted = aq.sample_posterior_predictive(trace, model=model, random_seed=1)
    wet = predicted.posterior_predictive["wet"].values.ravel()
    on, rain = (trace.posterior[name].values.ravel() for name in ("on", "rain"))
    for a, b in [(0, 1), (1, 0), (1, 1)]:
        here = wet[(on == a) & (rain == b)]
        assert stats.binomtest(int(here.sum()), len(here), P_WET[a, b]).pvalue > FAILURE
    tree = aq.compute_log_likelihood(trace, model=model)
    np.testing.assert_allclose(tree.log_likelihood["wet"], trace.sample_stats["lp"], rtol=1e-12)
