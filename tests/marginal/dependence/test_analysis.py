"""What the analysis says of computations too large or too entangled, and what it looks at."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.extend.core import Literal, jaxpr_as_fun

from aliquot.marginal.dependence import LIMIT, Mixed, Reference, analyse
from aliquot.marginal.dependence.references import everything, union
from aliquot.precision import float64
from aliquot.primitives import evaluate, inline
from tests.marginal.dependence.influence import analysed

Z = np.zeros(200, int)
MANY = 1_000_000


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        (jnp.sort, "np.sort of 200 values"),
        (jnp.cumsum, "np.cumsum of 200 values"),
        (jnp.max, "np.max of 200 values"),
        (lambda z: z @ np.ones((200, 3), int), "a matrix product of 200 values"),
        (lambda z: jnp.exp(jnp.sum(z)) * jnp.arange(4), "np.sum of 200 values"),
        (lambda z: jnp.sort(z)[::-1] + z, "np.sort of 200 values"),
        (
            lambda z: jax.lax.fori_loop(0, 200, lambda i, x: x + z[i], 0),
            "a loop (jax.lax.scan) of 200 values",
        ),
        (lambda z: z[jnp.cumsum(z)], "indexing, at places not known beforehand, of 200 values"),
    ],
)
def test_what_mixes_is_named(function, reason):
    (piece,) = analysed(function, (Z,)).summands
    assert piece.dependence == Mixed(frozenset({0}), reason)


def test_as_many_elements_as_the_limit_are_listed():
    (piece,) = analysed(jnp.sum, (np.zeros(LIMIT, int),)).summands
    assert [int(reference.index) for reference in piece.dependence] == list(range(LIMIT))
    (piece,) = analysed(jnp.sum, (np.zeros(LIMIT + 1, int),)).summands
    assert isinstance(piece.dependence, Mixed)


def test_a_mixture_of_variables_names_them_all():
    (piece,) = analysed(lambda a, b, c: jnp.sort(a) + b[0], (Z, Z, Z)).summands
    assert piece.dependence == Mixed(frozenset({0, 1}), "np.sort of 200 values")


def test_axes_along_which_nothing_changes_stay_short():
    def rows(z, scalar, data):
        return (jnp.asarray(np.ones(3))[z][:, None] + scalar) * data

    data = np.ones((200, 5))
    (piece,) = analysed(rows, (Z, np.zeros((), int)), (data,)).summands
    assert [reference.index.shape for reference in piece.dependence] == [(200, 1), (1, 1)]


def test_places_that_list_nothing_are_filled_from_other_slots():
    mask = np.arange(200) % 2 == 0
    (piece,) = analysed(
        lambda z: jnp.where(mask, z, 0) + jnp.where(mask, 1, z[::-1]), (Z,)
    ).summands
    (reference,) = piece.dependence
    np.testing.assert_array_equal(
        reference.index, np.where(mask, np.arange(200), np.arange(200)[::-1])
    )


def test_an_element_is_listed_once():
    first = Reference(0, np.array([0, 1, 2]))
    second = Reference(0, np.array([0, 2, 2]))
    joined = union([(first,), (second,)], "a sum")
    assert [reference.index.tolist() for reference in joined] == [[0, 1, 2], [-1, 2, -1]]
    alone = Reference(0, np.array([1]))
    joined = union([(second,), (Reference(0, np.array([0])),), (alone,)], "a sum")
    assert [reference.index.tolist() for reference in joined] == [[-1, 2, 2], [0], [1]]


def test_everything_lists_elements_of_all_operands():
    parts = [(Reference(0, np.array([0, -1, 2])),), (Reference(1, np.array([5])),)]
    found = everything(parts, 2, "something")
    assert [(reference.variable, reference.index.tolist()) for reference in found] == [
        (0, [[0]]),
        (0, [[2]]),
        (1, [[5]]),
    ]


def test_only_values_that_decide_are_looked_at():
    def term(z, group, weights):
        return (jnp.asarray(np.ones(3))[z[group]] * weights).sum() + weights[z[0]]

    def unasked():
        raise AssertionError("these weights do not matter")

    with float64():
        closed = jax.make_jaxpr(term)(Z, np.zeros(5, int), np.ones(5))
    group = np.array([4, 4, 3, 2, 0])
    analysis = analyse(closed, discrete={0: 0}, known={1: lambda: group, 2: unasked})
    assert analysis.consulted == {1}
    (rows,), (scalar,) = (piece.dependence for piece in analysis.summands)
    assert rows.index.tolist() == group.tolist()
    assert scalar.index.tolist() == 0


def test_an_index_that_is_not_known_may_be_any():
    def term(z, group):
        return z[group]

    (piece,) = analysed(term, (np.zeros(3, int),), (np.array([0, 1]),), known=False).summands
    assert [reference.index.tolist() for reference in piece.dependence] == [[0], [1], [2]]
    (piece,) = analysed(term, (Z,), (np.array([0, 1]),), known=False).summands
    assert piece.dependence == Mixed(
        frozenset({0}), "indexing, at places not known beforehand, of 200 values"
    )


def test_a_million_rows_are_no_burden():
    def term(z, means, y):
        return -((y - means[z[::-1]]) ** 2).sum()

    (piece,) = analysed(
        term, (np.zeros(MANY, int),), (np.ones(3), np.ones(MANY)), whole=False
    ).summands
    (reference,) = piece.dependence
    assert reference.index.shape == (MANY,)
    assert reference.index[0] == MANY - 1


def test_inlining_keeps_the_computation():
    table = np.arange(3.0)

    @jax.jit
    def inner(x):
        return jnp.where(x > 1, x, 0.0) * table

    def outer(x):
        return inner(inner(x)) + jax.checkpoint(inner)(x), jnp.diagonal(x * jnp.eye(3)), x

    with float64():
        closed = jax.make_jaxpr(outer)(np.ones(3))
        flat = inline(closed)
        names = {equation.primitive.name for equation in flat.jaxpr.eqns}
        assert names.isdisjoint({"jit", "pjit", "remat", "remat2", "checkpoint", "cond"})
        assert len(flat.consts) == len({id(const) for const in flat.consts})
        x = np.array([0.5, 2.0, 3.0])
        for ours, theirs in zip(jaxpr_as_fun(flat)(x), outer(x), strict=True):
            np.testing.assert_array_equal(ours, theirs)


KNOWN = [
    lambda x: jnp.where(x < 0, x + 5, x)[:, None].T[::-1, ::2],
    lambda x: jnp.concatenate([x.astype(np.int8), jnp.arange(3, dtype=np.int8)]).reshape(2, -1),
    lambda x: (jnp.floor(x / 2.0), jnp.ceil(x * 0.3), jnp.sign(x), abs(-x), x.astype(bool)),
    lambda x: (x >= 2) & ~(x == 3) | (x != 1) & (x <= 4) & (x > 0),
    lambda x: (x % 3, jnp.clip(x, 0, 2), jnp.minimum(x, 1), jnp.maximum(x, 1), x - 2, x * x),
    lambda x: (jnp.cumsum(x), jnp.sort(x), jnp.max(x), jnp.min(x), jnp.any(x > 1), jnp.all(x > 1)),
    lambda x: (jnp.isfinite(x / 0.0), jnp.broadcast_to(x, (2, 5)), (x * 0.7).astype(np.int32)),
    lambda x: jax.lax.select_n(jnp.abs(x) % 3, x, x * 2, x * 3),
    lambda x: (jax.lax.iota(np.int32, 4), jax.lax.broadcasted_iota(int, (2, 3), 1) + x[0]),
]


@pytest.mark.parametrize("function", KNOWN)
def test_known_values_are_those_of_the_program(function):
    x = np.array([-2, 0, 3, 1, 4])
    with float64():
        closed = inline(jax.make_jaxpr(function)(x))
        expected = jaxpr_as_fun(closed)(x)
        values = dict(zip(closed.jaxpr.invars, [x], strict=True))
        values |= dict(zip(closed.jaxpr.constvars, closed.consts, strict=True))
        for equation in closed.jaxpr.eqns:
            given = [
                atom.val if isinstance(atom, Literal) else values[atom] for atom in equation.invars
            ]
            values.update(zip(equation.outvars, evaluate(equation, *given), strict=True))
    for var, value in zip(closed.jaxpr.outvars, expected, strict=True):
        assert values[var].dtype == value.dtype
        np.testing.assert_array_equal(values[var], value)
