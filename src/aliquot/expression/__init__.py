"""Lazy, shape-checked expressions over JAX: what a model's variables are made of."""

from aliquot.expression.apply import apply, lift, unwrapped
from aliquot.expression.evaluate import Evaluation, expressions, leaves, order
from aliquot.expression.lengths import Read
from aliquot.expression.node import Expression, Leaf, constant
from aliquot.expression.scan import refuse_in_step, refuse_step_value, scan

__all__ = [
    "Evaluation",
    "Expression",
    "Leaf",
    "Read",
    "apply",
    "constant",
    "expressions",
    "leaves",
    "lift",
    "order",
    "refuse_in_step",
    "refuse_step_value",
    "scan",
    "unwrapped",
]
