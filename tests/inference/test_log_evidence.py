"""The evidence of models of which it is known: closed forms, enumeration, quadrature."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from scipy import stats
from scipy.special import betaln, gammaln

import aliquot as aq
from aliquot.errors import AliquotWarning, ConvergenceWarning, ModelError
from aliquot.results import build_tree
from tests.evidence.honest import honest
from tests.inference import enumerated
from tests.inference.known_evidence import (
    EXACT,
    MOST,
    POSTERIOR_MEAN,
    POSTERIOR_SD,
    QUADRATURE,
    TRACE,
    deviation,
    exact_draws,
    one_mean,
    two_means,
)

# One mean, in closed form ---------------------------------------------------------------------


@pytest.fixture(scope="module")
def normal() -> aq.Model:
    return one_mean()


def test_the_error_is_honest(normal: aq.Model, rng: np.random.Generator) -> None:
    deviations = []
    for number in range(40):
        trace = exact_draws(rng, rho=0.7)
        found = aq.log_evidence(trace, normal, random_seed=number)
        deviations.append((found.value - EXACT) / found.error)
    honest(deviations)


def test_one_chain_will_do(normal: aq.Model, rng: np.random.Generator) -> None:
    found = aq.log_evidence(exact_draws(rng, chains=1, draws=1000), normal, random_seed=1)
    assert deviation(found, EXACT) < MOST
    assert found.method == "bridge" and found.images == 1


def test_the_same_seed_gives_the_same_number(normal: aq.Model, rng: np.random.Generator) -> None:
    trace = exact_draws(rng)
    with normal:
        one, again, other = (aq.log_evidence(trace, random_seed=seed) for seed in (1, 1, 2))
    assert one == again and one.value != other.value


def test_a_beta_binomial(rng: np.random.Generator) -> None:
    with aq.Model() as model:
        p = aq.Beta("p", 2, 3)
        aq.Binomial("y", 10, p, observed=7)
    exact = gammaln(11) - gammaln(8) - gammaln(4) + betaln(9, 6) - betaln(2, 3)
    trace = build_tree(posterior={"p": rng.beta(9, 6, (4, 500))})
    assert deviation(aq.log_evidence(trace, model, random_seed=1), exact) < MOST


def test_draws_of_other_data_are_found_out(normal: aq.Model, rng: np.random.Generator) -> None:
    """A trace that does not say which data it was drawn from; nearly a posterior width away."""
    mu = POSTERIOR_MEAN + POSTERIOR_SD * (0.8 + rng.normal(size=(4, 900)))
    with pytest.warns(ConvergenceWarning, match="Are the draws those of this model"):
        found = aq.log_evidence(build_tree(posterior={"mu": mu}), normal, random_seed=1)
    assert not found.good


def test_chains_in_different_places_are_found_out(
    normal: aq.Model, rng: np.random.Generator
) -> None:
    mu = POSTERIOR_MEAN + POSTERIOR_SD * (
        rng.normal(size=(4, 300)) + np.array([[-3], [0], [0], [3]])
    )
    with pytest.warns(ConvergenceWarning, match="chains disagree"):
        assert not aq.log_evidence(build_tree(posterior={"mu": mu}), normal).good


# Two close Gaussians, by quadrature -----------------------------------------------------------


@pytest.fixture(scope="module")
def free() -> aq.Model:
    return two_means()


@pytest.fixture(scope="module")
def drawn(free: aq.Model) -> Any:
    return aq.sample(model=free, **TRACE)


def test_the_reports_number() -> None:
    assert abs(QUADRATURE - -180.50878) < 1e-5


def test_draws_of_a_free_model(free: aq.Model, drawn: Any) -> None:
    found = aq.log_evidence(drawn, free, random_seed=1)
    assert deviation(found, QUADRATURE) < MOST
    assert found.images == 2 and found.second is not None and found.pareto_k is not None
    assert abs(found.second.value - QUADRATURE) < MOST * found.second.mcse < 0.1


def test_draws_that_changed_places(free: aq.Model) -> None:
    permuted = aq.sample(model=free, label_switching="permute", **TRACE)
    assert deviation(aq.log_evidence(permuted, free, random_seed=2), QUADRATURE) < MOST


def test_draws_that_have_their_labels_back(free: aq.Model, drawn: Any) -> None:
    relabelled = aq.relabel(drawn, free)
    assert deviation(aq.log_evidence(relabelled, free, random_seed=3), QUADRATURE) < MOST


@pytest.mark.parametrize("chain", [0, 1])
def test_draws_of_a_chain_that_stays_in_one_mode(free: aq.Model, drawn: Any, chain: int) -> None:
    one = drawn.isel(chain=[chain])
    assert deviation(aq.log_evidence(one, free, random_seed=4), QUADRATURE) < MOST


def test_an_ordered_model_has_the_same_evidence() -> None:
    model = two_means(ordered=True)
    found = aq.log_evidence(aq.sample(model=model, **TRACE), model, random_seed=5)
    assert deviation(found, QUADRATURE) < MOST and found.images == 1


@pytest.mark.parametrize("method", ["laplace", "fullrank_advi"])
def test_an_approximation(free: aq.Model, method: str) -> None:
    approx = aq.fit(method=method, model=free, random_seed=1, progressbar=False)
    found = aq.log_evidence(approx, random_seed=1)
    assert deviation(found, QUADRATURE) < MOST
    assert found.method == "importance" and found.images == 2 and found.second is None
    assert found == aq.log_evidence(approx, free, random_seed=1)
    with pytest.raises(ModelError, match="the approximation is of another model"):
        aq.log_evidence(approx, two_means())
    with pytest.raises(ModelError, match="those of an approximation"):
        aq.log_evidence(approx.sample(100, random_seed=1), free)


# Symmetries of all kinds, by enumeration ------------------------------------------------------

FEW = np.array([-2.3, -1.9, 0.1, 0.4, 2.8, 3.1, 0.3])


@pytest.mark.slow
def test_three_components_with_weights() -> None:
    with aq.Model() as model:
        mu = aq.Normal("mu", 0, 3, shape=3)
        w = aq.Dirichlet("w", np.ones(3))
        aq.NormalMixture("y", w, mu, 1, observed=FEW)
    exact = enumerated.log_evidence(
        FEW, 3, 3.0, lambda z: enumerated.of_counts(np.bincount(z, minlength=3), np.ones(3))
    )
    trace = aq.sample(model=model, **TRACE)
    found = aq.log_evidence(trace, model, random_seed=1)
    assert found.images == 6
    assert deviation(found, exact) < MOST


def test_a_mirrored_weight_and_components_written_apart() -> None:
    with aq.Model() as model:
        p = aq.Beta("p", 2, 2)
        first, second = aq.Normal("mu_1", 0, 3), aq.Normal("mu_2", 0, 3)
        aq.NormalMixture("y", [p, 1 - p], [first, second], 1, observed=FEW)
    exact = enumerated.log_evidence(
        FEW, 2, 3.0, lambda z: enumerated.of_counts(np.bincount(z, minlength=2), np.full(2, 2.0))
    )
    trace = aq.sample(model=model, **TRACE)
    found = aq.log_evidence(trace, model, random_seed=1)
    assert found.images == 2
    assert deviation(found, exact) < MOST


@pytest.mark.slow
def test_a_hidden_markov_model() -> None:
    """A transition matrix moves along both its axes."""
    with aq.Model() as model:
        P = aq.Dirichlet("P", np.ones(2), shape=(2, 2))
        mu = aq.Normal("mu", 0, 3, shape=2)
        z = aq.MarkovChain("z", P=P, init=[0.5, 0.5], shape=FEW.size)
        aq.Normal("y", mu[z], 1, observed=FEW)
    exact = enumerated.log_evidence(FEW, 2, 3.0, lambda z: enumerated.of_steps(z, 2, np.ones(2)))
    trace = aq.sample(model=model, **TRACE)
    found = aq.log_evidence(trace, model, random_seed=1)
    assert found.images == 2
    assert deviation(found, exact) < MOST


# What has no estimate, or another one ---------------------------------------------------------


def test_discrete_unknowns_alone_are_summed_exactly() -> None:
    with aq.Model() as model:
        z = aq.Categorical("z", [0.2, 0.8])
        aq.Normal("y", 2.0 * z, 1, observed=0.7)
    with model:
        found = aq.log_evidence(aq.sample(10, random_seed=1, progressbar=False))
    exact = np.log(0.2 * stats.norm.pdf(0.7) + 0.8 * stats.norm.pdf(0.7, 2))
    assert found.good and found.method == "exact" and found.error == 0
    assert abs(found.value - exact) < 1e-12


def test_a_trace_that_was_cut_short_is_used(normal: aq.Model, rng: np.random.Generator) -> None:
    trace = exact_draws(rng)
    trace.attrs["partial"] = 1
    with warnings.catch_warnings():
        warnings.simplefilter("error", AliquotWarning)
        found = aq.log_evidence(trace.isel(draw=slice(0, 200)), normal, random_seed=1)
    assert deviation(found, EXACT) < MOST
