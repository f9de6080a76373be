"""A computation without what nothing needs, and with each thing computed once."""

from __future__ import annotations

from typing import Any

from aliquot.primitives import Walk
from aliquot.primitives.internals import ClosedJaxpr, assembled, is_literal, renewed, variables


def live(closed: Any) -> ClosedJaxpr:
    """Leave out equations that compute what another has computed, or no output depends on.

    Constants that no output depends on are left out as well; the inputs stay.

    >>> import jax
    >>> import jax.numpy as jnp
    >>> def function(x):
    ...     unused = jnp.sin(x)
    ...     return jnp.exp(x) + jnp.exp(x)
    >>> [equation.primitive.name for equation in live(jax.make_jaxpr(function)(1.0)).jaxpr.eqns]
    ['exp', 'add']
    """
    jaxpr = closed.jaxpr
    first: dict[Any, Any] = {}
    equations = []

    def once(equation: Any, operands: list[Any]) -> list[Any]:
        """Give the names of an equation's results, those of an earlier one if it does the same."""
        key = None if equation.effects else _key(equation, operands)
        if key is None or key not in first:
            equations.append(renewed(equation, operands))
            if key is None:
                return equation.outvars
            first[key] = equation.outvars
        return first[key]

    outputs = Walk(closed, jaxpr.invars, once, lambda atom, _: atom).outputs
    needed = set(variables(outputs))
    kept = []
    for equation in reversed(equations):
        if equation.effects or not needed.isdisjoint(equation.outvars):
            needed.update(variables(equation.invars))
            kept.append(equation)
    consts = [
        pair for pair in zip(jaxpr.constvars, closed.consts, strict=True) if pair[0] in needed
    ]
    return assembled(jaxpr, consts, jaxpr.invars, outputs, kept[::-1])


def _key(equation: Any, operands: list[Any]) -> Any:
    """Name what an equation computes; ``None`` where its parameters cannot be compared."""
    inputs = tuple((atom.aval, str(atom.val)) if is_literal(atom) else atom for atom in operands)
    key = equation.primitive, inputs, tuple(sorted(equation.params.items(), key=_name))
    try:
        hash(key)
    except TypeError:
        return None
    return key


def _name(item: tuple[str, Any]) -> str:
    return item[0]
