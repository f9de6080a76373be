"""Whether an expression's elements each depend on one element of the variables it is made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import jax

from aliquot.expression import Evaluation, Expression
from aliquot.marginal.dependence import Mixed, analyse
from aliquot.precision import float64


def is_elementwise(
    expression: Expression, nodes: Sequence[Expression], known: Mapping[Any, Any]
) -> bool:
    """Say whether no element of an expression depends on two elements of one of the nodes.

    Then its smallest and largest values are found with all elements of a node in the same state.
    `known` has the values of everything else that it depends on.
    """

    def compute(*values: Any) -> Any:
        evaluation = Evaluation(known)
        for node, value in zip(nodes, values, strict=True):
            evaluation.set(node, value)
        return evaluation(expression)

    with float64():
        shapes = [jax.ShapeDtypeStruct(node.shape, node.dtype) for node in nodes]
        closed = jax.make_jaxpr(compute)(*shapes)
    discrete = {position: position for position in range(len(nodes))}
    analysis = analyse(closed, discrete=discrete, known={}, whole=(0,))
    (summand,) = analysis.summands
    if isinstance(summand.dependence, Mixed):
        return False
    variables = [reference.variable for reference in summand.dependence]
    return len(set(variables)) == len(variables)
