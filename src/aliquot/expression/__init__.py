"""Lazy, shape-checked expressions over JAX: what a model's variables are made of."""

from aliquot.expression.apply import apply
from aliquot.expression.evaluate import evaluate, leaves
from aliquot.expression.lift import lift
from aliquot.expression.node import Expression, Leaf

__all__ = ["Expression", "Leaf", "apply", "evaluate", "leaves", "lift"]
