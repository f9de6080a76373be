"""The mean-field optimum over fixed draws, and the covariance by linear response."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from aliquot.errors import FitError
from aliquot.precision import float64
from aliquot.variational.fixed_draws.dadvi import ENOUGH, Optimum, dadvi
from aliquot.variational.fixed_draws.objective import GROUPS, elbo_derivatives, fixed_noise
from tests.variational.targets import correlated_gaussian, mixture, of_height

STARTS = [np.zeros(3), np.array([1.0, -1.0, 0.5])]


def fitted(*args: Any, **kwargs: Any) -> Optimum:
    found = dadvi(*args, **kwargs)
    assert found is not None
    return found


@pytest.mark.parametrize("each", [2, 4, 64])
@pytest.mark.parametrize("size", [1, 3, 40])
def test_noise_is_standard_in_every_group(each: int, size: int) -> None:
    noise = fixed_noise(7, each, size)
    assert noise.shape == (GROUPS, each, size)
    np.testing.assert_allclose(noise.mean(axis=1), 0, atol=1e-12)
    np.testing.assert_allclose((noise**2).mean(axis=1), 1)
    np.testing.assert_array_equal(noise, fixed_noise(7, each, size))
    if each > 2:
        assert len(np.unique(noise[:, :, 0].round(12), axis=0)) == GROUPS


def test_derivatives_are_those_that_jax_takes() -> None:
    def height(x: Any, data: Any) -> Any:
        return -(jnp.exp(x[0] * x[1]) + (x**4).sum()) + data * x[1]

    rng = np.random.default_rng(2)
    noise = rng.normal(size=(12, 2))
    params, direction = rng.normal(size=4) * 0.3, rng.normal(size=4)

    def elbo(params: Any) -> Any:
        points = params[:2] + jnp.exp(params[2:]) * noise[:6]
        return jax.vmap(lambda x: height(x, 1.5))(points).mean() + params[2:].sum()

    given = noise, np.int64(6), np.float64(1.5)
    with float64():
        value, gradient, product = elbo_derivatives(height)(params, direction, given)
        exact = elbo(params), jax.grad(elbo)(params), jax.hessian(elbo)(params) @ direction
    for found, right in zip((value, gradient, product), exact, strict=True):
        np.testing.assert_allclose(found, right, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_of_a_gaussian_everything_is_exact(seed: int) -> None:
    """The mean-field optimum has the inverse diagonal of the precision; the response is exact."""
    target, mean, covariance = correlated_gaussian()
    found = fitted(target, STARTS, seed=seed)
    assert found.response is not None
    assert found.draws_error is not None
    # A group of draws correlates by chance: what that does to means is no more than is said of it.
    sd = np.sqrt(np.diag(covariance))
    assert np.abs(found.mean_field.mean - mean).max() < 1e-6 * sd.max()
    precision = np.linalg.inv(covariance)
    ratio = found.mean_field.std * np.sqrt(np.diag(precision))
    np.testing.assert_allclose(np.log(ratio), 0, atol=6 * ENOUGH)
    np.testing.assert_allclose(found.response.covariance, covariance, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("seed", range(3))
def test_it_is_the_optimum_of_the_elbo(seed: int) -> None:
    """Against the stochastic optimum's ELBO, on the classic mixture, by the same quadrature."""
    target = mixture()
    found = fitted(target, [target.start], seed=seed)
    assert found.left < 1e-6
    assert len(found.hist) >= 1
    nodes, weights = np.polynomial.hermite_e.hermegauss(24)
    grid = np.stack(np.meshgrid(nodes, nodes), axis=-1).reshape(-1, 2)
    weights = np.outer(weights, weights).ravel() / (2 * np.pi)

    with float64():
        many = jax.jit(jax.vmap(lambda x: target.log_density(x, target.data)))

        def elbo(params: np.ndarray) -> float:
            points = params[:2] + np.exp(params[2:]) * grid
            return float(weights @ np.asarray(many(points))) + float(params[2:].sum())

        from scipy.optimize import minimize

        first = np.concatenate([found.mean_field.mean, np.log(found.mean_field.std)])
        best = minimize(lambda p: -elbo(p), first, method="Nelder-Mead", options={"fatol": 1e-8})
        assert elbo(first) > -best.fun - 0.1
    np.testing.assert_allclose(
        (found.mean_field.mean - best.x[:2]) / np.exp(best.x[2:]), 0, atol=5 * ENOUGH
    )
    assert found.hist[-1] == pytest.approx(
        best.fun - 1 - np.log(2 * np.pi), abs=6 / np.sqrt(found.draws)
    )


def test_the_best_start_wins() -> None:
    def height(x: Any, data: Any) -> Any:
        return jnp.logaddexp(-0.5 * (x[0] + 6) ** 2, 3 - 0.5 * (x[0] - 6) ** 2)

    starts = [np.array([-6.0]), np.array([6.0])]
    found = fitted(of_height(height, 1), starts, seed=1)
    assert found.mean_field.mean[0] == pytest.approx(6, abs=1e-3)


def test_a_density_that_is_zero_a_step_away_is_approached_narrowly() -> None:
    def height(x: Any, data: Any) -> Any:
        inside = jnp.abs(x[0] - 0.005) < 0.01
        return jnp.where(inside, -0.5 * (x[0] / 1e-4) ** 2, -jnp.inf)

    found = fitted(of_height(height, 1), [np.zeros(1)], seed=1)
    assert found.mean_field.std[0] == pytest.approx(1e-4, rel=1e-3)


def test_without_a_finite_start_there_is_none() -> None:
    assert dadvi(of_height(lambda x, data: x[0] * jnp.nan, 1), [np.zeros(1)], seed=1) is None


def test_without_an_optimum_coordinates_are_named() -> None:
    with pytest.raises(FitError, match=r"no optimum.*x\[1\]"):
        dadvi(of_height(lambda x, data: x[1] - x[0] ** 2, 2), [np.zeros(2)], seed=1)


def test_an_interrupt_keeps_what_there_is() -> None:
    asked: list[None] = []

    def stopped() -> bool:
        asked.append(None)
        return len(asked) > 3

    found = fitted(mixture(), [np.zeros(2)], seed=1, stopped=stopped)
    assert found.interrupted
    assert np.isfinite(found.mean_field.mean).all()


def test_the_same_seed_gives_the_same_fit() -> None:
    first, second = (fitted(mixture(), [np.zeros(2)], seed=5) for _ in range(2))
    np.testing.assert_array_equal(first.mean_field.mean, second.mean_field.mean)
