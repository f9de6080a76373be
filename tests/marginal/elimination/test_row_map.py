"""Adding rows into rows: every way to do it, its derivative, and what the program holds."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from aliquot.marginal.elimination.row_map import RowMap
from aliquot.precision import float64

A = np.arange
RNG = np.random.default_rng(3)
# Source rows, target rows, how many sources and targets, and the operation that must not be there.
MAPS = {
    "identity": (A(6), A(6), 6, 6),
    "total": (A(6), np.zeros(6, int), 6, 1),
    "repeat": (A(6), A(6) // 2, 6, 3),
    "tile": (A(6), A(6) % 3, 6, 3),
    "transpose": (A(6), np.array([0, 3, 1, 4, 2, 5]), 6, 6),
    "slice": (A(1, 6, 2), A(3), 6, 3),
    "pad": (A(2), np.array([1, 4]), 2, 6),
    "reverse": (A(5)[::-1], A(5), 5, 5),
    "reversed pad": (A(3), np.array([4, 2, 0]), 3, 5),
    "permutation": (A(7), RNG.permutation(7), 7, 7),
    "unequal": (A(7), np.array([0, 0, 2, 1, 2, 2, 4]), 7, 5),
    "some": (np.array([6, 1, 3]), np.array([0, 0, 2]), 7, 3),
    "none": (np.empty(0, int), np.empty(0, int), 4, 3),
    "very unequal": (A(90), np.where(A(90) < 80, 0, A(90) - 79), 90, 200),
}
REGULAR = ["identity", "total", "repeat", "tile", "transpose", "slice", "pad", "reverse"]


@pytest.mark.parametrize("leading", [(), (2, 3)])
@pytest.mark.parametrize("name", MAPS)
def test_equals_the_matrix(rng, name, leading):
    source, target, sources, targets = MAPS[name]
    matrix = np.zeros((sources, targets))
    matrix[source, target] = 1
    row_map = RowMap(source, target, sources, targets)
    rows = rng.normal(size=(*leading, sources))
    weights = rng.normal(size=(*leading, targets))
    with float64():
        found, back = jax.vjp(row_map.apply, jnp.asarray(rows))
        np.testing.assert_allclose(found, rows @ matrix, rtol=1e-13, atol=1e-13)
        np.testing.assert_allclose(back(jnp.asarray(weights))[0], weights @ matrix.T, rtol=1e-13)
        np.testing.assert_array_equal(row_map.read_back(weights), weights @ matrix.T)
        equal = row_map.apply(jnp.asarray(rows[..., :1]))
        expected = np.broadcast_to(rows[..., :1], rows.shape) @ matrix
        np.testing.assert_allclose(np.broadcast_to(equal, expected.shape), expected, rtol=1e-13)


@pytest.mark.parametrize("name", MAPS)
def test_impossible_rows_stay_apart(name):
    source, target, sources, targets = MAPS[name]
    rows = np.where(A(sources) % 2 == 0, -np.inf, 1.0)
    expected = np.zeros(targets)
    np.add.at(expected, target, rows[source])
    with float64():
        found = RowMap(source, target, sources, targets).apply(jnp.asarray(rows))
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("name", [*REGULAR, "reversed pad", "permutation", "unequal", "some"])
def test_program_and_gradient_hold_no_scatter(name):
    source, target, sources, targets = MAPS[name]
    row_map = RowMap(source, target, sources, targets)
    gradient = jax.grad(lambda rows: jnp.sum(row_map.apply(rows) ** 2))
    text = jax.jit(gradient).lower(np.zeros(sources, np.float32)).as_text()
    assert "scatter" not in text
    if name in REGULAR:
        assert "gather" not in text


def test_vectorises_and_differentiates_twice(rng):
    source, target, sources, targets = MAPS["unequal"]
    row_map = RowMap(source, target, sources, targets)
    matrix = np.zeros((sources, targets))
    matrix[source, target] = 1
    with float64():
        rows = jnp.asarray(rng.normal(size=sources))
        hessian = jax.hessian(lambda r: jnp.sum(row_map.apply(r) ** 2))(rows)
        many = jax.vmap(row_map.apply, in_axes=1)(jnp.stack([rows, 2 * rows], axis=1))
        expected = jnp.stack([rows @ matrix, 2 * rows @ matrix])
    np.testing.assert_allclose(hessian, 2 * matrix @ matrix.T, rtol=1e-13)
    np.testing.assert_allclose(many, expected, rtol=1e-13)
