r"""The pointwise log likelihood of a model whose discrete unknowns are summed out.

An observation may share its unknowns with others: rows of one group, steps of a hidden Markov
chain. What leave-one-out cross-validation asks for is then :math:`p(y_i \mid \theta, y_{-i})` [1]_,
which is :math:`p(y_i \mid \theta)` where observations are independent given theta. With
:math:`c_i(s)` the sum of everything but the observation's own factor over all other unknowns, s the
states it depends on,

.. math:: p(y_i \mid \theta, y_{-i}) = \frac{\sum_s p(y_i \mid s, \theta)\, c_i(s)}{\sum_s c_i(s)}

.. [1] Bürkner, Gabry and Vehtari (2021), Efficient leave-one-out cross-validation for Bayesian
   non-factorized normal and Student-t models, Computational Statistics 36.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax.scipy.special import logsumexp

from aliquot.errors import ModelError
from aliquot.marginal.layout import Layout
from aliquot.marginal.tables import stand_ins, unsummed


def leave_one_out(marginal: Any, at: Any) -> dict[str, Any]:
    """Compute the pointwise log likelihood of every observed variable that depends on unknowns.

    Parameters
    ----------
    marginal : Marginal
    at : Evaluated
    """
    evidence = marginal.evidence_factors()
    outside: list[Any] = []
    if evidence or any(term.kind == "observed" for term in marginal.terms):
        outside = marginal.elimination.outside(at.tables)
    result = {}
    for number, term in enumerate(marginal.terms):
        if term.kind != "observed":
            continue
        output = marginal.first_term + number
        shape = marginal.output_shape(output)
        pieces = [p for p in marginal.analysis.pieces if p.term == output]
        layouts = [layout for layout in marginal.layouts if layout.piece.term == output]
        if not layouts:  # it mentions unknowns, but is the same in all their states
            var = marginal.analysis.jaxpr.jaxpr.outvars[output]
            given = stand_ins(marginal.unknowns, marginal.positions, 0)
            result[term.name] = jnp.broadcast_to(at.evaluator.at(var, given, 0), shape)
        elif len(pieces) == 1 and layouts[0].shape == shape:
            (layout,) = layouts
            first = marginal.first_factor(layout)
            values = unsummed(layout, marginal.unknowns, marginal.positions, at.evaluator)
            result[term.name] = _each(layout, values, outside[first:])
        elif int(np.prod(shape, dtype=int)) == 1:
            result[term.name] = _whole(marginal, output, at).reshape(shape)
        else:
            raise ModelError(
                f"{term.name}: its {int(np.prod(shape, dtype=int))} observations each depend on "
                "many discrete unknowns in one number, and their pointwise log likelihood is not "
                "supported. Write them as variables of their own"
            )
    for number, table, first in evidence:
        unknown = marginal.unknowns[number]
        weights = _array(table)
        around = _array(outside[first])
        result[unknown.name] = _ratio(weights, around).reshape(unknown.shape)
    return result


def _each(layout: Layout, values: Sequence[Any], outside: Sequence[Any]) -> Any:
    """Compute one number for each element of a piece's value.

    Parameters
    ----------
    layout : Layout
    values : sequence of arrays, shape (K1, ..., Km, rows, repeats)
        For each part, the value before its summed axes were summed: they are the repeats.
    outside : sequence of table
        Of this layout's factors, in order.
    """
    rows, repeats = layout.count, values[0].shape[-1]
    found, where = [], []
    factor = 0
    for part, chosen in zip(layout.parts, values, strict=True):
        index = np.arange(rows) if part.rows is None else part.rows
        where.append(index)
        if not part.lanes:
            found.append(chosen)
            continue
        joint = chosen.reshape((-1, len(index), repeats))
        around = _array(outside[factor]).reshape((-1, len(index), 1))
        found.append(_ratio(joint, around + _others(joint)))
        factor += 1
    order = np.argsort(np.concatenate(where), kind="stable")
    flat = jnp.concatenate(found) if len(found) > 1 else found[0]
    if len(found) > 1:
        flat = flat[order]
    kept = [axis for axis in range(len(layout.shape)) if axis not in layout.summed]
    axes = [*kept, *layout.summed]
    whole = flat.reshape([layout.shape[axis] for axis in axes])
    return jnp.transpose(whole, tuple(np.argsort(axes).tolist()))


def _others(joint: Any) -> Any:
    """Sum over all repeats of a row but one, for each; exact where some are ``-inf``."""
    if joint.shape[-1] == 1:
        return jnp.zeros_like(joint)
    impossible = jnp.isneginf(joint)
    finite = jnp.where(impossible, 0.0, joint)
    rest = jnp.sum(finite, axis=-1, keepdims=True) - finite
    count = jnp.sum(impossible, axis=-1, keepdims=True) - impossible
    return jnp.where(count > 0, -jnp.inf, rest)


def _ratio(joint: Any, around: Any) -> Any:
    """Compute the log of a sum of products over the first axis, over the sum of the second."""
    return logsumexp(joint + around, axis=0) - logsumexp(around, axis=0)


def _whole(marginal: Any, output: int, at: Any) -> Any:
    """Compute the log likelihood of one event that is cut into several pieces."""
    without = list(at.tables)
    for layout in marginal.layouts:
        if layout.piece.term != output:
            continue
        first = marginal.first_factor(layout)
        count = sum(1 for part in layout.parts if part.lanes)
        for i in range(first, first + count):
            without[i] = _ones(at.tables[i])
    log_sum = marginal.elimination.log_sum
    return log_sum(at.tables) - log_sum(without) + at.alone.get(output, 0.0)


def _ones(table: Any) -> Any:
    """Give the table of a factor that says nothing."""
    if not isinstance(table, np.ndarray) or table.dtype != object:
        return jnp.zeros_like(table)
    result = np.empty(table.shape, dtype=object)
    for index in np.ndindex(table.shape):
        result[index] = jnp.zeros_like(table[index])
    return result


def _array(table: Any) -> Any:
    """Give a table as one array of shape (K1, ..., Km, rows)."""
    if not isinstance(table, np.ndarray) or table.dtype != object:
        return jnp.asarray(table)
    cells = [table[index] for index in np.ndindex(table.shape)]
    return jnp.stack(jnp.broadcast_arrays(*cells)).reshape((*table.shape, -1))
