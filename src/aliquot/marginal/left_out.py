"""The sum over discrete unknowns without some of the observations.

Which of them are left out is an array and may be traced: one program serves for all. An observation
that is left out is one that nobody made, since the sum over what it could have been is one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import jax.numpy as jnp

from aliquot.errors import ModelError
from aliquot.marginal.elimination import Table
from aliquot.marginal.layout import Layout, RowGroup
from aliquot.primitives.internals import shape_of, size_of

if TYPE_CHECKING:
    from aliquot.marginal.evaluated import Evaluated


def without(at: Evaluated, gone: Mapping[str, Any]) -> Evaluated:
    """Leave observations out of a sum.

    For some observed variables, `gone` says which of the observations do not count: an array of
    bool, of the shape of the log likelihood.

    It is a `ModelError` where single observations cannot be told apart.
    """
    plan = at.plan
    changed = replace(at, tables=list(at.tables), constants=dict(at.constants))
    for number, term in enumerate(plan.terms):
        if term.kind == "observed" and term.name in gone:
            _leave_out(at, changed, plan.first_term + number, gone[term.name])
    for number, factor in plan.evidence_factors():
        if plan.unknowns[number].name in gone:
            flat = jnp.reshape(gone[plan.unknowns[number].name], (-1,))
            changed.tables[factor] = _blank(at.tables[factor], flat)
    return changed


def kept_of(layout: Layout, group: RowGroup, gone: Any) -> Any:
    """Say what counts of the rows of a group, shape (rows, product of the summed axes)."""
    kept = [axis for axis in range(len(layout.shape)) if axis not in layout.summed]
    wide = jnp.broadcast_to(~jnp.asarray(gone), layout.shape)
    flat = jnp.transpose(wide, (*kept, *layout.summed)).reshape((layout.count, -1))
    return flat if group.rows is None else flat[group.rows]


def told_apart(at: Evaluated, output: int) -> Layout | None:
    """Give the layout of a term that has one number for each observation, if it has."""
    plan = at.plan
    summands = [summand for summand in plan.analysis.summands if summand.term == output]
    layouts = [layout for layout in plan.layouts if layout.summand.term == output]
    whole = len(summands) == 1 and bool(layouts)
    return layouts[0] if whole and layouts[0].shape == shape_of(plan.output(output)) else None


def no_single_numbers(name: str, size: int) -> ModelError:
    """Make the error for observations that depend on many unknowns in one number each."""
    return ModelError(
        f"{name}: its {size} observations each depend on many discrete unknowns in one number, "
        "and their pointwise log likelihood is not supported. Write them as variables of their own"
    )


def _leave_out(at: Evaluated, changed: Evaluated, output: int, gone: Any) -> None:
    """Leave observations of one variable out, in the tables and constants of `changed`."""
    plan = at.plan
    var = plan.output(output)
    layouts = [layout for layout in plan.layouts if layout.summand.term == output]
    if not layouts:  # it mentions unknowns, but is the same in all their states
        each = jnp.broadcast_to(at.summands.independent(var), shape_of(var))
        changed.constants[output] = jnp.sum(jnp.where(gone, 0.0, each))
        return
    layout = told_apart(at, output)
    if layout is not None:
        _leave_out_each(at, changed, layout, gone)
        return
    if size_of(var) != 1:
        raise no_single_numbers(plan.output_name(output), size_of(var))
    whole = jnp.reshape(jnp.asarray(gone), ())
    for part in layouts:
        first = plan.first_factor(part)
        for factor in range(first, first + sum(bool(group.classes) for group in part.groups)):
            changed.tables[factor] = _blank(at.tables[factor], whole)
    if output in at.constants:
        changed.constants[output] = jnp.where(whole, 0.0, at.constants[output])


def _blank(table: Table, gone: Any) -> Table:
    """Let rows that are gone say nothing."""
    return table.map_rows(lambda rows: jnp.where(gone, 0.0, rows))


def _leave_out_each(at: Evaluated, changed: Evaluated, layout: Layout, gone: Any) -> None:
    output, factor = layout.summand.term, at.plan.first_factor(layout)
    values = at.summands.unsummed(layout)
    constant: Any = jnp.zeros(())
    for group, chosen in zip(layout.groups, values, strict=True):
        kept = kept_of(layout, group, gone)
        counted = jnp.sum(jnp.where(kept, chosen, 0.0), axis=-1)
        if group.classes:
            changed.tables[factor] = at.tables[factor].like(counted)
            factor += 1
            continue
        constant = constant + jnp.sum(counted)
    if output in at.constants:  # the term has this one summand
        changed.constants[output] = constant
