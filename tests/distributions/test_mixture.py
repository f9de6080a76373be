"""Mixtures against sums written out, at the edges of weights and supports, and in shape."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import special, stats

from aliquot.distributions.binary import Bernoulli
from aliquot.distributions.counts import DiscreteUniform, Poisson
from aliquot.distributions.dirichlet import Dirichlet
from aliquot.distributions.location_scale import HalfNormal, Normal
from aliquot.distributions.logarithms import log_sum_of_terms, log_weighted_sum
from aliquot.distributions.mixture import Mixture
from aliquot.distributions.mvnormal import MvNormal
from aliquot.errors import ParameterError, ShapeError
from aliquot.expression import Leaf
from aliquot.precision import float64
from tests.distributions.law import log_prob_of
from tests.programs import quick

X = np.array([-7.0, -1.0, 0.3, 2.5, 40.0])


def listed_sum(log_values, weights):
    return log_sum_of_terms(list(log_values), list(weights))


SUMS = pytest.mark.parametrize("sum_of", [log_weighted_sum, listed_sum])


@SUMS
def test_impossible_terms_and_zero_weights(sum_of):
    values = np.array([-np.inf, 1.0, 5000.0, -2000.0])
    weights = np.array([0.3, 0.6, 0.0, 0.1])
    with float64():
        value, (by_value, by_weight) = jax.value_and_grad(sum_of, (0, 1))(values, weights)
    by_value, by_weight = np.asarray(by_value), np.asarray(by_weight)
    assert np.isclose(value, 1.0 + np.log(0.6), rtol=1e-14)
    np.testing.assert_allclose(by_value, [0, 1, 0, 0], atol=1e-15)
    np.testing.assert_allclose(by_weight[np.array([0, 1, 3])], [0, 1 / 0.6, 0], rtol=1e-14)
    assert by_weight[2] > 1e300


@SUMS
def test_all_terms_impossible(sum_of):
    with float64():
        value, gradients = jax.value_and_grad(sum_of, (0, 1))(
            np.array([-np.inf, -np.inf]), np.array([0.5, 0.5])
        )
    assert float(value) == -np.inf
    np.testing.assert_array_equal(np.asarray(gradients), np.zeros((2, 2)))


@SUMS
def test_what_is_not_a_number_stays_so(sum_of):
    with float64():
        assert np.isnan(sum_of(np.array([np.nan, 0.0]), np.array([0.5, 0.5])))


@SUMS
def test_gradient_equals_that_of_the_textbook_formula(sum_of):
    rng = np.random.default_rng(1)
    values, weights = rng.normal(0, 3, 6), rng.dirichlet(np.ones(6))
    with float64():
        ours = jax.grad(sum_of, (0, 1))(jnp.asarray(values), jnp.asarray(weights))
    shares = np.exp(values - special.logsumexp(values, b=weights))
    np.testing.assert_allclose(ours[0], weights * shares, rtol=1e-12)
    np.testing.assert_allclose(ours[1], shares, rtol=1e-12)


def test_gradient_holds_where_one_component_cannot_give_the_value():
    def total(sigma, w):
        half = HalfNormal._unflatten((("sigma",), ()), (sigma,))
        normal = Normal._unflatten((("mu", "sigma"), ()), (-3.0, 1.0))
        mix = Mixture._unflatten(
            (("w", "comp_dists[0]", "comp_dists[1]"), MIX_STATICS), (w, half, normal)
        )
        return jnp.sum(mix.checked_log_prob(jnp.asarray(X)))

    MIX_STATICS = (("batched", False), ("discrete", False), ("event_dims", 0), ("size", 2))
    sigma, w = 2.0, np.array([0.3, 0.7])
    with float64():
        by_sigma, by_w = quick(jax.grad(total, (0, 1)))(sigma, w)
    f = np.stack([stats.halfnorm(0, 2).pdf(X), stats.norm(-3, 1).pdf(X)])
    whole = w @ f
    slope = np.where(X >= 0, X**2 / sigma**3 - 1 / sigma, 0.0)
    np.testing.assert_allclose(by_sigma, np.sum(w[0] * f[0] / whole * slope), rtol=1e-12)
    np.testing.assert_allclose(by_w, np.sum(f / whole, axis=1), rtol=1e-12)


@pytest.mark.parametrize("batched", [True, False])
def test_gradient_where_a_component_is_sure_of_another_value(batched):
    def density(p):
        sure = [Bernoulli._unflatten((("p",), ()), (p[k],)) for k in range(2)]
        both = Bernoulli._unflatten((("p",), ()), (p,))
        names = ("w", "comp_dists") if batched else ("w", "comp_dists[0]", "comp_dists[1]")
        statics = (("batched", batched), ("discrete", True), ("event_dims", 0), ("size", 2))
        parts = [both] if batched else sure
        return Mixture._unflatten((names, statics), (np.array([0.5, 0.5]), *parts))._log_prob(0)

    with float64():
        value, gradient = quick(jax.value_and_grad(density))(np.array([1.0, 0.2]))
    assert np.isclose(value, np.log(0.4))
    np.testing.assert_allclose(gradient, [0.0, -1 / 0.8], rtol=1e-12)


def test_list_and_batch_agree_on_discrete_components():
    w, mu = [0.2, 0.5, 0.3], [0.5, 3.0, 11.0]
    x = np.arange(30)
    batched, listed = Mixture(w, Poisson(mu)), Mixture(w, [Poisson(m) for m in mu])
    expected = np.log(sum(a * stats.poisson(m).pmf(x) for a, m in zip(w, mu, strict=True)))
    for dist in (batched, listed):
        assert dist.discrete
        assert dist.dtype == np.int64
        np.testing.assert_allclose(log_prob_of(dist, x), expected, rtol=1e-12)
        assert log_prob_of(dist, -1) == -np.inf
    np.testing.assert_allclose(batched.variance(), listed.variance(), rtol=1e-14)


@pytest.mark.parametrize("batched", [True, False])
def test_multivariate_components(batched):
    w, mu = np.array([0.4, 0.6]), np.array([[0.0, 0.0], [3.0, -1.0]])
    cov = np.array([[1.0, 0.3], [0.3, 2.0]])
    components = MvNormal(mu, cov) if batched else [MvNormal(m, cov) for m in mu]
    dist = Mixture(w, components)
    assert dist.shape == dist.event_shape == (2,)
    x = np.random.default_rng(2).normal(0, 2, (9, 2))
    expected = np.log(
        sum(a * stats.multivariate_normal(m, cov).pdf(x) for a, m in zip(w, mu, strict=True))
    )
    np.testing.assert_allclose(log_prob_of(dist, x), expected, rtol=1e-12)
    with float64():
        assert dist.component_log_prob(x).shape == (9, 2)
    np.testing.assert_allclose(dist.mean(), w @ mu)
    spread = w @ (mu - w @ mu) ** 2
    np.testing.assert_allclose(dist.variance(), np.diag(cov) + spread)
    draws = dist.sample(20_000, random_seed=4)
    error = np.sqrt(dist.variance() / len(draws))
    assert np.all(np.abs(draws.mean(axis=0) - dist.mean()) < 5 * error)
    # Each draw comes whole from one component: near the second mean in one axis, so in the other.
    second = stats.multivariate_normal(mu[1], cov).pdf(draws) * w[1]
    share = second / np.exp(log_prob_of(dist, draws))
    assert abs(share.mean() - 0.6) < 5 * np.sqrt(0.24 / len(draws))


def test_batched_weights():
    rng = np.random.default_rng(3)
    w, x = rng.dirichlet(np.ones(3), 5), rng.normal(size=5)
    mu = np.array([-1.0, 0.0, 2.0])
    batched, listed = Mixture(w, Normal(mu, 1.0)), Mixture(w, [Normal(m, 1.0) for m in mu])
    expected = np.log(np.sum(w * stats.norm(mu, 1).pdf(x[:, None]), axis=1))
    for dist in (batched, listed):
        assert dist.shape == (5,)
        np.testing.assert_allclose(log_prob_of(dist, x), expected, rtol=1e-13)
        np.testing.assert_allclose(dist.mean(), w @ mu)
        assert dist.sample(4, random_seed=0).shape == (4, 5)


def test_components_by_row():
    mu = np.random.default_rng(4).normal(size=(5, 3))
    batched = Mixture([0.2, 0.3, 0.5], Normal(mu, 1.0))
    listed = Mixture([0.2, 0.3, 0.5], [Normal(mu[:, k], 1.0) for k in range(3)])
    assert batched.shape == listed.shape == (5,)
    x = np.linspace(-2, 2, 5)
    np.testing.assert_allclose(batched.log_prob(x), listed.log_prob(x), rtol=1e-13)


def test_more_components_than_are_written_out():
    w, mu = np.full(12, 1 / 12), np.arange(12.0)
    listed = Mixture(w, [Normal(m, 1.0) for m in mu])
    np.testing.assert_allclose(listed.log_prob(X), Mixture(w, Normal(mu, 1.0)).log_prob(X))


def test_support_is_the_union():
    apart = Mixture([0.5, 0.5], DiscreteUniform([0, 10], [3, 12])).support
    inside = np.array([0, 3, 4, 9, 10, 12, 13])
    np.testing.assert_array_equal(apart.check(inside), [1, 1, 0, 0, 1, 1, 0])
    assert (apart.lower, apart.upper) == (0, 12)
    assert (
        Mixture([0.5, 0.5], [HalfNormal(1.0), HalfNormal(2.0)]).support is HalfNormal(1.0).support
    )
    both = Mixture([0.5, 0.5], [HalfNormal(1.0), Normal(0.0, 1.0)]).support
    assert both is Normal(0.0, 1.0).support
    with float64():
        start = Mixture([0.5, 0.5], DiscreteUniform([0, 10], [3, 12])).start()
    assert apart.check(np.asarray(start))


def test_weights_may_be_expressions():
    w = Leaf("w", (2,), np.dtype(float))
    dist = Mixture(w, [Normal(0.0, 1.0), Normal(w[0], 1.0)], shape=4)
    assert dist.log_prob(np.zeros(4)).shape == (4,)


def test_components_that_cannot_be_mixed():
    with pytest.raises(ParameterError, match=r"Normal \(continuous\), Poisson \(discrete\)"):
        Mixture([0.5, 0.5], [Normal(0.0, 1.0), Poisson(1.0)])
    with pytest.raises(ShapeError, match=r"Normal \(\), Dirichlet \(2,\)"):
        Mixture([0.5, 0.5], [Normal(0.0, 1.0), Dirichlet([1.0, 1.0])])
    with pytest.raises(ParameterError, match=r"comp_dists\[1\] must be a distribution.*0.5"):
        Mixture([0.5, 0.5], [Normal(0.0, 1.0), 0.5])
    with pytest.raises(ParameterError, match="must be a list of distributions"):
        Mixture([0.5, 0.5], 3.0)
    with pytest.raises(ShapeError, match="without a batch axis"):
        Mixture([0.5, 0.5], Normal(0.0, 1.0))
    with pytest.raises(ParameterError, match="empty"):
        Mixture([1.0], [])
    with pytest.raises(ShapeError, match=r"w has shape \(2,\), but there are 3 components"):
        Mixture([0.5, 0.5], Normal([0.0, 1.0, 2.0], 1.0))
