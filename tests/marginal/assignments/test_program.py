"""What stands in the traced program: no gathers for mixtures, nothing longer than it must be."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from aliquot.marginal.assignments import Evaluator
from aliquot.precision import float64
from tests.marginal.assignments.families import MIXTURES, N
from tests.marginal.assignments.oracle import (
    check,
    evaluate,
    numbered,
    primitives,
    trace,
    uniform_states,
)

LOOKUPS = {
    "gather",
    "scatter",
    "scatter-add",
    "scatter_add",
    "dynamic_slice",
    "dynamic_update_slice",
}


@pytest.mark.parametrize("name", MIXTURES)
def test_families(name):
    case = MIXTURES[name]
    check(case.function, case.inputs, case.discrete, uniform_states(case.discrete), 1)


@pytest.mark.parametrize("name", MIXTURES)
def test_mixtures_have_no_lookups(name):
    case = MIXTURES[name]
    states = uniform_states(case.discrete)
    floats = [i for i, x in enumerate(case.inputs) if np.asarray(x).dtype.kind == "f"]
    with float64():
        closed = trace(case.function, case.inputs, case.discrete)

        def total(*values):
            return jnp.sum(evaluate(closed, values, states, 1))

        arguments = [jnp.asarray(x) for x in case.inputs]
        program = jax.make_jaxpr(jax.grad(total, floats))(*arguments)
    assert not primitives(program) & LOOKUPS


def shape_of(function, inputs, discrete, known=()):
    with float64():
        closed = trace(function, inputs, discrete)
        states = uniform_states(discrete)
        shapes = []

        def ours(*values):
            full = [inputs[i] if i in known else value for i, value in enumerate(values)]
            result = evaluate(closed, full, states, len(discrete))
            shapes.append(result.shape)
            return result

        jax.make_jaxpr(ours)(*(jnp.asarray(x) for x in inputs))
    return shapes[0]


A, Z = np.ones((3, 4)), numbered(N, 3)


@pytest.mark.parametrize(
    ("function", "inputs", "shape"),
    [
        (lambda m, z: m[z], (np.ones(3),), (3, 1)),
        (lambda m, z: jnp.log(m[z]) * 2 + 1, (np.ones(3),), (3, 1)),
        (lambda m, z: m[z][:, None], (np.ones(3),), (3, 1, 1)),
        (lambda P, z: P[z], (A,), (3, 1, 4)),
        (lambda P, z: P[:, z], (A.T,), (3, 4, 1)),
        (lambda P, z: P[z].sum(1), (A,), (3, 1)),
        (lambda P, z: P[z].sum(0), (A,), (3, 4)),
        (lambda P, z: P[z].reshape(2, N // 2, 4), (A,), (3, 1, 1, 4)),
        (lambda P, z: P[z] @ np.arange(8.0).reshape(4, 2), (A,), (3, 1, 2)),
        (lambda P, z: jnp.cumsum(P[z], axis=1), (A,), (3, 1, 4)),
        (lambda m, z: m[z[::-1]][1:], (np.ones(3),), (3, 1)),
        (lambda m, z: jax.nn.softplus(m[z]), (np.ones(3),), (3, 1)),
        (lambda m, z: jnp.sum(m[z]), (np.ones(3),), (3,)),
        (lambda m, g, z: m[z[g]], (np.ones(3), np.zeros(N, int)), (3, 1)),
        (lambda m, y, z: m[z] + y, (np.ones(3), np.ones(N)), (3, N)),
        (lambda m, z: jnp.broadcast_to(m, (N,)), (np.ones(()),), (1, 1)),
    ],
)
def test_stays_compact(function, inputs, shape):
    assert shape_of(function, inputs, [Z]) == shape


def test_each_input_has_its_lane():
    two = [numbered(N, 3), numbered(N, 4)]
    assert shape_of(lambda P, z, x: P[z, x], (A,), two) == (3, 4, 1)
    assert shape_of(lambda P, z, x: P[z, 0] + 0 * P[0, 0], (A,), two) == (3, 1, 1)


def counted(closed, inputs, calls):
    """Count the operations of a program that evaluates several atoms."""

    def run(*values):
        evaluator = Evaluator(closed, [*values, None])
        return [evaluator.at(atom, states, lanes) for atom, states, lanes in calls]

    return [e.primitive.name for e in jax.make_jaxpr(run)(*inputs).jaxpr.eqns]


def test_shared_work_is_done_once():
    with float64():
        closed = trace(lambda m, y, z: jnp.cos(m)[z] + jnp.sin(y), (np.ones(3), np.ones(N)), [Z])
        out = closed.jaxpr.outvars[0]
        calls = [(out, {2: (k, np.array([k]))}, 0) for k in range(3)]
        calls += [(out, {2: (0, np.array([0]))}, 0)]
        names = counted(closed, [jnp.ones(3), jnp.ones(N)], calls)
    assert names.count("sin") == 1
    assert names.count("cos") == 1
    assert names.count("add") == 3


def test_a_branch_that_is_not_taken_is_not_computed():
    def function(a, z):
        return jax.lax.select(z == 1, jnp.sin(a), jnp.cos(a))

    with float64():
        closed = trace(function, (np.ones(N),), [Z])
        out = closed.jaxpr.outvars[0]
        names = counted(closed, [jnp.ones(N)], [(out, {1: (0, np.array([0]))}, 0)])
    assert "cos" in names
    assert "sin" not in names


def test_long_programs_need_no_deep_stack():
    def function(m, z):
        x = m[z]
        for _ in range(3000):
            x = x + 1.0
        return x

    with float64():
        closed = trace(function, (np.ones(3),), [Z])
        assert np.shape(evaluate(closed, [jnp.arange(3.0)], uniform_states([Z]), 1)) == (3, 1)


def test_no_states():
    with float64():
        closed = trace(lambda m, z: m[z], (np.ones(3),), [Z])
        evaluator = Evaluator(closed, [jnp.ones(3), None])
        with pytest.raises(ValueError, match="input 1 of the program is discrete"):
            evaluator.at(closed.jaxpr.outvars[0], {}, 0)


def test_states_of_another_shape():
    with float64():
        closed = trace(lambda m, z: m[z], (np.ones(3),), [Z])
        evaluator = Evaluator(closed, [jnp.ones(3), None])
        with pytest.raises(ValueError, match=r"shape \(3, 2\).*does not fit"):
            evaluator.at(closed.jaxpr.outvars[0], {1: ("z", np.zeros((3, 2), int))}, 1)


def test_known_positions_keep_states_compact():
    group = np.array([4, 0, 3, 3, 1, 5])

    def function(m, g, z):
        return m[
            jnp.take(z, g)
        ]  # fills where g is beyond the end: it has to be known that it is not

    inputs = (np.arange(3.0), group)
    assert shape_of(function, inputs, [Z], known={1}) == (3, 1)
    check(function, inputs, [Z], uniform_states([Z]), 1, known={1})
