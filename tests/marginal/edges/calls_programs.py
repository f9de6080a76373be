"""Calls of what holds a program, and of what has no rule: it depends on all of its operands."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from tests.marginal.edges.call import Call, makes
from tests.marginal.edges.operands import Draw


def _mixed(x: Any, y: Any) -> Any:
    """A function whose results depend on other places than their own."""
    return jnp.flip(x, 0) * y + x[:1]


@jax.custom_jvp
def with_jvp(x: Any, y: Any) -> Any:
    return _mixed(x, y)


with_jvp.defjvp(lambda primals, tangents: jax.jvp(_mixed, primals, tangents))


@jax.custom_vjp
def with_vjp(x: Any, y: Any) -> Any:
    return _mixed(x, y)


with_vjp.defvjp(lambda x, y: (_mixed(x, y), (x, y)), lambda kept, g: jax.vjp(_mixed, *kept)[1](g))


@makes("jit", "remat2", "custom_jvp_call", "custom_vjp_call")
def _called(draw: Draw, name: str) -> Call:
    functions = {
        "jit": jax.jit(_mixed),
        "remat2": jax.checkpoint(_mixed),
        "custom_jvp_call": with_jvp,
        "custom_vjp_call": with_vjp,
    }
    shape = draw.shape(1, 2)
    return Call(functions[name], (draw.reals(*shape), draw.reals(*shape)), exact=name == "jit")


@makes("cond")
def _branches(draw: Draw, _: str) -> Call:
    """Branches by a number that may be none of theirs: the first or the last is taken."""
    shape = draw.shape(1, 2)
    count = draw.each(3, 2)
    branches = [lambda x, y: x * 2.0, lambda x, y: jnp.flip(y, 0), lambda x, y: x[:1] + y][:count]
    where, source = draw.each("inside", "beyond", "before"), draw.each("discrete", "known", "input")
    which = draw.whole(-1, count, source="discrete")
    if source != "discrete":
        which = draw.start(count - 1, where, source)

    def apply(which: Any, x: Any, y: Any) -> Any:
        return lax.switch(lax.convert_element_type(which, np.int32), branches, x, y)

    return Call(apply, (which, draw.reals(*shape), draw.reals(*shape)), f"{count} branches")


@makes("scan")
def _scan(draw: Draw, _: str) -> Call:
    shape = draw.shape(1, 2)
    back = draw.chance()

    def apply(start: Any, x: Any) -> Any:
        def step(carry: Any, row: Any) -> Any:
            return carry * 0.5 + row, carry

        return lax.scan(step, start, x, reverse=back)

    start = draw.reals(*shape[1:], source="discrete")
    operands = start, draw.reals(*shape, source="discrete")
    return Call(apply, operands, f"reverse {back}")


@makes("custom_linear_solve")
def _solved(draw: Draw, _: str) -> Call:
    size = draw.integer(1, 3)

    def apply(matrix: Any, right: Any) -> Any:
        return jnp.linalg.solve(matrix + 9.0 * jnp.eye(size), right)

    return Call(apply, (draw.reals(size, size), draw.reals(size, 2)))


@makes("while")
def _while(draw: Draw, _: str) -> Call:
    shape = draw.shape(1, 1)
    times = draw.whole(-1, 3, sums=False)

    def apply(times: Any, x: Any) -> Any:
        return lax.while_loop(
            lambda state: state[0] < times, lambda s: (s[0] + 1, jnp.roll(s[1], 1)), (0, x)
        )[1]

    return Call(apply, (times, draw.reals(*shape)), smooth=False)


@makes("reduce_window_sum")
def _windows(draw: Draw, _: str) -> Call:
    shape = draw.shape(1, 2)

    def apply(x: Any) -> Any:
        return lax.reduce_window(x, 0.0, lax.add, (2,) * len(shape), (1,) * len(shape), "SAME")

    return Call(apply, (draw.reals(*shape),))
