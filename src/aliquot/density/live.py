"""A computation without what nothing needs, and with each thing computed once."""

from __future__ import annotations

from typing import Any

from jax.extend.core import ClosedJaxpr, Jaxpr, Literal  # type: ignore[attr-defined]


def live(closed: Any) -> ClosedJaxpr:
    """Leave out equations that compute what another has computed, or no output depends on.

    Parameters
    ----------
    closed : ClosedJaxpr
        Constants that no output depends on are left out as well; the inputs stay.

    Examples
    --------
    >>> import jax
    >>> import jax.numpy as jnp
    >>> def function(x):
    ...     unused = jnp.sin(x)
    ...     return jnp.exp(x) + jnp.exp(x)
    >>> [equation.primitive.name for equation in live(jax.make_jaxpr(function)(1.0)).jaxpr.eqns]
    ['exp', 'add']
    """
    jaxpr = closed.jaxpr
    renamed: dict[Any, Any] = {}
    first: dict[Any, Any] = {}
    equations = []

    def now(atom: Any) -> Any:
        return atom if isinstance(atom, Literal) else renamed.get(atom, atom)

    for equation in jaxpr.eqns:
        operands = [now(atom) for atom in equation.invars]
        key = None if equation.effects else _key(equation, operands)
        same = first.get(key) if key is not None else None
        if same is not None:
            renamed.update(zip(equation.outvars, same, strict=True))
            continue
        if key is not None:
            first[key] = equation.outvars
        equations.append(equation.replace(invars=operands))
    outputs = [now(atom) for atom in jaxpr.outvars]
    needed = {atom for atom in outputs if not isinstance(atom, Literal)}
    kept = []
    for equation in reversed(equations):
        if equation.effects or not needed.isdisjoint(equation.outvars):
            needed.update(atom for atom in equation.invars if not isinstance(atom, Literal))
            kept.append(equation)
    consts = [
        pair for pair in zip(jaxpr.constvars, closed.consts, strict=True) if pair[0] in needed
    ]
    smaller = Jaxpr(
        [var for var, _ in consts],
        jaxpr.invars,
        outputs,
        kept[::-1],
        jaxpr.effects,
        jaxpr.debug_info,
    )
    return ClosedJaxpr(smaller, [value for _, value in consts])


def _key(equation: Any, operands: list[Any]) -> Any:
    """Name what an equation computes; ``None`` where its parameters cannot be compared."""
    inputs = tuple(
        (atom.aval, str(atom.val)) if isinstance(atom, Literal) else atom for atom in operands
    )
    key = equation.primitive, inputs, tuple(sorted(equation.params.items(), key=_name))
    try:
        hash(key)
    except TypeError:
        return None
    return key


def _name(item: tuple[str, Any]) -> str:
    return item[0]
