"""A figure's axes: made or checked where they were given, and what several pictures do to them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from aliquot.errors import ModelError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis


def stacked_axes(
    ax: Any,
    heights: Sequence[float],
    *,
    width: float,
    figsize: tuple[float, float] | None,
    sharex: bool = True,
) -> np.ndarray:
    """Give axes above each other, with one horizontal axis if they share it, (len(heights),).

    Those of the user, as many as there are heights, or new ones, in inches; `figsize` is in place
    of what heights and width make together.
    """
    if ax is not None:
        return _checked(ax, len(heights), "from the top down")
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


def grid_of_axes(
    ax: Any,
    rows: int,
    columns: int,
    *,
    cell: tuple[float, float],  # the width and the height of one
    figsize: tuple[float, float] | None,
) -> np.ndarray:
    """Give axes in rows and columns that have both their axes in common, shape (rows, columns)."""
    if ax is not None:
        return _checked(ax, rows * columns, "row by row").reshape((rows, columns))
    import matplotlib.pyplot as plt

    size = figsize or (columns * cell[0] + 0.4, rows * cell[1] + 0.7)
    _, axes = plt.subplots(
        rows, columns, figsize=size, layout="constrained", sharex=True, sharey=True, squeeze=False
    )
    return np.asarray(axes)


def _checked(ax: Any, count: int, order: str) -> np.ndarray:
    given = np.atleast_1d(np.asarray(ax, dtype=object)).ravel()
    if len(given) != count or not all(hasattr(axes, "plot") for axes in given):
        raise ModelError(f"ax= must be {count} matplotlib axes, {order}; got {len(given)}")
    return given


def limits(
    arrays: Iterable[np.ndarray], *, outside: float, margin: float
) -> tuple[float, float] | None:
    """Give limits for all of some arrays, with a share of each left outside at either end.

    ``None`` where no number is finite. The margin is a share of what lies between.
    """
    finite = [values[np.isfinite(values)] for values in arrays]
    edges = [np.quantile(values, [outside, 1 - outside]) for values in finite if len(values)]
    if not edges:
        return None
    low, high = min(e[0] for e in edges), max(e[1] for e in edges)
    room = margin * (high - low) or 1.0
    return float(low - room), float(high + room)


def probability_ticks(axes: Axes) -> None:
    """Mark 0, a half and 1 on the vertical axis."""
    axes.set_yticks([0, 0.5, 1], ["0", "½", "1"])


def whole_ticks(axis: Axis) -> None:
    """Mark whole numbers only."""
    from matplotlib.ticker import MaxNLocator

    axis.set_major_locator(MaxNLocator(integer=True))
