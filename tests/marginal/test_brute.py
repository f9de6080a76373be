"""The oracle against what is known without it: closed forms, recursions, differences."""

from __future__ import annotations

import numpy as np
from scipy import stats
from scipy.special import expit, logsumexp

import aliquot as aq
from tests.marginal.brute import Brute

Y = np.array([-1.2, 0.4, 2.5])


def test_a_model_without_discrete_variables_is_its_density() -> None:
    with aq.Model() as model:
        w = aq.Dirichlet("w", [1.0, 2.0, 3.0])
        sigma = aq.HalfNormal("sigma", 2.0)
        means = aq.Normal("means", 0, 1, shape=3, transform=aq.transforms.ordered)
        top = aq.Uniform("top", 0, sigma)
        aq.NormalMixture("obs", w=w, mu=means + top, sigma=sigma, observed=Y)
    brute = Brute(model)
    density = model.density()
    assert brute.size == density.size
    flat = np.linspace(-0.5, 0.7, brute.size)
    assert abs(brute.at(flat).log_density - density.evaluate(flat)) < 1e-12


def test_two_components_are_the_mixture_family() -> None:
    def model(hidden: bool) -> aq.Model:
        with aq.Model() as built:
            theta = aq.Beta("theta", 2, 3)
            means = aq.Normal("means", 0, 2, shape=2)
            w = aq.math.stack([theta, 1 - theta])
            if hidden:
                z = aq.Categorical("z", p=w, shape=3)
                aq.Normal("obs", means[z], 0.7, observed=Y)
            else:
                aq.NormalMixture("obs", w=w, mu=means, sigma=0.7, observed=Y)
        return built

    flat = np.array([0.3, -0.8, 1.9])
    point = Brute(model(True)).at(flat)
    assert len(point.log_joint) == 8
    assert abs(point.log_density - model(False).density().evaluate(flat)) < 1e-12
    theta = expit(0.3)
    parts = np.array([theta, 1 - theta]) * stats.norm(flat[1:], 0.7).pdf(Y[:, None])
    np.testing.assert_allclose(
        point.probabilities["z"], parts / parts.sum(1, keepdims=True), rtol=1e-12
    )
    # Rows are independent given the parameters.
    np.testing.assert_allclose(point.log_likelihood()["obs"], np.log(parts.sum(1)), rtol=1e-12)
    best, value = point.most_probable
    np.testing.assert_array_equal(best["z"], parts.argmax(1))
    prior = stats.beta(2, 3).logpdf(theta) + np.log(theta * (1 - theta))
    prior += stats.norm(0, 2).logpdf(flat[1:]).sum()
    assert abs(value - prior - np.log(parts.max(1)).sum()) < 1e-12


def test_a_chain_is_the_forward_recursion() -> None:
    P = np.array([[0.9, 0.1, 0.0], [0.3, 0.4, 0.3], [0.0, 0.5, 0.5]])
    init = np.array([0.2, 0.5, 0.3])
    with aq.Model() as model:
        means = aq.Normal("means", 0, 1, shape=3)
        first = aq.Categorical("z0", p=init)
        second = aq.Categorical("z1", p=aq.math.take(P, first, axis=0))
        third = aq.Categorical("z2", p=aq.math.take(P, second, axis=0))
        aq.Normal("obs", means[aq.math.stack([first, second, third])], 1.0, observed=Y)
    flat = np.array([-1.0, 0.2, 1.5])
    emission = stats.norm(flat, 1).pdf(Y[:, None])
    forward = init * emission[0]
    for t in (1, 2):
        forward = (forward @ P) * emission[t]
    prior = stats.norm.logpdf(flat).sum()
    point = Brute(model).at(flat)
    assert abs(point.log_density - prior - np.log(forward.sum())) < 1e-12
    np.testing.assert_allclose(point.probabilities["z2"], forward / forward.sum(), rtol=1e-12)
    # Leaving the last observation out leaves its prediction.
    before = (init * emission[0] @ P) * emission[1] @ P
    expected = np.log(forward.sum() / before.sum())
    assert abs(point.log_likelihood()["obs"][2] - expected) < 1e-12


def test_gradients_are_differences_also_next_to_impossible_states() -> None:
    with aq.Model() as model:
        rate = aq.Exponential("rate", 1.0)
        p = aq.Beta("p", 1, 1)
        n = aq.DiscreteUniform("n", -1, 3)
        on = aq.Bernoulli("on", p, shape=2)
        aq.Poisson("obs", rate * on, observed=[0, 2])
        aq.Binomial("seen", aq.math.maximum(n, 0), p, observed=1)
    brute = Brute(model)
    flat = np.array([0.2, -0.4])
    point = brute.at(flat)
    assert np.isneginf(point.log_joint).any()
    steps = 1e-5 * np.eye(2)
    differences = [
        (brute.at(flat + step).log_density - brute.at(flat - step).log_density) / 2e-5
        for step in steps
    ]
    np.testing.assert_allclose(point.gradient, differences, rtol=1e-8)


def test_states_are_numbered_as_they_are_listed() -> None:
    with aq.Model() as model:
        aq.DiscreteUniform("n", [-1, 2], [1, 3])
        aq.Bernoulli("on", 0.25, shape=(1, 2))
        aq.Normal("x", 0, 1)
    brute = Brute(model)
    assert brute.states.shape == (24, 4)
    np.testing.assert_array_equal(brute.number(brute.split(brute.states)), np.arange(24))
    point = brute.at([0.0])
    assert abs(point.joint.sum() - 1) < 1e-12
    np.testing.assert_allclose(point.probabilities["n"], [[1 / 3] * 3, [0.5, 0.5, 0.0]], rtol=1e-12)
    assert abs(point.log_density - stats.norm.logpdf(0)) < 1e-12
    assert abs(logsumexp(point.log_joint) - point.log_density) < 1e-12
