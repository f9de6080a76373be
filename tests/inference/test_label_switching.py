"""Label switching from end to end: said before, told from other failures after, and mended."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest

import aliquot as aq
from aliquot.demo.quadrature import exact_posterior
from aliquot.diagnostics.statistics import rhat

QUIET = {"progressbar": False, "compute_convergence_checks": False}


def worst_rhat(trace, name):
    return float(np.max(rhat(np.moveaxis(trace.posterior[name].values, (0, 1), (-2, -1)))))


def separated():
    rng = np.random.default_rng(1)
    data = np.concatenate([rng.normal(-5, 1, 100), rng.normal(5, 1, 100)])
    with aq.Model() as model:
        w = aq.Dirichlet("w", np.ones(2))
        means = aq.Normal("means", 0, 10, shape=2)
        z = aq.Categorical("z", p=w, shape=200)
        aq.Normal("obs", means[z], 1, observed=data)
    return model


@pytest.fixture(scope="module")
def apart():
    """Four chains of well separated components, and what was said of them."""
    model = separated()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        trace = aq.sample(500, tune=500, chains=4, random_seed=0, progressbar=False, model=model)
    said = [str(w.message) for w in caught if issubclass(w.category, aq.AliquotWarning)]
    return model, trace, said


@pytest.mark.slow
def test_switched_across_chains_is_all_that_is_said(apart):
    _, trace, said = apart
    assert worst_rhat(trace, "means") > 1.1
    assert len(said) == 1
    assert "The labels of w and means switched across chains" in said[0]
    assert "Nothing else is wrong" in said[0]
    assert all(cure in said[0] for cure in ("aq.relabel", "permute", "ordered"))
    found = aq.check(trace)
    assert not found.ok
    assert {r.kind for r in found.records if r.cause is None} == {"label_switching"}
    assert found.facts["label_free_rhat"] < 1.01


@pytest.mark.slow
@pytest.mark.parametrize("method", ["ecr", "stephens", "pivot"])
def test_every_method_mends_it(apart, method):
    model, trace, _ = apart
    with warnings.catch_warnings():
        warnings.simplefilter("error", aq.AliquotWarning)
        relabelled = aq.relabel(trace, model, method=method)
    assert worst_rhat(relabelled, "means") < 1.01
    assert worst_rhat(relabelled, "w") < 1.01
    low, high = relabelled.posterior["means"].mean(("chain", "draw")).values
    assert low < -4 < 4 < high
    assert float(relabelled.relabelling[next(iter(relabelled.relabelling.data_vars))].min()) >= 0


def kinds(trace):
    return {record.kind for record in aq.check(trace).records}


@pytest.mark.slow
def test_other_modes_are_not_called_switched_labels():
    """Three clusters and two components: either outer pair can share one, and chains disagree."""
    data = np.concatenate([np.full(20, x) for x in (-20.0, 0.0, 26.0)])
    data += np.random.default_rng(3).normal(0, 1, 60)
    with aq.Model() as model:
        means = aq.Normal("means", 0, 20, shape=2)
        aq.NormalMixture("obs", w=[0.5, 0.5], mu=means, sigma=1, observed=data)
        starts = [{"means": [-20.0, 13.0]}, {"means": [-10.0, 26.0]}]
        trace = aq.sample(
            300, tune=300, chains=2, initvals=starts, init="adapt_diag", random_seed=1, **QUIET
        )
    assert model.symmetries().modes == 2
    assert "label_switching" not in kinds(trace)
    assert "chains_apart" in kinds(trace)
    trace = trace.drop_nodes("sample_stats")  # without the log density it is not known
    assert "label_switching" not in kinds(trace)
    assert "not label switching" in " ".join(aq.check(trace).messages.values())


@pytest.mark.slow
def test_a_funnel_is_not_called_switched_labels():
    with aq.Model():
        v = aq.Normal("v", 0, 3)
        aq.Normal("x", 0, np.exp(v / 2), shape=9)
        trace = aq.sample(300, tune=300, chains=2, random_seed=1, **QUIET)
    found = kinds(trace)
    assert found & {"rhat", "ess_bulk", "divergences", "bfmi"}
    assert "label_switching" not in found


@pytest.mark.slow
def test_relabelled_draws_are_the_ordered_posterior_where_components_separate():
    """At means three standard deviations apart no permuted mode reaches over the diagonal."""
    rng = np.random.default_rng(4)
    data = rng.normal(np.array([-1.5, 1.5])[rng.integers(0, 2, 100)], 1.0)
    exact = exact_posterior(data).ordered
    with aq.Model() as model:
        means = aq.Normal("means", 0, 10, shape=2)
        aq.NormalMixture("obs", w=[0.5, 0.5], mu=means, sigma=1, observed=data)
        trace = aq.sample(4_000, tune=1_000, chains=2, random_seed=2, **QUIET)
    from arviz_stats.base.array import array_stats

    for method in ("ecr", "stephens", "pivot"):
        draws = aq.relabel(trace, model, method=method).posterior["means"].values
        for k in range(2):
            mcse = float(array_stats.mcse(draws[..., k], method="mean"))
            assert abs(draws[..., k].mean() - exact.mean[k]) < 4 * mcse
            mcse = float(array_stats.mcse(draws[..., k], method="sd"))
            assert abs(draws[..., k].std() - exact.sd[k]) < 4 * mcse


def galaxies(size):
    root = Path(__file__).parents[2]
    velocity = np.loadtxt(root / "docs/data/galaxies.csv", delimiter=",", skiprows=1, usecols=1)
    with aq.Model() as model:
        w = aq.Dirichlet("w", 4 * np.ones(size))
        means = aq.Normal("means", 20, 10, shape=size)
        sigma = aq.LogNormal("sigma", 0, 0.5)
        z = aq.Categorical("z", p=w, shape=len(velocity))
        aq.Normal("velocity", means[z], sigma, observed=velocity / 1000)
    return model


@pytest.mark.slow
def test_relabelled_summaries_of_the_galaxies_do_not_depend_on_the_seed():
    from arviz_stats.base.array import array_stats

    model = galaxies(4)
    found: dict[str, list[tuple[np.ndarray, np.ndarray]]] = {}
    for seed in (1, 2):
        trace = aq.sample(500, tune=500, chains=4, random_seed=seed, model=model, **QUIET)
        for method in ("ecr", "stephens", "pivot"):
            relabelled = aq.relabel(trace, model, method=method)
            draws = relabelled.posterior["means"].values
            mcse = [float(array_stats.mcse(draws[..., k], method="mean")) for k in range(4)]
            found.setdefault(method, []).append((draws.mean((0, 1)), np.array(mcse)))
    for (one, error), (other, other_error) in found.values():
        assert (np.diff(one) > 0).all()
        assert (np.abs(one - other) < 5 * np.hypot(error, other_error)).all()
