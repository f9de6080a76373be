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
from typing import TYPE_CHECKING, Any

import jax.numpy as jnp
import numpy as np
from jax.scipy.special import logsumexp

from aliquot.errors import ModelError
from aliquot.marginal.elimination import Table
from aliquot.marginal.layout import Layout
from aliquot.primitives.internals import shape_of, size_of

if TYPE_CHECKING:
    from aliquot.marginal.evaluated import Evaluated


def pointwise(at: Evaluated) -> dict[str, Any]:
    """Compute the pointwise log likelihood of every observed variable that depends on unknowns."""
    plan = at.plan
    evidence = plan.evidence_factors()
    outside: list[Table] = []
    if evidence or any(term.kind == "observed" for term in plan.terms):
        outside = plan.elimination.outside(at.tables)
    result = {}
    for number, term in enumerate(plan.terms):
        if term.kind == "observed":
            result[term.name] = _of_term(at, plan.first_term + number, term.name, outside)
    for number, factor in evidence:
        unknown = plan.unknowns[number]
        ratio = _ratio(at.tables[factor].as_array(), outside[factor].as_array())
        result[unknown.name] = ratio.reshape(unknown.shape)
    return result


def _of_term(at: Evaluated, output: int, name: str, outside: Sequence[Table]) -> Any:
    """Compute the pointwise log likelihood of one observed variable."""
    plan = at.plan
    var = plan.output(output)
    summands = [summand for summand in plan.analysis.summands if summand.term == output]
    layouts = [layout for layout in plan.layouts if layout.summand.term == output]
    if not layouts:  # it mentions unknowns, but is the same in all their states
        return jnp.broadcast_to(at.summands.independent(var), shape_of(var))
    if len(summands) == 1 and layouts[0].shape == shape_of(var):
        values = at.summands.unsummed(layouts[0])
        return _each(layouts[0], values, outside[plan.first_factor(layouts[0]) :])
    if size_of(var) == 1:
        return _whole(at, output).reshape(shape_of(var))
    raise ModelError(
        f"{name}: its {size_of(var)} observations each depend on "
        "many discrete unknowns in one number, and their pointwise log likelihood is not "
        "supported. Write them as variables of their own"
    )


def _each(layout: Layout, values: Sequence[Any], outside: Sequence[Table]) -> Any:
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


def _whole(at: Evaluated, output: int) -> Any:
    """Compute the log likelihood of one event that is cut into several summands."""
    plan = at.plan
    without = list(at.tables)
    for layout in plan.layouts:
        if layout.summand.term == output:
            first = plan.first_factor(layout)
            count = sum(1 for group in layout.groups if group.classes)
            without[first : first + count] = [
                table.map_rows(jnp.zeros_like) for table in at.tables[first : first + count]
            ]
    log_sum = plan.elimination.log_sum
    return log_sum(at.tables) - log_sum(without) + at.constants.get(output, 0.0)
