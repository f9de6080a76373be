"""A guess whether labels have switched, where a result does not say what can trade places."""

from __future__ import annotations

import numpy as np

from aliquot.diagnostics import wording
from aliquot.diagnostics.quantity import Quantity
from aliquot.diagnostics.record import Record
from aliquot.diagnostics.statistics import ess_bulk, rhat

# Sorted chains must agree this well, and this much better than as drawn (in R-hat's excess over 1),
# before switched labels are named as the cause. Sorting alone mends a little of any slow mixing.
AGREED = 1.05
EXCESS_LEFT = 0.1
# Where R-hat is only a little high labels are named only where sorting multiplies the effective
# sample size by this much: slow mixing of another kind gains little.
ESS_GAIN = 10.0
MOST_COMPONENTS = 50
MOST_EXAMINED = 20


def guessed_switching(
    quantity: Quantity, examined: np.ndarray, values: np.ndarray, most: float, hopeless: float
) -> Record | None:
    """Return a record that labels may have switched, if sorting each draw mends R-hat.

    `values` are the R-hat as drawn of the elements `examined`, and `most` is acceptable. Above
    `hopeless` a high effective sample size after sorting is not asked for.
    """
    if not quantity.shape:
        return None
    grid = quantity.draws.reshape(*quantity.shape, *quantity.draws.shape[1:])
    known = np.full(len(quantity.draws), np.nan)
    known[examined] = values
    mended = once_sorted(grid, known.reshape(quantity.shape), most)
    if mended is None:
        return None
    raw, (after, size) = float(np.nanmax(values)), mended
    if raw <= hopeless:
        gained = size / float(np.nanmin(ess_bulk(quantity.draws[examined])))
        if gained <= ESS_GAIN:
            return None
    return Record(
        kind="label_switching",
        variable=quantity.name,
        value=raw,
        threshold=most,
        severity="error",
        message=(
            f"The labels of {quantity.name} may have switched: its R-hat is {wording.number(raw)} "
            f"as drawn, but {wording.number(max(after, 1.0))} once each draw is sorted."
        ),
        advice=wording.GUESSED_ADVICE,
    )


def once_sorted(draws: np.ndarray, values: np.ndarray, most: float) -> tuple[float, float] | None:
    """Return the worst R-hat and bulk ESS of components sorted within each draw, if that mends it.

    Sorting gives each component a label by its rank. If the chains disagree on the components as
    they are and agree once they are sorted, what they disagree about is the labels.

    `draws` are of one variable, ``(*shape, chain, draw)``; `values` have the R-hat of each element
    as drawn, ``(*shape)``, NaN where it is not known. None if no axis holds at least two elements
    whose R-hat is above `most`, or if sorting along such an axis does not bring R-hat below 1.05
    and a tenth of its excess over 1.
    """
    shape = values.shape
    bad = values > most
    acceptable = min(AGREED, 1 + EXCESS_LEFT * (float(np.nanmax(values)) - 1))
    for axis in range(len(shape)):
        if not 2 <= shape[axis] <= MOST_COMPONENTS:
            continue
        # Lines along the axis that hold two or more bad elements: (lines, components, chain, draw).
        lines = np.moveaxis(bad, axis, -1).reshape(-1, shape[axis])
        wanted = np.flatnonzero(lines.sum(axis=1) >= 2)
        if not len(wanted):
            continue
        moved = np.moveaxis(draws, axis, len(shape) - 1)
        moved = moved.reshape(-1, shape[axis], *draws.shape[-2:])
        few = max(MOST_EXAMINED // shape[axis], 1)
        ordered = np.sort(moved[wanted[:few]], axis=1).reshape(-1, *draws.shape[-2:])
        after = rhat(ordered)
        if np.isfinite(after).all() and after.max() < acceptable:
            return float(after.max()), float(np.nanmin(ess_bulk(ordered)))
    return None
