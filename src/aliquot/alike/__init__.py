"""Rows that are alike are computed once: a program rewritten by what its data repeat."""

from aliquot.alike.follow import followed, of_known, whole
from aliquot.alike.merge import few_for_a_loop, merged, repeats, rows_apart, sums_over_rows
from aliquot.alike.nodes import NumbersAt, distinct
from aliquot.alike.rules_sums import LEAST

__all__ = [
    "LEAST",
    "NumbersAt",
    "distinct",
    "few_for_a_loop",
    "followed",
    "merged",
    "of_known",
    "repeats",
    "rows_apart",
    "sums_over_rows",
    "whole",
]
