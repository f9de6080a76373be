"""Programs within a program: calls, branches, and functions with a derivative rule of their own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
import numpy as np
from jax.extend.core import ClosedJaxpr  # type: ignore[attr-defined]

from aliquot.marginal.lanes.arrays import Array, common_shape, is_floating, spread
from aliquot.marginal.lanes.elementwise import ELEMENTWISE, uniform
from aliquot.marginal.lanes.program import is_literal
from aliquot.marginal.lanes.site import Site

CALLS = frozenset({"jit", "pjit", "closed_call", "core_call", "remat", "remat2", "checkpoint"})

# Evaluates the results of a program at a site's operands: (closed jaxpr, values, which of them
# vary, are wild, are linear; lanes).
Run = Callable[..., list[Array]]


def closed(program: Any) -> Any:
    """Give a program with its constants, of which a plain jaxpr has none."""
    if hasattr(program, "consts"):
        return program
    return ClosedJaxpr(program, [])


def called(site: Site) -> Any:
    """Give the program that a call calls; None where the equation is not a call."""
    if site.name not in CALLS:
        return None
    for key in ("jaxpr", "call_jaxpr", "fun_jaxpr"):
        if key in site.params:
            return closed(site.params[key])
    return None


def branch(site: Site) -> Any:
    """Give the branch that a `cond` takes, where that is known and the same for all lanes."""
    if site.name != "cond":
        return None
    chosen = uniform(site.values[0])
    branches = site.params["branches"]
    if chosen is None:
        return None
    return closed(branches[int(np.clip(chosen, 0, len(branches) - 1))])


def is_pointwise(program: Any, shape: tuple[int, ...]) -> bool:
    """Say whether a program works on each element of arrays of one shape by itself."""
    for equation in program.eqns:
        name = equation.primitive.name
        inner = [closed(p) for p in equation.params.values() if hasattr(p, "eqns")]
        inner += [p for p in equation.params.values() if hasattr(p, "consts")]
        spreads = name == "broadcast_in_dim" and equation.invars[0].aval.shape in ((), shape)
        plain = name in ELEMENTWISE or spreads
        call = (name in CALLS or name == "custom_jvp_call") and all(
            is_pointwise(entry.jaxpr, shape) for entry in inner
        )
        if not plain and not call:
            return False
        if any(
            atom.aval.shape not in ((), shape) for atom in (*equation.invars, *equation.outvars)
        ):
            return False
    return True


def custom_jvp(site: Site, run: Run) -> list[Array] | None:
    """Evaluate a pointwise function with a derivative rule at its operands' compact shape.

    Both the function and its rule are evaluated again, by the same rules as all else, so that the
    derivative stays the one that its author wrote. None where the function is not pointwise.
    """
    params = site.params
    rule = params.get("jvp_jaxpr_fun")
    shapes = {*site.shapes, *site.results} - {()}
    if rule is None or params.get("symbolic_zeros") or len(shapes) > 1:
        return None
    program = closed(params["call_jaxpr"])
    floats = all(is_floating(atom.aval.dtype) for atom in site.equation.invars)
    if not floats or program.consts or not is_pointwise(program.jaxpr, next(iter(shapes), ())):
        return None
    lanes = site.lanes
    own = next(iter(shapes), ())
    count = len(site.values)

    def spread_together(values: Sequence[Array]) -> list[Array]:
        wide = [
            value
            if value.ndim == lanes + len(own)
            else value.reshape(value.shape[:lanes] + (1,) * len(own))
            for value in values
        ]
        shape = common_shape(wide)
        return [spread(value, shape) for value in wide]

    def compute(*operands: Array) -> list[Array]:
        return run(program, operands, site.varies, site.wild, site.linear, lanes)

    # The results of a function with a rule have the shape that all operands have together, as do
    # their tangents.
    shape = common_shape(spread_together(site.values))

    def reshaped(results: Sequence[Array]) -> tuple[Array, ...]:
        return tuple(
            spread(spread_together([result])[0], shape)
            if var.aval.shape == own
            else spread(result, (*shape[:lanes], *((1,) * len(var.aval.shape))))
            for result, var in zip(results, site.equation.outvars, strict=True)
        )

    @jax.custom_jvp
    def function(*operands: Array) -> tuple[Array, ...]:
        return reshaped(compute(*operands))

    @function.defjvp
    def derivative(primals: Any, tangents: Any) -> Any:
        jaxpr, consts, zeros = rule.call_wrapped(*(False for _ in primals))
        both = run(
            ClosedJaxpr(jaxpr, consts),
            (*primals, *tangents),
            site.varies * 2,
            (*site.wild, *(False for _ in range(count))),
            (*(False for _ in range(count)), *(True for _ in range(count))),
            lanes,
        )
        results = len(site.results)
        given = iter(both[results:])
        out = reshaped(both[:results])
        moved = reshaped(
            [
                np.zeros((1,) * (lanes + len(var.aval.shape)), var.aval.dtype)
                if zero
                else next(given)
                for zero, var in zip(zeros, site.equation.outvars, strict=True)
            ]
        )
        return out, moved

    return list(function(*(jax.numpy.asarray(value) for value in site.values)))


def literal_value(atom: Any) -> np.ndarray | None:
    """Give the number of an atom that stands in a jaxpr."""
    return np.asarray(atom.val, atom.aval.dtype) if is_literal(atom) else None
