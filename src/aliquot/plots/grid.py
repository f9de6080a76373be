"""Axes in rows and columns."""

from __future__ import annotations

from typing import Any

import numpy as np

from aliquot.errors import ModelError


def make_grid(
    ax: Any,
    rows: int,
    columns: int,
    *,
    cell: tuple[float, float],
    figsize: tuple[float, float] | None,
    user: str,
) -> np.ndarray:
    """Give axes in rows and columns that have both their axes in common.

    Parameters
    ----------
    ax : Axes, sequence of Axes or None
        Given axes, as many as there are cells, row by row.
    rows, columns : int
    cell : (float, float)
        Width and height of one, in inches.
    figsize : (float, float), optional
        In place of what that makes together.
    user : str
        Who asks, for error messages.

    Returns
    -------
    numpy.ndarray of Axes, shape (rows, columns)
    """
    if ax is not None:
        given = np.atleast_1d(np.asarray(ax, dtype=object)).ravel()
        if len(given) != rows * columns or not all(hasattr(axes, "plot") for axes in given):
            raise ModelError(
                f"{user}: ax= must be {rows * columns} matplotlib axes, row by row; "
                f"got {len(given)}"
            )
        return given.reshape((rows, columns))
    import matplotlib.pyplot as plt

    size = figsize or (columns * cell[0] + 0.4, rows * cell[1] + 0.7)
    _, axes = plt.subplots(
        rows, columns, figsize=size, layout="constrained", sharex=True, sharey=True, squeeze=False
    )
    return np.asarray(axes)
