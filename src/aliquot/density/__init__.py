"""The model as one pure function of one flat vector."""

from aliquot.density.density import Density

__all__ = ["Density"]
