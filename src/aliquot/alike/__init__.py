"""Rows that are alike are computed once: a program rewritten by what its data repeat."""

from aliquot.alike.follow import followed, of_known, whole
from aliquot.alike.merge import merged, repeats
from aliquot.alike.nodes import View

__all__ = ["View", "followed", "merged", "of_known", "repeats", "whole"]
