"""What is relied on of JAX's insides: a new version of JAX that changes it fails here first."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from aliquot.precision import float64
from aliquot.primitives import internals, name_of, only_branch, with_derivative


def jaxpr(function, *arguments):
    with float64():
        return jax.make_jaxpr(function)(*arguments)


def test_atoms():
    program = jaxpr(lambda x, y: (x + 2.0, jnp.cos(y)), 1.0, np.ones(3))
    (total, product) = program.jaxpr.eqns
    variable, number = total.invars
    assert internals.is_literal(number)
    assert not internals.is_literal(variable)
    assert internals.variables(total.invars) == [variable]
    assert internals.shape_of(variable) == ()
    assert (internals.shape_of(product.outvars[0]), internals.size_of(product.outvars[0])) == (
        (3,),
        3,
    )
    made = internals.literal(4, np.float32)
    assert (made.val, made.aval.dtype, made.aval.shape) == (4.0, np.float32, ())
    assert internals.struct(product.outvars[0]) == jax.ShapeDtypeStruct((3,), np.float64)


def test_what_nothing_reads_is_found():
    program = jaxpr(lambda x: jax.lax.sort((x, x), num_keys=1)[0], np.ones(3))
    (sort,) = program.jaxpr.eqns
    assert [var in internals.used(program.jaxpr) for var in sort.outvars] == [True, False]


def test_a_traced_value_is_no_number():
    seen = []
    jax.make_jaxpr(lambda x: seen.append(internals.is_traced(x)))(1.0)
    assert seen == [True]
    assert not internals.is_traced(np.ones(2))
    assert not internals.is_traced(jnp.ones(2))


@pytest.mark.parametrize(
    ("function", "count"),
    [
        (jax.jit(jnp.exp), 1),
        (jax.checkpoint(jnp.exp), 1),
        (jax.nn.relu, 1),
        (lambda x: jax.lax.cond(x > 0, jnp.sin, jnp.cos, x), 2),
        (lambda x: jax.lax.while_loop(lambda y: y < 9, lambda y: y + 1, x), 2),
        (lambda x: jax.lax.scan(lambda c, _: (c + 1, c), x, None, 3), 1),
    ],
)
def test_programs_in_an_equation_are_found(function, count):
    *_, equation = jaxpr(function, 1.0).jaxpr.eqns
    found = internals.programs(equation)
    assert len(found) == count
    assert all(hasattr(each, "consts") and each.jaxpr.eqns for each in found)


def test_every_equation_is_met_at_any_depth():
    def function(x):
        return jax.lax.cond(x > 0, jax.jit(lambda x: jax.checkpoint(jnp.sin)(x)), jnp.cos, x)

    names = {name_of(equation) for equation in internals.every_equation(jaxpr(function, 1.0))}
    assert {"cond", "sin", "cos", "gt"} <= names


def test_an_equation_is_applied_to_other_values():
    (equation,) = jaxpr(lambda x: jnp.cumsum(x), np.ones(3)).jaxpr.eqns
    if internals.programs(equation):
        (equation,) = internals.programs(equation)[0].jaxpr.eqns
    with float64():
        (found,) = internals.bind(equation, [jnp.arange(3.0)])
        (back,) = internals.bind(equation, [jnp.arange(3.0)], equation.params | {"reverse": True})
    np.testing.assert_array_equal(found, [0, 1, 3])
    np.testing.assert_array_equal(back, [3, 3, 2])
    (number,) = internals.run(equation, [np.array([1.0, 2.0, 4.0])])
    assert isinstance(number, np.ndarray)
    np.testing.assert_array_equal(number, [1, 3, 7])


def test_a_jaxpr_is_put_together():
    program = jaxpr(lambda x: np.arange(2.0) * x + 1.0, np.full(2, 3.0))
    constants = list(zip(program.jaxpr.constvars, program.consts, strict=True))
    equations = [internals.renewed(e, e.invars) for e in program.jaxpr.eqns]
    again = internals.assembled(
        program.jaxpr, constants, program.jaxpr.invars, program.jaxpr.outvars, equations
    )
    with float64():
        (found,) = internals.replayed(again, program.consts, [np.full(2, 3.0)])
        (other,) = internals.replayed(again, [np.ones(2)], [np.full(2, 3.0)])
    np.testing.assert_array_equal(found, [1, 4])
    np.testing.assert_array_equal(other, [4, 4])
    (first, _) = equations
    assert internals.renewed(first, first.invars, rename=True).outvars != first.outvars


@jax.custom_jvp
def scaled(x, y):
    return x * y, y


@scaled.defjvp
def _scaled_derivative(primals, tangents):
    return scaled(*primals), (primals[1] * tangents[0], jnp.zeros_like(primals[1]))


def test_the_rule_of_a_function_with_a_derivative_of_its_own():
    (equation,) = jaxpr(scaled, 2.0, 3.0).jaxpr.eqns
    assert internals.written_name(with_derivative(equation)) == "scaled"
    rule = internals.derivative_rule(equation)
    assert rule is not None
    with float64():
        program, there = rule(2)
        results = internals.replayed(program, program.consts, [2.0, 3.0, 1.0, 0.0])
    assert len(results) == 2 + sum(there)
    assert [float(value) for value in results[:3]] == [6.0, 3.0, 3.0]


def test_the_branch_for_this_platform_is_chosen():
    program = jaxpr(jnp.diagonal, np.eye(3))
    chosen = [only_branch(equation) for equation in internals.every_equation(program)]
    assert any(chosen) or not any(name_of(e) == "cond" for e in internals.every_equation(program))
    (ordinary,) = (
        e
        for e in jaxpr(lambda x: jax.lax.cond(x > 0, jnp.sin, jnp.cos, x), 1.0).jaxpr.eqns
        if name_of(e) == "cond"
    )
    assert only_branch(ordinary) is None
