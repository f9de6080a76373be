"""The log density is the sum that one would write by hand, Jacobians included, and its gradient."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import jax
import numpy as np
import pytest
from scipy import special, stats

import aliquot as aq
from aliquot.density import Density
from aliquot.precision import float64
from tests.programs import quick

norm = stats.norm.logpdf
Y = np.array([0.4, -1.2, 2.2, 0.1, -0.3])
GROUP = np.array([0, 1, 1, 2, 0])
DESIGN = np.linspace(-1, 1, 5 * 30).reshape(5, 30)  # more than the constants that stay inside


@dataclass(frozen=True)
class Case:
    """A model, and its log density by hand at a flat vector."""

    build: Callable[[], Any]
    by_hand: Callable[[np.ndarray], float]


def positive(y: Any) -> tuple[Any, Any]:
    """The log transform: value and log Jacobian."""
    return np.exp(y), np.sum(y)


def increasing(y: np.ndarray) -> tuple[np.ndarray, float]:
    return np.cumsum(np.concatenate([y[:1], np.exp(y[1:])])), float(np.sum(y[1:]))


def hierarchical() -> None:
    mu = aq.Normal("mu", 1, 2)
    tau = aq.HalfNormal("tau", 3)
    theta = aq.Normal("theta", mu, tau, shape=3)
    sigma = aq.HalfNormal("sigma", 1)
    aq.Normal("obs", theta[GROUP], sigma, observed=Y)


def hierarchical_by_hand(v: np.ndarray) -> float:
    mu, theta = v[0], v[2:5]
    tau, tau_jacobian = positive(v[1])
    sigma, sigma_jacobian = positive(v[5])
    return (
        norm(mu, 1, 2)
        + stats.halfnorm.logpdf(tau, scale=3)
        + tau_jacobian
        + norm(theta, mu, tau).sum()
        + stats.halfnorm.logpdf(sigma)
        + sigma_jacobian
        + norm(Y, theta[GROUP], sigma).sum()
    )


def ordered_mixture() -> None:
    means = aq.Normal("means", 0, 10, shape=2, transform=aq.transforms.ordered)
    aq.NormalMixture("obs", w=[0.3, 0.7], mu=means, sigma=[1.0, 2.0], observed=Y)


def ordered_mixture_by_hand(v: np.ndarray) -> float:
    means, jacobian = increasing(v)
    rows = np.log([0.3, 0.7]) + norm(Y[:, None], means, [1.0, 2.0])
    return norm(means, 0, 10).sum() + jacobian + np.log(2) + special.logsumexp(rows, axis=1).sum()


def general_mixture() -> None:
    mu = aq.Normal("mu", 0, 1)
    s = aq.HalfNormal("s", 1)
    components = [aq.Normal.dist(mu, 1), aq.Normal.dist(mu + 3, s)]
    aq.Mixture("obs", w=[0.25, 0.75], comp_dists=components, observed=Y)


def general_mixture_by_hand(v: np.ndarray) -> float:
    mu = v[0]
    s, jacobian = positive(v[1])
    rows = np.stack([np.log(0.25) + norm(Y, mu, 1), np.log(0.75) + norm(Y, mu + 3, s)])
    return norm(mu) + stats.halfnorm.logpdf(s) + jacobian + special.logsumexp(rows, axis=0).sum()


def multivariate() -> None:
    x = aq.MvNormal("x", np.zeros(2), cov=[[2.0, 0.5], [0.5, 1.0]])
    aq.MvNormal("obs", x, cov=np.eye(2), observed=Y[:4].reshape(2, 2))


def multivariate_by_hand(v: np.ndarray) -> float:
    return stats.multivariate_normal.logpdf(v, np.zeros(2), [[2.0, 0.5], [0.5, 1.0]]) + sum(
        stats.multivariate_normal.logpdf(row, v, np.eye(2)) for row in Y[:4].reshape(2, 2)
    )


def linear() -> None:
    beta = aq.Normal("beta", 0, 2, shape=30)
    aq.Normal("obs", DESIGN @ beta, 1, observed=aq.Data("y", Y))


def linear_by_hand(v: np.ndarray) -> float:
    return norm(v, 0, 2).sum() + norm(Y, DESIGN @ v, 1).sum()


def missing() -> None:
    mu = aq.Normal("mu", 0, 1)
    aq.Normal("obs", mu * np.arange(3.0), 2, observed=[0.3, np.nan, 1.1])
    aq.Poisson("counts", np.exp(mu), observed=[1, None, 4])


def missing_by_hand(v: np.ndarray) -> float:
    mu = v[0]
    return (
        norm(mu)
        + norm([0.3, 1.1], mu * np.array([0.0, 2.0]), 2).sum()
        + stats.poisson.logpmf([1, 4], np.exp(mu)).sum()
    )


def missing_covariate() -> None:
    """Of two missing entries one has an outcome; the other one matters to nothing."""
    mu = aq.Normal("mu", 0, 1)
    x = aq.Normal("x", mu, 2, observed=[0.3, np.nan, 1.1, np.nan])
    aq.Normal("obs", mu + np.sin(x), 1, observed=[0.1, 0.2, np.nan, np.nan])


def missing_covariate_by_hand(v: np.ndarray) -> float:
    mu, x = v
    return (
        norm(mu)
        + norm([0.3, x, 1.1], mu, 2).sum()
        + norm([0.1, 0.2], mu + np.sin([0.3, x]), 1).sum()
    )


def missing_positive() -> None:
    s = aq.HalfNormal("s", 1)
    x = aq.HalfNormal("x", s, observed=[0.3, np.nan])
    aq.Potential("tilt", -x)


def missing_positive_by_hand(v: np.ndarray) -> float:
    s, s_jacobian = positive(v[0])
    unknown, jacobian = positive(v[1])
    rows = stats.halfnorm.logpdf([0.3, unknown], scale=s).sum() - 0.3 - unknown
    return stats.halfnorm.logpdf(s) + s_jacobian + rows + jacobian


def potentials() -> None:
    x = aq.Normal("x", 0, 1, shape=3)
    aq.Deterministic("d", x.sum())
    aq.Potential("soft sum", -50 * x.sum() ** 2)
    aq.Potential("vector", 0.5 * x)


def potentials_by_hand(v: np.ndarray) -> float:
    return norm(v).sum() - 50 * v.sum() ** 2 + 0.5 * v.sum()


def untransformed() -> None:
    aq.HalfNormal("s", 2, transform=None)


def untransformed_by_hand(v: np.ndarray) -> float:
    return float(stats.halfnorm.logpdf(v[0], scale=2))


def different_priors_ordered() -> None:
    aq.Normal("x", [0.0, 1.0], 1, transform=aq.transforms.ordered)


def different_priors_ordered_by_hand(v: np.ndarray) -> float:
    x, jacobian = increasing(v)
    return norm(x, [0.0, 1.0], 1).sum() + jacobian


def many_ordered() -> None:
    m = aq.Normal("m", 0, 1)
    aq.Normal("x", m, 2, shape=(2, 3), transform=aq.transforms.ordered)


def many_ordered_by_hand(v: np.ndarray) -> float:
    rows = [increasing(v[1:4]), increasing(v[4:7])]
    value = sum(norm(x, v[0], 2).sum() + jacobian for x, jacobian in rows)
    return norm(v[0]) + value + 2 * np.log(6)


def random_bounds() -> None:
    top = aq.HalfNormal("top", 2)
    aq.Uniform("x", 0, top)
    aq.Uniform("obs", 0, top, observed=[0.1, 0.2])


def random_bounds_by_hand(v: np.ndarray) -> float:
    top, top_jacobian = positive(v[0])
    share = special.expit(v[1])
    if top < 0.2:
        return -np.inf
    x_jacobian = np.log(top) + np.log(share) + np.log1p(-share)
    prior = stats.halfnorm.logpdf(top, scale=2) + top_jacobian
    return prior + x_jacobian - 3 * np.log(top)


def flat() -> None:
    x = aq.Flat("x")
    s = aq.HalfFlat("s")
    aq.Normal("obs", x, s, observed=Y)


def flat_by_hand(v: np.ndarray) -> float:
    return norm(Y, v[0], np.exp(v[1])).sum() + v[1]


CASES = {
    "hierarchical": Case(hierarchical, hierarchical_by_hand),
    "ordered mixture": Case(ordered_mixture, ordered_mixture_by_hand),
    "mixture of components": Case(general_mixture, general_mixture_by_hand),
    "multivariate normal": Case(multivariate, multivariate_by_hand),
    "linear": Case(linear, linear_by_hand),
    "missing values": Case(missing, missing_by_hand),
    "missing covariate": Case(missing_covariate, missing_covariate_by_hand),
    "missing positive values": Case(missing_positive, missing_positive_by_hand),
    "potentials": Case(potentials, potentials_by_hand),
    "untransformed": Case(untransformed, untransformed_by_hand),
    "ordered, different priors": Case(different_priors_ordered, different_priors_ordered_by_hand),
    "several ordered vectors": Case(many_ordered, many_ordered_by_hand),
    "random bounds": Case(random_bounds, random_bounds_by_hand),
    "flat": Case(flat, flat_by_hand),
}


@cache
def density_of(name: str) -> Density:
    with aq.Model() as model, warnings.catch_warnings():
        warnings.simplefilter("ignore", aq.ImputationWarning)
        CASES[name].build()
    return model.density()


def points(density: Density, rng: np.random.Generator) -> np.ndarray:
    return rng.normal(0, 0.8, (4, density.size))


@pytest.mark.parametrize("name", CASES)
def test_value(name: str, rng: np.random.Generator) -> None:
    density = density_of(name)
    for point in [density.start, *points(density, rng)]:
        value = density.evaluate(point)
        assert isinstance(value, float)
        np.testing.assert_allclose(value, CASES[name].by_hand(point), rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("name", CASES)
def test_terms_sum_to_the_whole(name: str, rng: np.random.Generator) -> None:
    density = density_of(name)
    point = density.start + 0.1 * rng.normal(size=density.size)
    terms = density.terms_at(point)
    np.testing.assert_allclose(sum(terms.values()), density.evaluate(point), rtol=1e-12)


@pytest.mark.parametrize("name", [name for name in CASES if name != "untransformed"])
def test_gradient(name: str, rng: np.random.Generator) -> None:
    density = density_of(name)
    point = density.start + 0.1 * rng.normal(size=density.size)
    with float64():
        gradient = np.asarray(quick(jax.grad(density.log_density))(point, density.data))
    assert gradient.dtype == np.float64
    step = 1e-5
    for i, direction in enumerate(np.eye(density.size)):
        ahead, behind = (density.evaluate(point + s * step * direction) for s in (1, -1))
        np.testing.assert_allclose(gradient[i], (ahead - behind) / (2 * step), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", CASES)
def test_constrain_undoes_unconstrain(name: str, rng: np.random.Generator) -> None:
    density = density_of(name)
    point = density.start + 0.1 * rng.normal(size=density.size)
    values = density.constrain_draws(point)
    free = {slot.variable.name: values[slot.variable.name] for slot in density.slots}
    np.testing.assert_allclose(density.unconstrain(free), point, rtol=1e-9, atol=1e-9)
    assert len(density.labels) == len(set(density.labels)) == density.size
    assert density.start.dtype == np.float64
    assert np.isfinite(density.evaluate(density.start))


def test_pointwise_log_likelihood() -> None:
    density = density_of("hierarchical")
    point = np.array([0.5, -0.2, 0.3, 0.9, -1.0, 0.4])
    with float64():
        result = quick(density.log_likelihood)(point, density.data)
    assert list(result) == ["obs"]
    np.testing.assert_allclose(result["obs"], norm(Y, point[2:5][GROUP], np.exp(0.4)))
    density = density_of("multivariate normal")
    with float64():
        rows = quick(density.log_likelihood)(np.zeros(2), density.data)["obs"]
    assert rows.shape == (2,)  # one for each vector
    density = density_of("missing values")
    with float64():
        rows = quick(density.log_likelihood)(np.array([0.1]), density.data)
    expected = norm([0.3, np.nan, 1.1], 0.1 * np.arange(3.0), 2)
    np.testing.assert_allclose(rows["obs"], np.where(np.isnan(expected), 0.0, expected))
    assert float(rows["counts"][1]) == 0.0
