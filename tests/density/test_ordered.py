"""Ordered priors are proper, and an order changes no evidence: by quadrature over coordinates."""

from __future__ import annotations

from collections.abc import Callable
from math import factorial
from typing import Any

import jax
import numpy as np
import pytest

import aliquot as aq
from aliquot.precision import float64
from aliquot.transforms import ordered, positive_ordered
from tests.programs import quick

# The classic data: two components of equal weight at -1 and 1, a hundred rows.
RNG = np.random.default_rng(0)
LABELS = RNG.integers(0, 2, 100)
CLASSIC = RNG.normal(np.array([-1.0, 1.0])[LABELS], 1.0)
CLASSIC_EVIDENCE = -180.50878


def log_integral(model: aq.Model, *axes: np.ndarray) -> float:
    """Integrate a model's density over a grid of unconstrained coordinates, by the midpoint rule.

    The integrand and all its derivatives vanish at the edges, where the rule converges faster than
    any power of the step.
    """
    density = model.density()
    points = np.stack(np.meshgrid(*axes, indexing="ij"), -1).reshape(-1, len(axes))
    with float64():
        each = quick(jax.vmap(density.log_density, (0, None)))(points, density.data)
    cell = np.sum([np.log(axis[1] - axis[0]) for axis in axes])
    return float(np.logaddexp.reduce(np.asarray(each)) + cell)


def axis(low: float, high: float, n: int) -> np.ndarray:
    return np.linspace(low, high, n)


@pytest.mark.parametrize(
    ("make", "axes"),
    [
        (
            lambda: aq.Normal("x", 1, 2, shape=2, transform=ordered),
            [axis(-20, 20, 161), axis(-30, 6, 241)],
        ),
        (
            lambda: aq.Normal("x", 0, 1, shape=3, transform=ordered),
            [axis(-9, 7, 65), *[axis(-22, 4, 81)] * 2],
        ),
        (
            lambda: aq.Gamma("x", 2, 1, shape=2, transform=ordered),
            [axis(-20, 6, 161), axis(-30, 6, 181)],
        ),
        (
            lambda: aq.Gamma("x", 2, 1, shape=2, transform=positive_ordered),
            [axis(-20, 6, 161), axis(-30, 6, 181)],
        ),
        (
            lambda: aq.Beta("x", 2, 3, shape=2, transform=ordered),
            [axis(-25, 25, 201), axis(-35, 25, 241)],
        ),
        (
            lambda: aq.Dirichlet("x", np.full(3, 1.5), transform=ordered),
            [axis(-25, 25, 201), axis(-35, 25, 241)],
        ),
        (
            lambda: aq.Normal("x", 0, [1.0, 3.0], shape=(2, 2), transform=ordered(axis=0, at=0)),
            # by coordinate: x[0, 0], x[0, 1], log of the gap, x[1, 1]
            [axis(-7, 6, 27), axis(-18, 18, 17), axis(-22, 4, 131), axis(-18, 18, 17)],
        ),
    ],
    ids=["normal", "three normals", "gamma", "positive", "beta", "dirichlet", "rows"],
)
def test_an_ordered_prior_integrates_to_one(
    make: Callable[[], Any], axes: list[np.ndarray]
) -> None:
    with aq.Model() as model:
        make()
    assert log_integral(model, *axes) == pytest.approx(0.0, abs=1e-6)


@pytest.mark.parametrize(
    ("make", "vectors", "at"),
    [
        (lambda kw: aq.Normal("x", [0.0, 3.0], 1, shape=(3, 2), **kw), {0: 2}, (1,)),
        (lambda kw: aq.Uniform("x", 1, 4, shape=(3, 2), **kw), {1: 3}, ()),
        (
            lambda kw: aq.MvNormal(
                "x", [0.0, 1.0], cov=[[2.0, 0.5], [0.5, 1.0]], shape=(3, 2), **kw
            ),
            {},
            (0,),
        ),
    ],
    ids=["normal", "uniform", "rows of a multivariate normal"],
)
def test_the_density_of_the_whole_counts_once_for_each_labelling(
    make: Callable[[dict[str, Any]], Any], vectors: dict[int, int], at: tuple[int, ...]
) -> None:
    x = np.array([[1.5, 2.0], [2.0, 2.5], [3.0, 3.5]])
    plain = at_values(make, {}, x)
    for along, count in vectors.items():
        k = x.shape[along]
        expected = plain + count * np.log(factorial(k))
        assert at_values(make, {"transform": ordered(axis=along)}, x) == pytest.approx(expected)
    for index in at:
        found = at_values(make, {"transform": ordered(axis=0, at=index)}, x)
        assert found == pytest.approx(plain + np.log(6))


def at_values(make: Callable[[dict[str, Any]], Any], kw: dict[str, Any], x: np.ndarray) -> float:
    """Compute a prior's log density on the variable's own scale."""
    with aq.Model() as model:
        make(kw)
    density = model.density()
    flat = density.unconstrain({"x": x})
    with float64():
        log_jacobian = quick(density.log_jacobian)(flat, density.data)
    return density.evaluate(flat) - float(log_jacobian)


@pytest.mark.parametrize(
    "make",
    [
        lambda: aq.Normal("x", 5, 2, shape=(3, 2), transform=ordered(axis=0)),
        lambda: aq.HalfNormal("x", 2, shape=(3, 2), transform=ordered(axis=0, at=1)),
        lambda: aq.Uniform("x", -1, aq.HalfNormal("b"), shape=3, transform=ordered),
        lambda: aq.Dirichlet("x", np.ones(3), shape=(2, 3), transform=ordered),
        lambda: aq.VonMises("x", 0, 1, shape=3, transform=ordered),
    ],
    ids=["columns", "rows", "between", "simplex", "angles"],
)
def test_the_start_is_in_order_and_has_a_density(make: Callable[[], Any]) -> None:
    with aq.Model() as model:
        variable = make()
    density = model.density()
    x = density.constrain_draws(density.start)["x"]
    assert np.all(variable.transform.increases(x))
    assert np.isfinite(density.evaluate(density.start))


def classic(**kw: Any) -> aq.Model:
    with aq.Model() as model:
        means = aq.Normal("means", 0, 10, shape=2, **kw)
        aq.NormalMixture("y", [0.5, 0.5], means, 1, observed=CLASSIC)
    return model


def test_an_order_of_the_means_leaves_the_evidence_as_it_is() -> None:
    free = axis(-3.5, 3.5, 141)
    assert log_integral(classic(), free, free) == pytest.approx(CLASSIC_EVIDENCE, abs=1e-4)
    found = log_integral(classic(transform=ordered), axis(-3.5, 2, 111), axis(-18, 2.2, 253))
    assert found == pytest.approx(CLASSIC_EVIDENCE, abs=1e-4)


def by_weights(**kw: Any) -> aq.Model:
    with aq.Model() as model:
        w = aq.Dirichlet("w", [2.0, 2.0], **kw)
        means = aq.Normal("means", 0, 2, shape=2)
        aq.NormalMixture("y", w, means, 1, observed=[-1.5, -1.0, 0.2, 2.0, 2.5, 3.0])
    return model


def test_an_order_of_the_weights_leaves_the_evidence_as_it_is() -> None:
    free = axis(-9, 9, 61)
    expected = log_integral(by_weights(), axis(-14, 14, 71), free, free)
    found = log_integral(by_weights(transform=ordered), axis(-18, 14, 81), free, free)
    assert found == pytest.approx(expected, abs=1e-5)
