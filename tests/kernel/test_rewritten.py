"""Rewritten functions against the same ones as they were."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from aliquot.kernel import blocks, rewritten
from aliquot.kernel.blocks import many_rows
from aliquot.kernel.substitute import LEAST, mentions
from aliquot.precision import float64
from tests.programs import quick

ROWS = 997  # a prime number: no block divides it


@pytest.fixture(autouse=True)
def _few_rows_are_many(monkeypatch):
    monkeypatch.setattr(blocks, "LEAST_NUMBERS", 500)
    monkeypatch.setattr(blocks, "BLOCK", 128)
    monkeypatch.setattr(blocks, "BLOCK_OF_CALLS", 128)


RNG = np.random.default_rng(3)
X = RNG.standard_normal(ROWS)
DESIGN = RNG.standard_normal((ROWS, 3))
GROUP = RNG.integers(0, 7, ROWS)
THETA = RNG.standard_normal(7)


def mixture(theta, x):
    parts = [-0.5 * (x - theta[k]) ** 2 for k in range(3)]
    return jnp.sum(jax.nn.logsumexp(jnp.stack(parts), axis=0))


def mixture_with_rows_first(theta, x):
    return jnp.sum(jax.nn.logsumexp(-0.5 * (x[:, None] - theta[:4]) ** 2, axis=1))


def regression(theta, x, design):
    return jnp.sum(jax.nn.log_sigmoid(design @ theta[:3] + x)) - jnp.sum(theta**2)


def groups(theta, x, group):
    return -jnp.sum((x - theta[group]) ** 2) + jnp.max(x * theta[0])


def numbered(theta, x):
    return jnp.sum(jnp.sin(theta[0] * jnp.arange(ROWS) + x)) * theta[1]


def two_stages(theta, x):
    scaled = x * theta[0]
    centred = scaled - jnp.mean(scaled)
    return jnp.log(jnp.sum(centred**2)) + jnp.sum(jnp.exp(centred))


def running(theta, x):
    return jnp.sum(jnp.cumsum(x * theta[0]) ** 2) + jnp.sum(x[1:] * x[:-1] * theta[1])


def along_a_chain(theta, x):
    def step(carry, row):
        carry = jnp.log(jnp.exp(carry + row * theta[:2]) @ jnp.full((2, 2), 0.5))
        return carry, None

    return jnp.sum(jax.lax.scan(step, jnp.zeros(2), x)[0])


def matrices(theta, design):
    lower = jnp.tril(jnp.reshape(jnp.exp(theta[:1]), (1, 1)) * jnp.ones((3, 3)))
    return jnp.sum(jax.scipy.linalg.solve_triangular(lower, design.T, lower=True) ** 2)


def of_no_row(theta):
    return jnp.sum(jnp.log1p(theta**2))


def guarded(theta, x):
    ok = jnp.all(x > theta[0] - 100.0)
    return jnp.where(ok, jnp.sum(jnp.log(jnp.abs(x)) * theta[1]), -jnp.inf)


def checks(theta, x):
    return jnp.where(x.any() & (jnp.min(x) < theta[0]), jnp.prod(1 + theta[1] * x / ROWS), 0.0)


def taken_by_row(theta, design, group):
    wide = jnp.concatenate([design * theta[0], design + theta[1], design[:, :1]], axis=1)
    return jnp.sum(jnp.take_along_axis(wide, group[:, None], axis=1) ** 2)


def sliced(theta, design):
    wide = jnp.pad(design * theta[:3], ((0, 0), (1, 0)))
    return jnp.sum(jnp.sort(wide, axis=1)[:, 1] * jnp.cumsum(wide, axis=1)[:, 2])


CASES = [
    (mixture, X),
    (mixture_with_rows_first, X),
    (regression, X, DESIGN),
    (groups, X, GROUP),
    (numbered, X),
    (two_stages, X),
    (running, X),
    (along_a_chain, X),
    (matrices, DESIGN),
    (of_no_row,),
    (guarded, X),
    (checks, X),
    (taken_by_row, DESIGN, GROUP),
    (sliced, DESIGN),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case[0].__name__)
def test_value_and_gradient_are_the_same(case):
    function, *data = case
    plain = jax.value_and_grad(function)
    with float64():
        expected = quick(plain)(THETA, *data)
        found = quick(rewritten(plain))(THETA, *data)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-11, atol=1e-11 * np.max(np.abs(other)))


@pytest.mark.parametrize("case", CASES[1:6], ids=lambda case: case[0].__name__)
def test_the_same_for_several_points_at_once(case):
    function, *data = case
    points = np.stack([THETA, THETA + 0.1])
    batched = jax.vmap(jax.value_and_grad(function), in_axes=(0, *[None] * len(data)))
    with float64():
        expected = quick(batched)(points, *data)
        found = quick(rewritten(batched))(points, *data)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-11, atol=1e-11 * np.max(np.abs(other)))


def _longest_made(function, *arguments) -> int:
    """Give the length of the longest array that a jaxpr makes outside of its loops."""
    closed = jax.make_jaxpr(function)(*arguments)
    made = [out.aval.shape for e in closed.jaxpr.eqns for out in e.outvars]
    return max(max(shape, default=1) for shape in made)


def test_no_array_of_all_rows_is_made():
    for function, *data in [(mixture, X), (regression, X, DESIGN), (groups, X, GROUP)]:
        plain = jax.value_and_grad(function)
        with float64():
            assert _longest_made(plain, THETA, *data) >= ROWS
            assert _longest_made(rewritten(plain), THETA, *data) < ROWS


def test_what_is_blocked_is_recognised():
    with float64():
        closed = jax.make_jaxpr(lambda x: (jnp.sum(jnp.exp(x)), jnp.cumsum(x)))(X)
        assert many_rows(closed) == [ROWS]
        assert many_rows(jax.make_jaxpr(lambda x: jnp.sin(x) + 1.0)(X)) == []


def test_elementary_functions_are_replaced_also_in_loops():
    with float64():
        for function, size in ((lambda x: jnp.exp(x), 50), (_exp_in_a_loop, 50)):
            plain = jax.make_jaxpr(function)(np.ones(size))
            assert mentions(plain, {"exp"})
            fast = jax.make_jaxpr(rewritten(function))(np.ones(size))
            assert not mentions(fast, {"exp"})
            few = jax.make_jaxpr(rewritten(function))(np.ones(LEAST - 1))
            assert mentions(few, {"exp"})


def _exp_in_a_loop(x):
    return jax.lax.fori_loop(0, 3, lambda i, y: jnp.exp(-y), x)


def test_impossible_rows_and_infinities_stay():
    def function(theta, x):
        return jnp.sum(jnp.log(jnp.where(x > 0, theta[0], 0.0))), jnp.exp(x * np.inf)

    with float64():
        expected, found = quick(function)(THETA**2, X), quick(rewritten(function))(THETA**2, X)
    assert float(expected[0]) == float(found[0]) == -np.inf
    np.testing.assert_array_equal(found[1], expected[1])


@pytest.mark.parametrize("infinite", [-1, -100, 0], ids=["last", "in two blocks", "first"])
def test_a_row_that_two_blocks_hold_is_counted_once(infinite):
    """The last block reaches back; nought times an infinite row would not be nought."""
    x = X.copy()
    x[infinite] = -np.inf

    def function(theta, x, design, group):
        made = x * theta[0] ** 2
        return {
            "sum": jnp.sum(made),
            "dot": jnp.ones(ROWS) * 0.5 @ made,
            "matrix": jnp.stack([made, made + 1.0], axis=1).T @ (0.0 * design + 1.0),
            "groups": jnp.zeros(7).at[group].add(made),
            "count": jnp.sum(made < 0.0),
            "product": jnp.prod(jnp.where(made < -2.0, 2.0, 1.0)),
            "least": jnp.min(made),
            "greatest": jnp.max(made),
        }

    with float64():
        arguments = THETA, x, DESIGN, GROUP
        expected, found = quick(function)(*arguments), quick(rewritten(function))(*arguments)
    assert _longest_made(rewritten(function), *arguments) < ROWS
    for name, value in expected.items():
        np.testing.assert_allclose(found[name], value, rtol=1e-12, err_msg=name)


NARROW = [((50, 3), 1), ((50, 3), 0), ((3, 50), 1), ((3, 50), 0)]


@pytest.mark.parametrize(("shape", "axis"), NARROW)
@pytest.mark.parametrize("first", [True, False], ids=["matrix first", "vector first"])
def test_products_with_narrow_matrices(shape, axis, first):
    matrix, vector = RNG.standard_normal(shape), RNG.standard_normal(shape[axis])
    matrix[-1, 1], vector[0] = np.inf, 0.0

    def product(matrix, vector):
        if first:
            return jax.lax.dot_general(matrix, vector, (((axis,), (0,)), ((), ())))
        return jax.lax.dot_general(vector, matrix, (((0,), (axis,)), ((), ())))

    with float64():
        expected, found = quick(product)(matrix, vector), quick(rewritten(product))(matrix, vector)
        assert not mentions(jax.make_jaxpr(rewritten(product))(matrix, vector), {"dot_general"})
        wide = np.ones((50, 40)), np.ones(50)
        assert mentions(jax.make_jaxpr(rewritten(lambda m, v: v @ m))(*wide), {"dot_general"})
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)


def test_integers_and_single_precision_stay_as_they_are():
    def function(x, k):
        return jnp.exp(x), jnp.sum(k * 2), jnp.sum(x)

    x, k = X.astype(np.float32), GROUP
    with float64():
        expected, found = quick(function)(x, k), quick(rewritten(function))(x, k)
    assert [a.dtype for a in found] == [a.dtype for a in expected]
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5)
