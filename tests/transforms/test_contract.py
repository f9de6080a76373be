"""What every transform promises, for each row of the table."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from aliquot.transforms import Transform
from tests.programs import quick
from tests.transforms.cases import CASES, EACH, IDS, compiled

each = pytest.mark.parametrize(("case", "shape"), EACH, ids=IDS)
BIJECTIVE = [row for row in zip(EACH, IDS, strict=True) if row[0][0].bijective]


def coordinates(case, shape, rng, scale=1.0):
    return scale * rng.uniform(-1, 1, case.transform.unconstrained_shape(shape))


@each
def test_round_trips(case, shape, rng):
    y = coordinates(case, shape, rng, 2.0)
    found = compiled(case.transform)(y)
    assert found.x.shape == shape
    assert case.support.check(found.x).all()
    np.testing.assert_allclose(found.y, y, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(found.x_again, found.x, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    ("case", "shape"), [row for row, _ in BIJECTIVE], ids=[name for _, name in BIJECTIVE]
)
def test_log_jacobian_is_that_of_autodiff(case, shape, rng):
    transform, dims = case.transform, case.transform.event_dims
    y = coordinates(case, shape, rng, 2.0)
    batch = shape[: len(shape) - dims]
    given = compiled(transform)(y).log_jacobian
    assert given.shape == batch

    # One event's Jacobian at a time: the block of the whole that belongs to it.
    whole = np.asarray(quick(jax.jacfwd(transform.backward))(y))
    for index in np.ndindex(batch):
        block = whole[index][(Ellipsis, *index, *(slice(None),) * (y.ndim - len(batch)))]
        block = block.reshape(*shape[len(batch) :], -1)
        n = block.shape[-1]
        square = np.stack([case.free(block[..., j]) for j in range(n)], axis=-1)
        assert square.shape == (n, n)
        expected = np.linalg.slogdet(square)[1]
        np.testing.assert_allclose(given[index], expected, rtol=1e-10, atol=1e-10)


@each
def test_extreme_coordinates_are_finite_and_inside(case, shape, rng):
    transform = case.transform
    whole = transform.unconstrained_shape(shape)
    corners = [np.full(whole, 1.0), np.full(whole, -1.0), *rng.choice([-1.0, 1.0], (6, *whole))]
    points = np.concatenate([40.0 * np.stack(corners), 700.0 * np.stack(corners)])

    @quick
    @jax.vmap
    def explore(y):
        x, pull = jax.vjp(transform.backward, y)
        jacobian, slope = jax.value_and_grad(lambda y: jnp.sum(transform.log_det_jacobian(y)))(y)
        # The gradients of a sum, and of the logarithms that densities are made of.
        logs = jnp.where(x > 0, 1.0 / jnp.where(x > 0, x, 1.0), 0.0)
        return x, jacobian, slope, pull(jnp.ones_like(x))[0], pull(logs)[0]

    x, *rest = explore(points)
    assert np.isfinite(x).all()
    assert case.support.check(np.asarray(x)).all()
    for values in rest:
        assert np.isfinite(values).all()


@each
def test_start_is_inside_whatever_the_mean_and_the_mean_if_it_is_inside(case, shape, rng):
    start = quick(case.transform.start)
    starts = []
    for mean in (0.0, 5.0, -4.0, np.nan, np.inf, -np.inf, rng.normal(0, 3, shape)):
        for sd in (1.0, 1e-3, 50.0, np.nan, np.inf, 0.0):
            means, sds = np.broadcast_to(mean, shape), np.broadcast_to(sd, shape)
            starts.append(np.asarray(start(means, sds)))
            assert starts[-1].shape == shape
            assert case.support.check(starts[-1]).all()
    assert np.isfinite(quick(jax.vmap(case.transform.forward))(np.stack(starts))).all()

    x = compiled(case.transform)(coordinates(case, shape, rng)).x
    kept = np.eye(shape[-1]) if case.name == "cholesky of a correlation" else x
    np.testing.assert_allclose(start(x, np.ones(shape)), np.broadcast_to(kept, shape), rtol=1e-14)


@each
def test_vmap_agrees_with_one_at_a_time(case, shape, rng):
    points = np.stack([coordinates(case, shape, rng) for _ in range(3)])
    one_by_one = [compiled(case.transform)(y) for y in points]
    # The transform is an argument: its bounds are traced too.
    program = jax.vmap(lambda t, y: (t.backward(y), t.log_det_jacobian(y)), (None, 0))
    x, log_jacobian = quick(program)(case.transform, points)
    same = {"rtol": 1e-13, "atol": 1e-13}
    np.testing.assert_allclose(x, [found.x for found in one_by_one], **same)
    np.testing.assert_allclose(log_jacobian, [found.log_jacobian for found in one_by_one], **same)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_is_a_pytree_whose_leaves_are_its_bounds(case):
    leaves, structure = jax.tree.flatten(case.transform)
    assert len(leaves) == bounds(case.transform)
    again = jax.tree.unflatten(structure, leaves)
    assert type(again) is type(case.transform)
    assert hash(structure) == hash(jax.tree.structure(again))


def bounds(transform):
    """Count the bounds of a transform and of those that it is made of."""
    parts = (getattr(transform, field) for field in transform.fields)
    return sum(bounds(part) if isinstance(part, Transform) else 1 for part in parts)
