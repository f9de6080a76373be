"""Rows that are alike are computed once: a program rewritten by what its data repeat."""

from aliquot.alike.follow import followed, of_known, whole
from aliquot.alike.merge import merged, repeats, sums_over_rows
from aliquot.alike.nodes import NumbersAt, distinct
from aliquot.alike.rules_sums import LEAST

__all__ = [
    "LEAST",
    "NumbersAt",
    "distinct",
    "followed",
    "merged",
    "of_known",
    "repeats",
    "sums_over_rows",
    "whole",
]
