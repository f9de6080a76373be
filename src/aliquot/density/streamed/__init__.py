"""Densities of models whose rows lie on a disk: gone through block by block, exactly."""

from aliquot.density.streamed.density import StreamedDensity

__all__ = ["StreamedDensity"]
