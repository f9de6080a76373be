"""Rows of two axes: draws over time, and beside them the density that they add up to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from aliquot.plots import style

# Stretches of a line across the page, each drawn by its least and its greatest value.
STRETCHES = 700
ABOVE, BELOW = 0.22, 0.42


def make_rows(
    gaps: Sequence[float], *, row: float = 1.0, left: float = 0.045
) -> tuple[Figure, list[tuple[Axes, Axes]]]:
    """Make rows of a wide and a narrow axes, `row` inches high and `gaps` inches apart."""
    height = ABOVE + row * (len(gaps) + 1) + sum(gaps) + BELOW
    figure = style.new_figure(height)
    rows, top = [], height - ABOVE
    for gap in (*gaps, 0.0):
        bottom = (top - row) / height
        wide = figure.add_axes((left, bottom, 0.805 - left, row / height))
        rows.append((wide, figure.add_axes((0.815, bottom, 0.17, row / height))))
        for side in ("left", "bottom"):
            wide.spines[side].set_color(style.FAINT)
        top -= row + gap
    return figure, rows


def thinned(values: np.ndarray, stretches: int = STRETCHES) -> np.ndarray:
    """Return the positions of the least and greatest of `values` (n,) in each stretch.

    A line through these looks as the line through all of them, and no excursion is lost.

    >>> thinned(np.array([0.0, 3.0, 1.0, 2.0, -1.0, 0.5]), 2)
    array([0, 1, 3, 4])
    """
    if len(values) <= 2 * stretches:
        return np.arange(len(values))
    edges = np.linspace(0, len(values), stretches + 1).astype(int)
    found = [
        first + np.array([values[first:end].argmin(), values[first:end].argmax()])
        for first, end in pairwise(edges)
    ]
    return np.unique(np.concatenate(found))


def draw_lines(
    axes: Axes,
    lines: Iterable[np.ndarray],
    colors: Sequence[str],
    limits: tuple[float, float],
    *,
    labels: Sequence[str] | None = None,
    stretches: int = STRETCHES,
) -> None:
    """Draw each of `lines` (n,) over the draws."""
    count = 1
    for k, values in enumerate(lines):
        at, count = thinned(values, stretches), len(values)
        label = labels[k] if labels else f"_{k}"
        axes.plot(at + 1, values[at], color=colors[k], lw=0.4, alpha=0.85, label=label)
    axes.set(xlim=(0, count), ylim=limits)
    style.count_ticks(axes, count)


def draw_side(
    axes: Axes,
    limits: tuple[float, float],
    points: np.ndarray,
    densities: Sequence[np.ndarray],
    colors: Sequence[str],
    exact: Iterable[np.ndarray] = (),
) -> None:
    """Draw densities on `points` (g,) sideways, and exact ones as lines."""
    for density, color in zip(densities, colors, strict=False):
        if len(densities) <= 2:  # of more, what is filled has no colour to be told by
            axes.fill_betweenx(points, 0, density, color=color, alpha=0.35, lw=0)
        axes.plot(density, points, color=color, lw=1.1)
    for density in exact:
        axes.plot(density, points, color=style.INK, lw=0.8)
    style.bare(axes, keep=())
    axes.set(ylim=limits, xlim=(0, None))
