"""Making a figure's axes, or checking those that were given."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from aliquot.errors import ModelError


def make_axes(
    ax: Any,
    heights: Sequence[float],
    *,
    width: float,
    figsize: tuple[float, float] | None,
    user: str,
    sharex: bool = True,
) -> np.ndarray:
    """Give one axes for each height, above each other.

    Parameters
    ----------
    ax : Axes, sequence of Axes or None
        Given axes, as many as there are heights.
    heights : sequence of float
        In inches.
    width : float
        In inches.
    figsize : (float, float), optional
        In place of that.
    user : str
        Who asks, for error messages.
    sharex : bool
        Whether the axes have one horizontal axis.

    Returns
    -------
    numpy.ndarray of Axes, shape (len(heights),)
    """
    if ax is not None:
        given = np.atleast_1d(np.asarray(ax, dtype=object)).ravel()
        if len(given) != len(heights) or not all(hasattr(axes, "plot") for axes in given):
            raise ModelError(
                f"{user}: ax= must be {len(heights)} matplotlib axes, from the top down; "
                f"got {len(given)}"
            )
        return given
    import matplotlib.pyplot as plt

    _, axes = plt.subplots(
        len(heights),
        1,
        figsize=figsize or (width, sum(heights) + 0.75),
        gridspec_kw={"height_ratios": list(heights)},
        layout="constrained",
        sharex=sharex,
        squeeze=False,
    )
    return np.asarray(axes[:, 0])
