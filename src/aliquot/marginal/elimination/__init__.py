"""Sums over all joint states of discrete variables, whose log weight is a sum of factors."""

from __future__ import annotations

from aliquot.marginal.elimination.elimination import Elimination
from aliquot.marginal.elimination.plan import plan
from aliquot.marginal.elimination.records import Factor, StepRecord, TooLarge, Variable
from aliquot.marginal.elimination.table import Table

__all__ = [
    "Variable",
    "Elimination",
    "Factor",
    "StepRecord",
    "Table",
    "TooLarge",
    "plan",
]
