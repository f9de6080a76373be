"""Draws of ordered variables: from the prior they are sorted draws, from the posterior its half."""

from __future__ import annotations

from itertools import product

import jax
import numpy as np
import pytest
from scipy import stats

import aliquot as aq
from aliquot.precision import float64
from aliquot.transforms import ordered
from tests.inference.accuracy import assert_moments
from tests.programs import quick

FAILURE = 1e-4  # the chance that a test fails where nothing is wrong


def test_prior_draws_are_sorted_draws() -> None:
    covariance = np.array([[1.0, 0.8], [0.8, 1.0]])
    with aq.Model() as model:
        aq.Normal("columns", 0, [1.0, 3.0], shape=(2, 2), transform=ordered(axis=0))
        aq.MvNormal("rows", np.zeros(2), covariance, shape=(2, 2), transform=ordered(axis=0, at=1))
        aq.Normal("unlike", [[0.0], [1.0]], 1, shape=(2, 2), transform=ordered(axis=0, at=0))
        aq.Dirichlet("w", np.ones(3), transform=ordered)
    prior = aq.sample_prior_predictive(4000, model=model, random_seed=1).prior
    x = {name: prior[name].values[0] for name in prior.data_vars}
    assert all(np.all(model.variables[name].transform.increases(x[name][0])) for name in x)

    normal = stats.norm.cdf
    columns, rows = normal(x["columns"], 0, [1.0, 3.0]), normal(x["rows"][..., 1])
    beside = normal((x["rows"][..., 0] - 0.8 * x["rows"][..., 1]) / 0.6)
    gap = np.diff(x["unlike"][..., 0], axis=-1)[:, 0]
    least = x["w"][:, 0]
    uniform = {
        "columns, lesser": lesser(columns[:, 0]),
        "columns, greater": columns[:, 1] ** 2,
        "rows, lesser": lesser(rows[:, 0]),
        "rows, greater": rows[:, 1] ** 2,
        "rows, beside": beside,
        "unlike, gap": stats.truncnorm.cdf((gap - 1) / np.sqrt(2), -1 / np.sqrt(2), np.inf),
        "unlike, beside": normal(x["unlike"][..., 1], [0.0, 1.0]),
        "w, least": 1 - (1 - 3 * least) ** 2,
        # What the two others have more than the least is uniform on a simplex, but for the order.
        "w, middle": 2 * (x["w"][:, 1] - least) / (1 - 3 * least),
    }
    columns_of = [
        (name, column)
        for name, values in uniform.items()
        for column in values.reshape(len(values), -1).T
    ]
    for name, column in columns_of:
        assert stats.kstest(column, "uniform").pvalue > FAILURE / len(columns_of), name


def lesser(u: np.ndarray) -> np.ndarray:
    """Distribution function of the lesser of two, from that of each."""
    return 1 - (1 - u) ** 2


def by_weights(**kw: object) -> aq.Model:
    with aq.Model() as model:
        w = aq.Dirichlet("w", [2.0, 2.0], **kw)
        means = aq.Normal("means", 0, 1.5, shape=2)
        aq.NormalMixture("y", w, means, 1, observed=[-1.0, -0.3, 0.5, 1.2, 2.0])
    return model


@pytest.mark.slow
def test_a_mixture_ordered_by_its_weights() -> None:
    """The means have no order of their own: those of the lesser and of the greater weight."""
    density = by_weights().density()
    # Steps of the logit of w are small: the lesser weight has a kink where weights are equal.
    axes = np.linspace(-9, 9, 361), np.linspace(-7, 7, 49), np.linspace(-7, 7, 49)
    points = np.stack(np.meshgrid(*axes, indexing="ij"), -1).reshape(-1, 3)
    with float64():
        program = quick(jax.vmap(density.log_density, (0, None)))
        log_p = np.asarray(program(points, density.data))
    p = np.exp(log_p - log_p.max())
    p /= p.sum()
    drawn = density.constrain_draws(points)
    order = np.argsort(drawn["w"], axis=-1)
    exact = summaries(*(np.take_along_axis(drawn[name], order, -1) for name in ("w", "means")))
    mean = p @ exact
    sd = np.sqrt(p @ (exact - mean) ** 2)

    model = by_weights(transform=ordered)
    posterior = aq.sample(
        2000, model=model, target_accept=0.95, random_seed=2, progressbar=False
    ).posterior
    assert np.all(np.diff(posterior["w"].values) > 0)
    found = summaries(posterior["w"].values, posterior["means"].values)
    assert_moments(found, mean, sd)


def summaries(w: np.ndarray, means: np.ndarray) -> np.ndarray:
    """List the first weight, the mean of its component, that of the other, that of the mixture."""
    return np.stack([w[..., 0], means[..., 0], means[..., 1], (w * means).sum(-1)], -1)


@pytest.mark.slow
def test_rows_of_means_ordered_by_one_coordinate() -> None:
    """The exact posterior is a mixture of normal ones, one for each way to allot the rows."""
    y = np.array([[-1.0, 2.0], [-0.5, 1.0], [0.2, -1.5], [1.0, -1.0], [0.4, 0.3]])
    # The prior's, as that of the data. With a wider one a component without rows strays far, so
    # seldom that the error of an sd is not to be had from the draws.
    spread = 1.0
    rng = np.random.default_rng(3)
    parts, log_weights = [], []
    for allotted in product((0, 1), repeat=len(y)):
        one_hot = np.eye(2)[list(allotted)]
        precision = one_hot.sum(0)[:, None] + spread**-2
        centre = one_hot.T @ y / precision
        parts.append((centre, precision**-0.5))
        log_weights.append(np.sum(precision * centre**2 - np.log(precision)) / 2)
    weights = np.exp(np.array(log_weights) - np.max(log_weights))
    chosen = rng.choice(len(parts), 400_000, p=weights / weights.sum())
    centres, scales = (np.stack(part) for part in zip(*parts, strict=True))
    exact = centres[chosen] + scales[chosen] * rng.normal(size=(len(chosen), 2, 2))
    order = np.argsort(exact[..., :1], axis=-2)
    exact = np.take_along_axis(exact, order, -2)

    with aq.Model() as model:
        means = aq.Normal("means", 0, spread, shape=(2, 2), transform=ordered(axis=0, at=0))
        components = aq.MvNormal.dist(means, np.eye(2))
        aq.Mixture("y", [0.5, 0.5], components, observed=y)
    tree = aq.sample(4000, model=model, target_accept=0.95, random_seed=4, progressbar=False)
    found = tree.posterior["means"].values
    assert np.all(np.diff(found[..., 0]) > 0)
    # The reference's own Monte Carlo errors are a tenth of those of the draws or less.
    assert_moments(found, exact.mean(0), exact.std(0))
