"""The table of primitives, the walk and what follows for shapes."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from aliquot.precision import float64
from aliquot.primitives import (
    FlatProgram,
    Kind,
    Walk,
    gather_indexing,
    in_words,
    kind,
    name_of,
    scatter_indexing,
    working_axes,
)
from aliquot.primitives.axes import groups
from aliquot.primitives.internals import every_equation


def equation_of(name, function, *arguments):
    with float64():
        program = jax.make_jaxpr(function)(*arguments)
    return next(e for e in every_equation(program) if name_of(e) == name)


@pytest.mark.parametrize(
    ("name", "function", "expected"),
    [
        ("add", lambda x: x + 1, Kind.ELEMENTWISE),
        ("add", lambda x: x[:, None] + x[None], Kind.ELEMENTWISE),
        ("bitcast_convert_type", lambda x: x.view(np.int64), Kind.ELEMENTWISE),
        (
            "bitcast_convert_type",
            lambda x: jax.lax.bitcast_convert_type(x, np.int32),
            Kind.OTHER,
        ),
        ("reduce_sum", jnp.sum, Kind.REDUCES),
        ("scan", lambda x: jax.lax.scan(lambda c, y: (c, y), 0.0, x), Kind.OTHER),
    ],
)
def test_kinds(name, function, expected):
    assert kind(equation_of(name, function, np.ones(3))) is expected


def test_a_primitive_that_is_not_in_the_table_is_nothing_special():
    equation = equation_of("erf_inv", jax.lax.erf_inv, np.zeros(2))
    unknown = type("Unknown", (), {"name": "never_heard_of"})
    strange = type("Equation", (), {"primitive": unknown, "invars": equation.invars})
    assert working_axes(strange) is None
    assert in_words(strange) == "the operation 'never_heard_of'"


def test_axes_that_are_worked_along():
    x = np.ones((2, 3, 4))
    assert working_axes(equation_of("reduce_max", lambda x: x.max((0, 2)), x)) == (0, 2)
    assert working_axes(equation_of("sort", lambda x: jnp.sort(x, 1), x)) == (1,)
    assert working_axes(equation_of("cumsum", lambda x: jnp.cumsum(x, -1), x)) == (2,)
    assert working_axes(equation_of("cholesky", jax.lax.linalg.cholesky, x[:, :3, :3])) == (1, 2)
    assert working_axes(equation_of("add", lambda x: x + 1, x)) is None


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ((6,), (2, 3), [([0], [0, 1])]),
        ((2, 3, 4), (6, 4), [([0, 1], [0]), ([2], [1])]),
        ((2, 1, 3), (1, 6), [([0, 2], [1])]),
        ((1, 1), (1,), []),
        ((4, 9), (2, 2, 3, 3), [([0], [0, 1]), ([1], [2, 3])]),
    ],
)
def test_groups_of_axes(before, after, expected):
    assert groups(before, after) == expected


CASES = [
    lambda x, i: x[i],
    lambda x, i: x[:, i],
    lambda x, i: x[i, i[::-1]],
    lambda x, i: x[i[:, None], i[None]],
    lambda x, i: jnp.take_along_axis(x, i[:, None] * jnp.ones((1, 5), int), 0),
    lambda x, i: jax.vmap(lambda row, j: row[j])(x, i),
]


@pytest.mark.parametrize("function", CASES)
def test_coordinates_of_a_gather_are_those_that_are_read(function):
    x, i = np.arange(20.0).reshape(4, 5), np.array([2, 0, 3, 1])
    with float64():
        program = FlatProgram(jax.make_jaxpr(function)(x, i)).closed()
        read = Walk(program, [x, i], _numbers)
    (gather,) = (e for e in program.jaxpr.eqns if name_of(e) == "gather")
    operand, indices = (np.asarray(read[atom]) for atom in gather.invars)
    indexing = gather_indexing(gather)
    starts = {axis: indices[..., k] for k, axis in enumerate(indexing.axes)}
    coordinates, inside, whole = indexing.coordinates(starts)
    assert inside.all()
    assert whole.all()
    found = operand[tuple(np.broadcast_arrays(*coordinates))]
    expected = np.asarray(read[gather.outvars[0]])
    np.testing.assert_array_equal(np.broadcast_to(found, expected.shape), expected)


@pytest.mark.parametrize(
    "function", [lambda x, i: x.at[i].add(1.0), lambda x, i: x.at[:, i].set(x[:, :4] + 1)]
)
def test_coordinates_of_a_scatter_are_those_that_are_written(function):
    x, i = np.zeros((4, 5)), np.array([2, 0, 3, 1])
    with float64():
        program = FlatProgram(jax.make_jaxpr(function)(x, i)).closed()
        read = Walk(program, [x, i], _numbers)
    scatter = next(e for e in program.jaxpr.eqns if name_of(e).startswith("scatter"))
    operand, indices, updates = (np.asarray(read[atom]) for atom in scatter.invars)
    indexing = scatter_indexing(scatter)
    starts = {axis: indices[..., k] for k, axis in enumerate(indexing.axes)}
    coordinates, inside, _ = indexing.coordinates(starts)
    assert inside.all()
    found = np.array(operand)
    places = tuple(np.broadcast_to(each, updates.shape) for each in coordinates)
    found[places] = updates
    np.testing.assert_array_equal(found, read[scatter.outvars[0]])


def _numbers(equation, values):
    from aliquot.primitives.internals import bind

    return bind(equation, values)


def test_a_walk_goes_through_constants_and_literals():
    table = np.arange(3.0)
    with float64():
        program = jax.make_jaxpr(lambda x: (table * x + 1.0, table))(2.0)
    met = []

    def constant(atom, value):
        met.append(np.shape(value))
        return "constant"

    def step(equation, operands):
        return [f"{name_of(equation)}({', '.join(operands)})"]

    walk = Walk(program, ["x"], step, constant)
    assert walk.outputs[-1] == "constant"
    assert walk.outputs[0].startswith("add(mul(")
    assert (3,) in met
    assert () in met
