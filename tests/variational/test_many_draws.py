"""The ELBO over many draws without its quadratic part, and the linear response at its optimum."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from aliquot.precision import float64
from aliquot.variational.fixed_draws import dadvi as module
from aliquot.variational.fixed_draws.dadvi import dadvi
from aliquot.variational.fixed_draws.few_draws import CAPACITY, FewDraws
from aliquot.variational.fixed_draws.many_draws import ManyDraws, taken_out
from aliquot.variational.fixed_draws.objective import fixed_noise
from aliquot.variational.fixed_draws.response import linear_response
from aliquot.variational.heights import Gradients
from tests.variational.targets import correlated_gaussian, mixture, of_height

HESSIAN = np.array([[-3.0, 0.7], [0.7, -0.5]])
PARAMS = np.array([0.3, -0.2, -0.9, -0.4])


def curved(x: Any, data: Any) -> Any:
    return -(jnp.exp(x[0]) - x[0] + x[1] ** 2 + 0.3 * x[1] ** 4 + jnp.cosh(x[0] * x[1]))


def value(params: Any, noise: np.ndarray) -> Any:
    """Write out the ELBO over noise (n, 2) with the quadratic of HESSIAN by its expectation."""
    spreads = jnp.exp(params[2:]) * noise
    exact = 0.5 * (jnp.exp(2 * params[2:]) * np.diag(HESSIAN)).sum()
    heights = jax.vmap(lambda z: curved(z, None))(params[:2] + spreads)
    quadratic = 0.5 * (spreads @ HESSIAN * spreads).sum(axis=1)
    return (heights - quadratic).mean() + exact + params[2:].sum()


def test_the_elbo_and_its_gradient_are_those_written_out() -> None:
    noise = fixed_noise(3, 6, 2)
    place = ManyDraws(Gradients(of_height(curved, 2)), noise, HESSIAN).at(PARAMS)
    assert place is not None
    with float64():
        exact, slope = jax.value_and_grad(value)(PARAMS, noise.reshape(-1, 2))
        by_group = [jax.grad(value)(PARAMS, group) for group in noise]
    assert place.elbo == pytest.approx(float(exact), rel=1e-12)
    np.testing.assert_allclose(place.slope, slope, rtol=1e-9, atol=1e-10)
    np.testing.assert_allclose(place.slopes, by_group, rtol=1e-9, atol=1e-10)


def test_the_hessian_is_that_written_out() -> None:
    target, noise = of_height(curved, 2), fixed_noise(3, CAPACITY, 2).reshape(-1, 2)
    found = FewDraws(target, 100, lambda: False).hessian(PARAMS, noise)
    assert found is not None
    with float64():
        exact = jax.hessian(value)(PARAMS, noise)
    np.testing.assert_allclose(found - taken_out(PARAMS, noise, HESSIAN), exact, rtol=1e-9)


@pytest.mark.parametrize("hessian", [HESSIAN, np.zeros((2, 2)), -20 * np.eye(2)])
def test_what_is_taken_out_changes_no_expectation(hessian: np.ndarray) -> None:
    """Noise that integrates polynomials exactly gives the same ELBO whichever quadratic is used."""
    nodes = np.array([-np.sqrt(3), 0, 0, 0, 0, np.sqrt(3)])  # Gauss and Hermite's, by weight
    noise = np.stack(np.meshgrid(nodes, nodes), axis=-1).reshape(1, -1, 2)
    target = of_height(lambda x, data: -(x[0] ** 4) - x[1] ** 2 + x[0] * x[1], 2)
    plain = ManyDraws(Gradients(target), noise, np.zeros((2, 2))).at(PARAMS)
    place = ManyDraws(Gradients(target), noise, hessian).at(PARAMS)
    assert plain is not None
    assert place is not None
    assert place.elbo == pytest.approx(plain.elbo, rel=1e-12)
    np.testing.assert_allclose(place.slope, plain.slope, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_of_a_gaussian_few_draws_tell_all(seed: int) -> None:
    target, mean, covariance = correlated_gaussian()
    found = dadvi(target, [mean + 1, mean - 2], seed=seed)
    assert found is not None
    assert found.draws == CAPACITY
    assert found.draws_error == pytest.approx(0, abs=1e-6)
    precision = np.linalg.inv(covariance)
    np.testing.assert_allclose(found.mean_field.std * np.sqrt(np.diag(precision)), 1, rtol=1e-3)


def test_climbs_end_at_the_same_optimum_from_a_rough_inverse() -> None:
    """A wrong first idea of the curvature costs steps, not exactness; a useless one is told."""
    target, noise = of_height(curved, 2), fixed_noise(3, 32, 2)
    many = ManyDraws(Gradients(target), noise, HESSIAN)
    begin = many.at(PARAMS)
    assert begin is not None
    ends = []
    for inverse in (0.2 * np.eye(4), np.diag([0.5, 0.1, 0.3, 0.3])):
        found = many.climbed(begin, inverse, lambda: False)
        assert found is not None
        assert found[1] < 1e-6
        ends.append(found[0].params)
    np.testing.assert_allclose(ends[0], ends[1], atol=2e-3)
    assert many.climbed(begin, -np.eye(4), lambda: False) is None
    assert many.climbed(begin, np.full((4, 4), np.nan), lambda: False) is None


def test_a_climb_stops_where_it_is_told_to() -> None:
    many = ManyDraws(Gradients(of_height(curved, 2)), fixed_noise(3, 4, 2), HESSIAN)
    begin = many.at(PARAMS)
    assert begin is not None
    found = many.climbed(begin, 0.2 * np.eye(4), lambda: True)
    assert found is not None
    np.testing.assert_array_equal(found[0].params, PARAMS)


def test_without_a_finite_density_at_a_draw_there_is_no_elbo() -> None:
    half = of_height(lambda x, data: jnp.where(x[0] > 0, -x[0], -jnp.inf), 1)
    many = ManyDraws(Gradients(half), fixed_noise(1, 4, 1), -np.eye(1))
    assert many.at(np.zeros(2)) is None


@pytest.mark.parametrize("few", ["of no use", "without a curvature"])
def test_where_few_draws_lead_nowhere_all_are_climbed_over(
    few: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The way that needs no near beginning leads to the same optimum."""
    usual = dadvi(mixture(), [np.zeros(2)], seed=4)
    if few == "of no use":
        tried: list[None] = []
        climbed = ManyDraws.climbed

        def second(self: ManyDraws, *args: Any) -> Any:
            tried.append(None)
            return None if len(tried) == 1 else climbed(self, *args)

        monkeypatch.setattr(ManyDraws, "climbed", second)
    else:
        off_saddles = FewDraws.off_saddles

        def none_at_first(self: FewDraws, climb: Any, noise: np.ndarray) -> Any:
            climb, curvature = off_saddles(self, climb, noise)
            return climb, None if len(noise) < CAPACITY else curvature

        monkeypatch.setattr(FewDraws, "off_saddles", none_at_first)
    found = dadvi(mixture(), [np.zeros(2)], seed=4)
    assert usual is not None
    assert found is not None
    away = (found.mean_field.mean - usual.mean_field.mean) / usual.mean_field.std
    assert np.abs(away).max() < 6 * module.ENOUGH
    assert found.response is not None


