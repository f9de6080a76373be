"""Both families: the map from noise, its two implementations, and the moments it implies."""

import jax
import numpy as np
import pytest
from scipy import stats

from aliquot.precision import float64
from aliquot.variational.stochastic.family import FullRank, MeanField, entropy, noise_log_density
from tests.variational.members import draws

SIZE = 3
FAMILIES = [MeanField(SIZE), FullRank(SIZE)]
both = pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)


def random_params(family):
    rng = np.random.default_rng(1)
    params = family.init(rng.normal(size=SIZE), 0.7)
    return params + 0.5 * rng.normal(size=params.size)


@both
def test_init_is_centred_at_the_start_with_the_given_scale(family):
    start = np.array([1.0, -2.0, 3.0])
    member = family.gaussian(family.init(start, 0.25))
    np.testing.assert_array_equal(member.mean, start)
    np.testing.assert_allclose(member.covariance, 0.25**2 * np.eye(SIZE), rtol=1e-14)


@both
def test_host_and_compiled_draws_agree(family):
    params = random_params(family)
    noise = np.random.default_rng(2).normal(size=(5, SIZE))
    with float64():
        compiled = jax.vmap(family.draw, in_axes=(None, 0))(params, noise)
    np.testing.assert_allclose(draws(family, params, noise), compiled, rtol=1e-13)


@both
def test_moments_are_those_of_the_affine_map(family):
    params = random_params(family)
    corners = draws(family, params, np.vstack([np.zeros(SIZE), np.eye(SIZE)]))
    factor = (corners[1:] - corners[0]).T
    member = family.gaussian(params)
    np.testing.assert_allclose(member.mean, corners[0], rtol=1e-13)
    np.testing.assert_allclose(member.covariance, factor @ factor.T, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(member.std, np.sqrt(np.diag(factor @ factor.T)), rtol=1e-13)


@both
def test_log_det_and_entropy(family):
    params = random_params(family)
    with float64():
        jacobian = np.asarray(jax.jacobian(family.draw, argnums=1)(params, np.zeros(SIZE)))
    np.testing.assert_allclose(family.log_det(params), np.linalg.slogdet(jacobian)[1], rtol=1e-12)
    member = family.gaussian(params)
    np.testing.assert_allclose(member.scales[0].log_det, family.log_det(params), rtol=1e-12)
    exact = stats.multivariate_normal(member.mean, member.covariance)
    np.testing.assert_allclose(entropy(family, params), exact.entropy(), rtol=1e-12)


@both
def test_log_density_through_the_noise_is_that_of_the_gaussian(family):
    params = random_params(family)
    noise = np.random.default_rng(3).normal(size=(4, SIZE))
    member, points = family.gaussian(params), draws(family, params, noise)
    exact = stats.multivariate_normal(member.mean, member.covariance).logpdf(points)
    through = noise_log_density(noise) - family.log_det(params)
    np.testing.assert_allclose(through, exact, rtol=1e-11)
    np.testing.assert_allclose(member.log_density(points), exact, rtol=1e-11)


@both
def test_each_parameter_moves_only_its_own_coordinate(family):
    params = random_params(family)
    noise = np.random.default_rng(4).normal(size=(1, SIZE))
    before = draws(family, params, noise)[0]
    for index in range(params.size):
        moved = params.copy()
        moved[index] += 0.1
        changed = np.flatnonzero(draws(family, moved, noise)[0] != before)
        assert set(changed) <= {family.coordinate(index)}


def test_the_square_of_a_full_rank_factor_has_no_effect_on_or_above_its_diagonal():
    family = FullRank(SIZE)
    params = random_params(family)
    moved = params.copy()
    moved[2 * SIZE :] += np.triu(np.ones((SIZE, SIZE))).ravel()
    with float64():
        gradient = jax.grad(lambda p: family.draw(p, np.ones(SIZE)).sum())(params)
    before, after = (family.gaussian(each).covariance for each in (params, moved))
    np.testing.assert_array_equal(after, before)
    np.testing.assert_array_equal(np.triu(gradient[2 * SIZE :].reshape(SIZE, SIZE)), 0)
