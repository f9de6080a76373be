"""What a model's density is besides the product of a proper prior and a likelihood."""

from __future__ import annotations

import numpy as np

from aliquot.density.terms import log_orderings
from aliquot.errors import ModelError
from aliquot.inference.forward import potentials
from aliquot.model import Model
from aliquot.model.variables import FreeVariable, MissingValues
from aliquot.symmetry import Symmetries, listed
from aliquot.transforms import Ordered


def refuse_improper(model: Model, user: str) -> None:
    """Refuse a model with a prior of which the integral is infinite, by the variable's name."""
    for variable in model.free:
        distribution = variable.distribution
        if isinstance(variable, MissingValues):
            missing = np.zeros(distribution.shape, bool)
            missing[variable.index] = True
        else:
            missing = np.ones(distribution.shape, bool)
        if distribution.improper(missing):
            raise ModelError(
                f"{user}: the prior of {variable.name!r}, {distribution.family}, is improper: its "
                "integral is infinite, and the evidence with it is known up to any factor. Give "
                "it a proper prior, such as aq.Normal, or aq.HalfNormal for positive numbers"
            )


def notes_on(model: Model, symmetries: Symmetries | None = None) -> list[str]:
    """Say in words what to know of a model's evidence.

    Where the density is not normalised as a function of parameters and data, and which mirror
    images may have been missed.
    """
    notes = []
    if terms := potentials(model):
        several = len(terms) > 1
        notes.append(
            f"the Potential{'s' if several else ''} {listed(terms)} {'are' if several else 'is'} "
            "part of the density, which no constant normalises: the value is the log of the "
            "integral of the product of all terms"
        )
    kept = [v.name for v in model.free if isinstance(v, FreeVariable) and restricted(v)]
    if kept:
        notes.append(
            f"a transform keeps {listed(kept)} to a part of what the prior covers, for which "
            "the prior is not normalised: the value is lower by the log of that part's probability"
        )
    if symmetries is not None:
        notes += [one.text for one in symmetries.unseen]
        if symmetries.unexamined:
            notes.append(
                f"whether components of {listed(symmetries.unexamined)} can trade places was not "
                "looked at, because there are too many; if they can, and draws stay in one mode, "
                "its images are not counted"
            )
    return notes


def restricted(variable: FreeVariable) -> bool:
    """Say whether a transform keeps a variable to a part of what its prior, normalised, covers."""
    if variable.distribution.discrete or variable.transform is None:
        return False
    if isinstance(variable.transform, Ordered):
        size = variable.distribution.shape[variable.transform.ordered_axis(variable.shape)]
        return size > 1 and log_orderings(variable.distribution, variable.transform) == 0.0
    return not variable.fits
