"""Whether a parameter cannot but be in its set, by how it is computed."""

from __future__ import annotations

import weakref
from typing import Any

import jax

from aliquot.density.certainty.fact import POSITIVE, STRUCTURES, Fact, of_leaf
from aliquot.density.certainty.trace import Trace
from aliquot.distributions.constraints import Constraint, PositiveVector
from aliquot.expression import Evaluation, Expression, leaves
from aliquot.model.variables import FreeVariable
from aliquot.precision import float64
from aliquot.primitives import inline


def certain(parameter: Expression, constraint: Constraint) -> bool:
    """Say whether a computed vector or matrix cannot but be in its set, or be NaN.

    The constraint has `event_dims` of 1 or 2.

    >>> import aliquot as aq
    >>> from aliquot.distributions.constraints import simplex
    >>> with aq.Model():
    ...     x = aq.Normal("x", shape=3)
    ...     p = aq.Beta("p", 1, 1, shape=3)
    >>> certain(aq.math.softmax(x), simplex), certain(p, simplex), certain(p / p.sum(), simplex)
    (True, False, True)
    """
    wanted = STRUCTURES.get(type(constraint))
    if wanted is None and not isinstance(constraint, PositiveVector):
        return False
    fact = _fact_of(parameter)
    if wanted is None:
        return fact.sign == POSITIVE
    axes = tuple(range(len(fact.shape) - constraint.event_dims, len(fact.shape)))
    return (wanted, axes) in fact.structures


_FACTS: dict[int, tuple[Any, tuple[int, ...], Fact]] = {}


def _fact_of(parameter: Expression) -> Fact:
    """Give what is known of an expression, worked out once."""
    found = _FACTS.get(id(parameter))
    if found is not None and found[0]() is parameter and found[1] == parameter.shape:
        return found[2]
    fact = _worked_out(parameter)
    key = id(parameter)
    _FACTS[key] = weakref.ref(parameter, lambda _: _FACTS.pop(key, None)), parameter.shape, fact
    return fact


def _worked_out(parameter: Expression) -> Fact:
    if isinstance(parameter, FreeVariable):
        return of_leaf(parameter, 0)
    below = leaves(parameter)

    def compute(*values: Any) -> Any:
        return Evaluation(dict(zip(below, values, strict=True))).safely(parameter)

    with float64():
        structs = [jax.ShapeDtypeStruct(leaf.shape, leaf.dtype) for leaf in below]
        closed = inline(jax.make_jaxpr(compute)(*structs))
    trace = Trace()
    facts = [of_leaf(leaf, trace.new()) for leaf in below]
    return trace.run(closed, facts)[0]
