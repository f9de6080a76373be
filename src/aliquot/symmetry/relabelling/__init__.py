"""Giving the components of each draw their labels back: algorithms on arrays."""

from aliquot.symmetry.relabelling.block import METHODS, Relabelled, relabel_block

__all__ = ["METHODS", "Relabelled", "relabel_block"]
