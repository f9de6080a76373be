"""The operation that the host computes: shapes, cases, what is asked of it in a trace."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from aliquot.precision import float64
from aliquot.primitives.on_host import compute, has_host_calls, on_host


def outer(x, y):
    """Give for cases x (n, 2) and y (n,) arrays (n, 2, 3)."""
    assert x.shape[1:] == (2,)
    assert y.shape == x.shape[:1]
    return x[:, :, None] * np.arange(3) + y[:, None, None]


def traced(function, *arguments):
    with float64():
        return jax.make_jaxpr(function)(*arguments)


def test_shapes_of_a_trace():
    program = traced(lambda x, y: on_host(outer, (2, 3), x, y), np.ones(2), 1.0)
    assert program.out_avals[0].shape == (2, 3)
    assert program.out_avals[0].dtype == np.float64
    many = traced(jax.vmap(lambda x, y: on_host(outer, (2, 3), x, y)), np.ones((5, 2)), np.ones(5))
    assert many.out_avals[0].shape == (5, 2, 3)


@pytest.mark.parametrize("axes", [(0, 0), (1, 0), (None, 0), (0, None)])
def test_cases_along_any_axis(axes):
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(4, 2)), rng.normal(size=4)
    operands = x if axes[0] is not None else x[0], y if axes[1] is not None else y[0]
    given = (operands[0].T if axes[0] == 1 else operands[0], operands[1])
    with float64():
        found = jax.vmap(lambda x, y: on_host(outer, (2, 3), x, y), in_axes=axes)(*given)
    wanted = outer(np.broadcast_to(operands[0], (4, 2)), np.broadcast_to(operands[1], (4,)))
    np.testing.assert_array_equal(found, wanted)


def test_it_is_computed_at_once_outside_of_traces():
    with float64():
        found = on_host(lambda x: 2 * x, (2,), np.array([1.0, 2.0]))
    np.testing.assert_array_equal(found, [2.0, 4.0])
    params = {"function": outer, "shape": (2, 3), "ranks": (1, 0)}
    one = compute(np.ones(2), np.zeros(()), **params)
    assert one.shape == (2, 3)
    two = compute(np.ones((3, 4, 2)), np.zeros((3, 4)), **params)
    assert two.shape == (3, 4, 2, 3)


def test_it_is_found_at_any_depth():
    def plain(x):
        return jax.lax.scan(lambda c, _: (jnp.sin(c), None), x, length=2)[0]

    def hidden(x):
        turn = lambda c, _: (jax.jit(lambda c: on_host(lambda x: np.sin(x), (), c))(c), None)  # noqa: E731
        return jax.lax.cond(x > 0, lambda x: jax.lax.scan(turn, x, length=2)[0], plain, x)

    assert not has_host_calls(traced(plain, 1.0))
    assert has_host_calls(traced(hidden, 1.0))