@pytest.mark.parametrize("most", [2, 64])
def test_linear_response_is_the_inverse_of_the_hessian(most: int) -> None:
    target = of_height(curved, 2)
    draws = FewDraws(target, 100, lambda: False)
    many = ManyDraws(Gradients(target), fixed_noise(3, 128, 2), HESSIAN)
    place = many.at(PARAMS)
    assert place is not None
    found = many.climbed(place, 0.2 * np.eye(4), lambda: False)
    assert found is not None
    params = found[0].params

    def noise_of(each: int) -> np.ndarray:
        return fixed_noise(5, each, 2)

    covariance = linear_response(draws, params, HESSIAN, noise_of, most)
    assert covariance is not None
    with float64():
        hessian = jax.hessian(value)(params, fixed_noise(9, 512, 2).reshape(-1, 2))
    exact = np.linalg.inv(-np.asarray(hessian))[:2, :2]
    off = np.sqrt(np.diag(covariance) / np.diag(exact)) - 1
    assert np.abs(off).max() < (0.3 if most == 2 else 0.1)


def test_where_it_is_stopped_there_is_no_response() -> None:
    stopped = FewDraws(of_height(curved, 2), 100, lambda: True)
    assert (
        linear_response(stopped, PARAMS, HESSIAN, lambda each: fixed_noise(5, each, 2), 4) is None
    )
