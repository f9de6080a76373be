"""A program that computes once what is alike, in place of one that does so for each element."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax
import numpy as np
from numpy.typing import NDArray

from aliquot.alike.emit import Emitter
from aliquot.alike.follow import followed, of_known, whole
from aliquot.alike.nodes import Node, View, Whole
from aliquot.alike.rules_sums import LEAST
from aliquot.precision import float64
from aliquot.primitives import inline
from aliquot.primitives.internals import ClosedJaxpr, bind, is_literal, struct, variables


def merged(program: ClosedJaxpr, known: Mapping[int, NDArray[Any]]) -> ClosedJaxpr | None:
    """Give a program that computes the same, each distinct number once; None where that is no gain.

    `known` has the values of some inputs, by position. The result takes the same inputs, and has
    what it needs of the known ones among its constants: with other values it is another program.

    >>> import jax
    >>> import jax.numpy as jnp
    >>> def total(rate, counts):
    ...     return jnp.sum(counts * jnp.log(rate) - rate)
    >>> counts = np.arange(1000) % 5
    >>> with float64():
    ...     program = jax.make_jaxpr(total)(2.0, counts)
    ...     shorter = merged(program, {1: counts})
    >>> max(np.size(constant) for constant in shorter.consts)
    5
    """
    with float64():
        return _merged(inline(program), known)


def _merged(flat: ClosedJaxpr, known: Mapping[int, NDArray[Any]]) -> ClosedJaxpr | None:
    inputs = [
        of_known(known[place]) if place in known else whole(var)
        for place, var in enumerate(flat.jaxpr.invars)
    ]
    constants = [of_known(value) for value in flat.consts]
    if not any(_repeats(view) for view in (*inputs, *constants)):
        return None
    views = followed(flat, inputs)
    chosen: dict[Any, View] = {}
    for equation in flat.jaxpr.eqns:
        chosen |= {var: views[var] for var in equation.outvars if views[var].merged}
    needed = _needed(flat.jaxpr, chosen)
    if needed.isdisjoint(chosen):
        return None

    def compute(*values: Any) -> list[Any]:
        env = dict(zip(flat.jaxpr.constvars, flat.consts, strict=True))
        env |= dict(zip(flat.jaxpr.invars, values, strict=True))

        def read(atom: Any) -> Any:
            return np.asarray(atom.val, atom.aval.dtype) if is_literal(atom) else env[atom]

        emitter = Emitter(read)
        for equation in flat.jaxpr.eqns:
            if needed.isdisjoint(equation.outvars):
                continue
            if equation.outvars[0] in chosen:
                env |= {
                    var: emitter.spread(chosen[var].node, chosen[var].at)
                    for var in equation.outvars
                }
            else:
                results = bind(equation, list(map(read, equation.invars)))
                env |= dict(zip(equation.outvars, results, strict=True))
        return [read(atom) for atom in flat.jaxpr.outvars]

    return jax.make_jaxpr(compute)(*map(struct, flat.jaxpr.invars))


def _repeats(view: View) -> bool:
    return view.at.size >= LEAST and 2 * view.node.size <= view.at.size


def _needed(jaxpr: Any, chosen: Mapping[Any, View]) -> set[Any]:
    """Collect what has to be computed at full length, and what is chosen, on the way to outputs."""
    needed = set(variables(jaxpr.outvars))
    for equation in reversed(jaxpr.eqns):
        if not needed.isdisjoint(equation.outvars) or equation.effects:
            if equation.outvars[0] in chosen:
                needed |= _below([chosen[var].node for var in equation.outvars])
            else:
                needed |= set(variables(equation.invars))
    return needed


def _below(nodes: list[Node]) -> set[Any]:
    """Collect the variables that nodes are computed from."""
    waiting, seen = list(nodes), set(nodes)
    found = set()
    while waiting:
        top = waiting.pop()
        if isinstance(top, Whole):
            found.add(top.var)
        new = set(top.operands) - seen
        seen |= new
        waiting += new
    return {var for var in found if not is_literal(var)}
