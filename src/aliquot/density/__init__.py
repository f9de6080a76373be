"""The model as one pure function of one flat vector."""

from typing import Any

from aliquot.density.density import Density

__all__ = ["Density", "density_of"]


def density_of(model: Any) -> Density:
    """Make the density of a model: of one whose rows lie on a disk, one that goes through them."""
    if not model.rows:
        return Density(model)
    from aliquot.density.streamed import StreamedDensity

    return StreamedDensity(model)
