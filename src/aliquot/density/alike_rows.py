"""Which terms of a log density have rows that are alike: for a person to read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import numpy as np

from aliquot.alike import LEAST, distinct, few_for_a_loop, followed, of_known, sums_over_rows, whole
from aliquot.marginal.marginalization import AlikeRows
from aliquot.marginal.unknowns import Unknown
from aliquot.model.variables import Data
from aliquot.precision import float64
from aliquot.primitives import inline
from aliquot.primitives.internals import shape_of

if TYPE_CHECKING:
    from aliquot.density.density import Density

KINDS = ("observed", "potential")


def alike_rows(density: Density) -> tuple[AlikeRows, ...]:
    """List the terms of which fewer rows are computed than there are."""
    with float64():
        found = [*_of_terms(density), *_of_summed_out(density)]
    return tuple(rows for rows in found if rows.by_sums or 2 * rows.distinct <= rows.rows)


def _of_terms(density: Density) -> Iterator[AlikeRows]:
    """Look at the terms that depend on no discrete variable."""
    terms = [term for term in density._terms if term.kind in KINDS]
    given = density._leaves.arrays()

    def compute(flat: Any, data: Any) -> list[Any]:
        values = density.evaluation_at(flat, data)
        rows = [jnp.asarray(term.compute(values)) for term in terms]
        return rows + [jnp.sum(each) for each in rows]

    flat = jax.ShapeDtypeStruct((density.size,), np.float64)
    program = inline(jax.make_jaxpr(compute)(flat, given))
    point = program.jaxpr.invars[0]
    inputs = [whole(point), *(of_known(np.asarray(given[key])) for key in sorted(given))]
    views = followed(program, inputs)
    summed = sums_over_rows(program, views)
    outputs = program.jaxpr.outvars
    var: Any
    for term, var, total in zip(terms, outputs, outputs[len(terms) :], strict=False):
        rows = int(np.prod(shape_of(var), dtype=int))
        if rows >= LEAST:
            classes = summed.get(total)
            count = distinct(views[var]) if classes is None else classes
            yield AlikeRows(term.name, rows, count, classes is not None)


def _of_summed_out(density: Density) -> Iterator[AlikeRows]:
    """Look at those that do: what each row is with all elements in one state.

    Of chains what a step is given is computed once only where it is given very often, and not on
    accelerators.
    """
    plan = density.marginal
    if plan is None:
        return
    program = inline(plan.analysis.program)
    count = len(plan.inputs)
    inputs = []
    for var, leaf in zip(program.jaxpr.invars[:count], plan.inputs, strict=True):
        given = isinstance(leaf, Data)
        inputs.append(of_known(np.asarray(leaf.value)) if given else whole(var))
    in_states = [
        followed(program, [*inputs, *map(of_known, states)])
        for states in (_states(plan.unknowns, place) for place in (0, -1))
    ]
    chains = {name for s in plan.elimination.steps if s.method == "chain" for name in s.names}
    spread = jax.default_backend() == "cpu"
    for number, term in enumerate(plan.terms, plan.first_term):
        layouts = [layout for layout in plan.layouts if layout.summand.term == number]
        about = {plan.unknowns[v].name for layout in layouts for v in layout.variables()}
        output: Any = program.jaxpr.outvars[number]
        rows = int(np.prod(shape_of(output), dtype=int))
        each = [views[output] for views in in_states]
        stay = about & chains and not (spread and all(map(few_for_a_loop, each)))
        if term.kind in KINDS and rows >= LEAST and not stay:
            yield AlikeRows(term.name, rows, max(map(distinct, each)))


def _states(unknowns: Sequence[Unknown], place: int) -> list[np.ndarray]:
    """Put all elements of all unknowns into the first state, or the last."""
    return [np.full(u.shape, u.values[place], u.distribution.dtype) for u in unknowns]
