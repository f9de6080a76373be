"""Evaluation of a computation for the states of its discrete inputs, without repeating itself."""

from aliquot.marginal.assignments.evaluator import Evaluator

__all__ = ["Evaluator"]
