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

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import jax.numpy as jnp
import numpy as np
from jax.scipy.special import logsumexp

from aliquot.marginal.elimination import Table
from aliquot.marginal.layout import Layout
from aliquot.marginal.left_out import kept_of, no_single_numbers, told_apart, without
from aliquot.primitives.internals import shape_of, size_of

if TYPE_CHECKING:
    from aliquot.marginal.evaluated import Evaluated


def pointwise(at: Evaluated, gone: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Compute the pointwise log likelihood of every observed variable that depends on unknowns.

    What is `gone`, as for `without`, is given a number, too, and counts for no other's.
    """
    plan = at.plan
    gone = gone or {}
    evidence = plan.evidence_factors()
    counted = without(at, gone).tables if gone else at.tables
    outside: list[Table] = []
    if evidence or any(term.kind == "observed" for term in plan.terms):
        outside = plan.elimination.outside(counted)
    result = {}
    for number, term in enumerate(plan.terms):
        if term.kind == "observed":
            own = plan.first_term + number
            result[term.name] = _of_term(at, counted, own, term.name, outside, gone)
    for number, factor in evidence:
        unknown = plan.unknowns[number]
        ratio = _ratio(at.tables[factor].as_array(), outside[factor].as_array())
        result[unknown.name] = ratio.reshape(unknown.shape)
    return result


def _of_term(
    at: Evaluated,
    counted: Sequence[Table],
    output: int,
    name: str,
    outside: Sequence[Table],
    gone: Mapping[str, Any],
) -> Any:
    """Compute the pointwise log likelihood of one observed variable."""
    plan = at.plan
    var = plan.output(output)
    if all(layout.summand.term != output for layout in plan.layouts):
        # It mentions unknowns, but is the same in all their states.
        return jnp.broadcast_to(at.summands.independent(var), shape_of(var))
    layout = told_apart(at, output)
    if layout is not None:
        values = at.summands.unsummed(layout)
        return _each(layout, values, outside[plan.first_factor(layout) :], gone.get(name))
    if size_of(var) == 1:
        return _whole(at, counted, output).reshape(shape_of(var))
    raise no_single_numbers(name, size_of(var))


def _each(layout: Layout, values: Sequence[Any], outside: Sequence[Table], gone: Any | None) -> Any:
    """Compute one number for each element of a summand's value.

    For each group of rows, `values` has the value before its summed axes were summed, shape
    (K1, ..., Km, rows, repeats): these axes are the repeats. `outside` begins with what is outside
    of this layout's factors, in order.
    """
    rows, repeats = layout.count, values[0].shape[-1]
    found, where = [], []
    factor = 0
    for group, chosen in zip(layout.groups, values, strict=True):
        index = np.arange(rows) if group.rows is None else group.rows
        where.append(index)
        if not group.classes:
            found.append(chosen)
            continue
        joint = chosen.reshape((-1, len(index), repeats))
        around = outside[factor].as_array().reshape((-1, len(index), 1))
        others = joint if gone is None else jnp.where(kept_of(layout, group, gone), joint, 0.0)
        found.append(_ratio(joint, around + _others(others)))
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


def _whole(at: Evaluated, counted: Sequence[Table], output: int) -> Any:
    """Compute the log likelihood of one event that is cut into several summands."""
    plan = at.plan
    every, rest = list(counted), list(counted)
    for layout in plan.layouts:
        if layout.summand.term == output:
            first = plan.first_factor(layout)
            count = sum(1 for group in layout.groups if group.classes)
            own = at.tables[first : first + count]
            every[first : first + count] = own
            rest[first : first + count] = [table.map_rows(jnp.zeros_like) for table in own]
    log_sum = plan.elimination.log_sum
    return log_sum(every) - log_sum(rest) + at.constants.get(output, 0.0)
