"""Sums over all joint states of discrete variables, whose log weight is a sum of factors."""

from __future__ import annotations

from aliquot.marginal.elimination.elimination import Elimination
from aliquot.marginal.elimination.gather_sum import gather_sum
from aliquot.marginal.elimination.plan import plan
from aliquot.marginal.elimination.records import Block, Factor, StepRecord, TooLarge

__all__ = ["Block", "Elimination", "Factor", "StepRecord", "TooLarge", "gather_sum", "plan"]
