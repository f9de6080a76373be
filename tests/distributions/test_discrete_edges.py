"""Discrete families at the edges of their parameters: values and gradients without NaN."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from aliquot.distributions.binary import Bernoulli, BetaBinomial, Binomial
from aliquot.distributions.categorical import Categorical, Multinomial, OrderedLogistic
from aliquot.distributions.counts import Geometric, NegativeBinomial, Poisson
from aliquot.distributions.zero_inflated import (
    ZeroInflatedBinomial,
    ZeroInflatedNegativeBinomial,
    ZeroInflatedPoisson,
)
from aliquot.errors import ParameterError
from aliquot.precision import float64


def slope(family, x, name, value, **others):
    """Give value and derivative of the log probability by one parameter."""

    def density(v):
        names = (name, *others)
        dist = family._unflatten((names, ()), (v, *(np.asarray(o) for o in others.values())))
        return jnp.sum(dist.checked_log_prob(jnp.asarray(x)))

    with float64():
        value, gradient = jax.value_and_grad(density)(jnp.asarray(value, float))
        return float(value), np.asarray(gradient)


@pytest.mark.parametrize(
    ("family", "x", "name", "at", "others", "expected"),
    [
        (Bernoulli, 0, "p", 0.0, {}, (0.0, -1.0)),
        (Bernoulli, 1, "p", 1.0, {}, (0.0, 1.0)),
        (Bernoulli, 1, "p", 0.0, {}, (-np.inf, 0.0)),
        (Bernoulli, 2, "p", 1.0, {}, (-np.inf, 0.0)),
        (Geometric, 3, "p", 1.0, {}, (-np.inf, 1.0)),
        (ZeroInflatedBinomial, 0, "p", 1.0, {"psi": 0.5, "n": 4}, (np.log(0.5), 0.0)),
        (ZeroInflatedPoisson, 3, "psi", 0.0, {"mu": 2.0}, (-np.inf, 0.0)),
        (Binomial, 0, "p", 0.0, {"n": 5}, (0.0, -5.0)),
        (Binomial, 5, "p", 1.0, {"n": 5}, (0.0, 5.0)),
        (Binomial, 0, "p", 0.3, {"n": 0}, (0.0, 0.0)),
        (Poisson, 0, "mu", 0.0, {}, (0.0, -1.0)),
        (Geometric, 1, "p", 1.0, {}, (0.0, 1.0)),
        (NegativeBinomial, 0, "mu", 0.0, {"alpha": 2.0}, (0.0, -1.0)),
        (NegativeBinomial, 0, "p", 1.0, {"n": 2.0}, (0.0, 2.0)),
        (ZeroInflatedPoisson, 0, "psi", 0.0, {"mu": 2.0}, (0.0, np.exp(-2) - 1)),
        (ZeroInflatedPoisson, 0, "psi", 1.0, {"mu": 2.0}, (-2.0, 1 - np.exp(2))),
        (ZeroInflatedPoisson, 3, "psi", 1.0, {"mu": 2.0}, (stats.poisson(2).logpmf(3), 1.0)),
        (ZeroInflatedPoisson, 0, "mu", 5000.0, {"psi": 0.5}, (np.log(0.5), 0.0)),
        (ZeroInflatedPoisson, 0, "mu", 1000.0, {"psi": 1.0}, (-1000.0, -1.0)),
        (ZeroInflatedBinomial, 0, "p", 0.0, {"psi": 0.5, "n": 4}, (0.0, -2.0)),
        (
            ZeroInflatedNegativeBinomial,
            0,
            "psi",
            0.0,
            {"mu": 2.0, "alpha": 1.0},
            (0.0, 1 / 3 - 1),
        ),
    ],
)
def test_value_and_slope_at_the_edge(family, x, name, at, others, expected):
    np.testing.assert_allclose(slope(family, x, name, at, **others), expected, rtol=1e-12)


def test_categories_of_probability_zero():
    p = [0.0, 0.25, 0.75]
    value, gradient = slope(Categorical, [1, 2, 2], "p", p)
    assert np.isclose(value, np.log(0.25) + 2 * np.log(0.75))
    np.testing.assert_allclose(gradient, [0, 4, 2 / 0.75])
    assert slope(Categorical, [0], "p", p)[0] == -np.inf
    by_row = slope(Categorical, [1, 2], "p", [p, p])[1]
    np.testing.assert_allclose(by_row, [[0, 4, 0], [0, 0, 1 / 0.75]])
    value, gradient = slope(Multinomial, [0, 1, 2], "p", p, n=3)
    assert np.isclose(value, stats.multinomial(3, p).logpmf([0, 1, 2]))
    np.testing.assert_allclose(gradient, [0, 4, 2 / 0.75])


@pytest.mark.parametrize("size", [5, 40])
def test_probabilities_by_row(size):
    rng = np.random.default_rng(size)
    p, x = rng.dirichlet(np.ones(size), 7), rng.integers(0, size, (3, 7))
    expected = np.log(np.take_along_axis(np.broadcast_to(p, (3, 7, size)), x[..., None], -1))[
        ..., 0
    ]
    np.testing.assert_allclose(Categorical(p).log_prob(x), expected, rtol=1e-13)
    np.testing.assert_allclose(Categorical(logit_p=np.log(p)).log_prob(x), expected, rtol=1e-12)


def test_ordered_logistic_keeps_its_digits_in_the_tails():
    dist = OrderedLogistic(eta=-60.0, cutpoints=[0.0, 1.0, 2.0])
    tail = -60 + np.log(np.exp(-1.0) - np.exp(-2.0))
    np.testing.assert_allclose(dist.log_prob(2), tail, rtol=1e-14)
    np.testing.assert_allclose(dist.log_prob(3), -62.0, rtol=1e-14)
    value, gradient = slope(OrderedLogistic, 2, "eta", -60.0, cutpoints=[0.0, 1.0, 2.0])
    assert np.isclose(value, tail)
    assert np.isclose(gradient, 1.0)
    with float64():
        np.testing.assert_allclose(np.sum(dist.probabilities()), 1.0, rtol=1e-14)


def test_beta_binomial_is_accurate_for_middling_arguments():
    x = np.arange(0, 201, 20)
    ours = BetaBinomial(30.0, 40.0, 200).log_prob(x)
    np.testing.assert_allclose(ours, stats.betabinom(200, 30, 40).logpmf(x), rtol=1e-12)


@pytest.mark.parametrize(
    ("family", "arguments", "message"),
    [
        (Bernoulli, {}, "p or logit_p.*none"),
        (Binomial, {"n": 3, "p": 0.5, "logit_p": 0.0}, "p or logit_p.*p and logit_p"),
        (Categorical, {"p": [[0.5, 0.5], [0.5, 0.6]]}, r"index \(1,\), which sums to 1\.1"),
        (NegativeBinomial, {"mu": 1.0}, "mu and alpha, or n and p; got mu"),
    ],
)
def test_parameters_given_wrongly(family, arguments, message):
    with pytest.raises(ParameterError, match=message):
        family(**arguments)
