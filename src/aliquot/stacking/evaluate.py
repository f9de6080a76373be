"""Compute a function whose lines are alike with one operation for all of them.

A model that is written variable by variable, in a loop of Python, makes a trace of as many lines,
and XLA takes more than twice as long for twice as many: 1,000 scalar variables took a minute. Put
together they are the vectors that they would be in a model written with vectors, and differentiated
as such. It is the trace that is changed, so that it holds however a model is written.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from itertools import groupby
from operator import add
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from aliquot.precision import float64
from aliquot.primitives import inline, name_of
from aliquot.primitives.internals import ClosedJaxpr, bind, is_literal, shape_of, struct
from aliquot.stacking.equations import FEWEST, Group, Line, groups
from aliquot.stacking.live import live
from aliquot.stacking.places import Places, cut

# A program of fewer equations stays as it is.
MANY = 400


def stacked(program: ClosedJaxpr, many: int = MANY) -> ClosedJaxpr:
    """Put lines that are alike together, where there are many.

    What comes out computes the same to rounding: sums are added up in another order.

    >>> import jax
    >>> import jax.numpy as jnp
    >>> def function(x):
    ...     return sum(jnp.exp(x[i]) * float(i) for i in range(200))
    >>> made = stacked(jax.make_jaxpr(function)(jnp.zeros(200)))
    >>> [equation.primitive.name for equation in made.jaxpr.eqns]
    ['slice', 'reshape', 'squeeze', 'exp', 'mul', 'reduce_sum']
    """
    if len(program.jaxpr.eqns) < many or program.jaxpr.effects:
        return program
    flat = inline(program)
    with float64():
        found = groups(flat.jaxpr)
    if 2 * len(found) > len(flat.jaxpr.eqns):
        return program

    def evaluated(*inputs: Any) -> list[Any]:
        places = Places()
        for var, value in zip(flat.jaxpr.constvars, flat.consts, strict=True):
            places.put(var, np.asarray(value) if isinstance(value, np.ndarray) else value)
        for var, value in zip(flat.jaxpr.invars, inputs, strict=True):
            places.put(var, value)
        for group in found:
            _compute(group, places)
        return [places.alone(atom) for atom in flat.jaxpr.outvars]

    with float64():
        return jax.make_jaxpr(evaluated)(*map(struct, flat.jaxpr.invars))


def in_stacks(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that computes the same, with lines that are alike put together."""

    def fast(*arguments: Any) -> Any:
        leaves, structure = jax.tree.flatten(arguments)

        def flat(*leaves: Any) -> Any:
            return function(*jax.tree.unflatten(structure, leaves))

        program, shapes = jax.make_jaxpr(flat, return_shape=True)(*leaves)
        program = stacked(live(program), FEWEST)
        results = jax.core.eval_jaxpr(program.jaxpr, program.consts, *leaves)
        return jax.tree.unflatten(jax.tree.structure(shapes), results)

    return fast


def _compute(group: Group, places: Places) -> None:
    first, count = group.lines[0], len(group.lines)
    outs = [line.equation.outvars for line in group.lines]
    if count == 1:
        for var, value in zip(outs[0], _alone(first, places), strict=True):
            places.put(var, value)
        return
    if first.is_cut and all(line.operands[0] is first.operands[0] for line in group.lines):
        starts = np.array([line.equation.params["start_indices"] for line in group.lines])
        array = places.alone(first.operands[0])
        places.put_stack([out[0] for out in outs], cut(array, starts, shape_of(outs[0][0])))
        return
    operands = [
        places.together(atoms)
        for atoms in zip(*(line.operands for line in group.lines), strict=True)
    ]
    values = [value for value, _ in operands]
    if any(many for _, many in operands):
        axes = [0 if many else None for _, many in operands]
        results = jax.vmap(lambda *given: _apply(first, given), axes)(*values)
        for each, result in zip(zip(*outs, strict=True), results, strict=True):
            places.put_stack(each, result)
    else:
        for each, result in zip(zip(*outs, strict=True), _apply(first, values), strict=True):
            places.put_one(each, result)


def _alone(line: Line, places: Places) -> list[Any]:
    """Compute a line by itself, what it adds up or puts together in as few pieces as there are."""
    if line.signs:
        return [_total(line, places)]
    if name_of(line.equation) in ("concatenate", "stack") and len(line.operands) >= FEWEST:
        return [_joined(line, places)]
    return _apply(line, [places.alone(atom) for atom in line.operands])


def _apply(line: Line, values: Sequence[Any]) -> list[Any]:
    if not line.signs:
        return bind(line.equation, values)
    terms = [value if sign > 0 else -value for sign, value in zip(line.signs, values, strict=True)]
    return [reduce(add, terms)]


def _total(line: Line, places: Places) -> Any:
    """Add up the terms of a sum, those in one stack at once."""
    shape = shape_of(line.equation.outvars[0])
    totals = []
    for sign in (1, -1):
        atoms = [a for s, a in zip(line.signs, line.operands, strict=True) if s == sign]
        numbers = [atom.val for atom in atoms if is_literal(atom)]
        if any(numbers):
            totals.append(sign * np.sum(numbers))
        for terms in places.by_stack([atom for atom in atoms if not is_literal(atom)]):
            value, many = places.together(terms)
            if many:
                value = jnp.sum(value, axis=0)
            elif len(terms) > 1:
                value = value * float(len(terms))
            totals.append(value if sign > 0 else -value)
    return jnp.broadcast_to(reduce(add, totals) if totals else jnp.zeros(()), shape)


def _joined(line: Line, places: Places) -> Any:
    """Put arrays one after the other, neighbours of one shape as they are in their stack."""
    stacking = name_of(line.equation) == "stack"
    axis = line.equation.params["axis" if stacking else "dimension"]
    parts = []
    for shape, run in groupby(line.operands, shape_of):
        atoms = list(run)
        value, many = places.together(atoms)
        if not many:
            value = jnp.broadcast_to(value, (len(atoms), *shape))
        value = jnp.moveaxis(value, 0, axis)
        if not stacking:
            sizes = (*shape[:axis], len(atoms) * shape[axis], *shape[axis + 1 :])
            value = jnp.reshape(value, sizes)
        parts.append(value)
    return parts[0] if len(parts) == 1 else jnp.concatenate(parts, axis)
