"""Responsibilities over two columns of data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from aliquot.plots import style
from aliquot.plots.recovered import Recovered, uncertainty

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Beyond this many points they are drawn as pixels.
MOST_SHAPES = 2_000
# An observation none of whose states is as probable as this is ringed.
SURE = 0.8


def draw_over_plane(
    axes: Axes,
    recovered: Recovered,
    x: np.ndarray,
    titles: Sequence[str],
) -> str:
    """Draw each observation of `x` (rows, 2) in the mixture of its states' colours.

    Missing data, NaN, are left out. `titles` are what the columns are called. Returned is how many
    observations are ringed, to be written in the figure.
    """
    names, colors = recovered.names, recovered.colors
    seen = np.all(np.isfinite(x), axis=1)
    points, mean = x[seen], recovered.rows[seen]
    doubt = uncertainty(mean)
    # The doubtful ones on top.
    order = np.argsort(doubt, kind="stable")
    points, mean, doubt = points[order], mean[order], doubt[order]
    size = float(np.clip(9_000 / max(len(points), 1), 5, 34))
    ringed = mean.max(axis=1, initial=0.0) < SURE
    fill = style.mixed(mean, colors)
    for group, ring in ((~ringed, None), (ringed, style.INK)):
        axes.scatter(
            points[group, 0],
            points[group, 1],
            s=size * (1 + doubt[group]),
            c=fill[group],
            alpha=0.85 if len(points) <= MOST_SHAPES else 0.7,
            edgecolors=ring or "none",
            linewidths=(0.7 if size > 8 else 0.35) if ring else 0,
            rasterized=len(points) > MOST_SHAPES,
        )
    _names(axes, points, mean, colors, names)
    style.dress(axes, keep=("bottom", "left"))
    axes.set_xlabel(titles[0])
    axes.set_ylabel(titles[1])
    axes.margins(0.06)
    return (
        f"Ringed: no state has a probability of {SURE:g} or more "
        f"({int(ringed.sum()):,} of {len(ringed):,})"
    )


def _names(
    axes: Axes, points: np.ndarray, mean: np.ndarray, colors: np.ndarray, names: Sequence[str]
) -> None:
    """Write each state's name in the middle of its observations."""
    from matplotlib.patheffects import withStroke

    weight = mean.sum(axis=0)
    # A state that has no observations has nothing to be written among.
    shown = np.flatnonzero(weight >= 0.5)
    middles = (mean[:, shown] / weight[shown]).T @ points
    for state, (across, up) in zip(shown, _apart(middles, points), strict=True):
        axes.text(
            across, up, names[int(state)], color=style.readable(colors[state]),
            ha="center", va="center", fontsize=style.TEXT, weight="bold",
            path_effects=[withStroke(linewidth=3, foreground=style.PAPER, alpha=0.85)],
        )  # fmt: skip


def _apart(places: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Move places of names up where they would lie on one another."""
    near = np.ptp(points, axis=0) * (0.2, 0.05)
    moved = places.copy()
    order = np.argsort(places[:, 1], kind="stable")
    for rank, one in enumerate(order):
        for other in order[:rank]:
            across, up = moved[one] - moved[other]
            if abs(across) < near[0] and up < near[1]:
                moved[one, 1] = moved[other, 1] + near[1]
    return moved
