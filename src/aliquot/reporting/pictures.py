"""Pictures of parameters: traces and densities, pairs, and long vectors as a whole."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from aliquot.plots import style
from aliquot.reporting.densities import line_density, plane_density, robust_scale
from aliquot.reporting.elements import PARAMETER, Element
from aliquot.reporting.rows import draw_lines, draw_side, make_rows

if TYPE_CHECKING:
    import xarray

# Of each chain in a trace: finer than a screen shows in so small a row.
STRETCHES = 200
POINTS = 120
# The share of draws that a picture leaves outside at either end.
OUTSIDE = 5e-4
MOST_PAIRED, MOST_DOTS = 5, 300
# The densest regions that hold these shares of the draws.
HELD = (0.95, 0.8, 0.5, 0.2)
LONGEST_NAME = 60


def written(name: str) -> str:
    """Shorten a long name, and keep matplotlib from reading dollars as mathematics."""
    if len(name) > LONGEST_NAME:
        name = f"{name[: LONGEST_NAME // 2]} … {name[-LONGEST_NAME // 3 :]}"
    return name.replace("$", r"\$")


def limits_of(draws: np.ndarray, margin: float = 0.0) -> tuple[float, float]:
    """Return a range of `draws` that single ones far away do not stretch."""
    finite = draws[np.isfinite(draws)]
    low, high = np.quantile(finite, (OUTSIDE, 1 - OUTSIDE)).tolist()
    if low == high:
        low, high = float(finite.min()), float(finite.max())
    return low - margin * (high - low), high + margin * (high - low)


def trace_figure(elements: Sequence[Element]) -> Figure:
    """Draw a row for each element: the chains over each other, and the density of each."""
    with style.styled():
        figure, rows = make_rows([0.25] * (len(elements) - 1), row=0.5, left=0.085)
        for element, (trace, side) in zip(elements, rows, strict=True):
            limits, wide = limits_of(element.draws), limits_of(element.draws, 0.05)
            colors = [style.PALETTE[k % len(style.PALETTE)] for k in range(len(element.draws))]
            draw_lines(trace, element.draws, colors, wide, stretches=STRETCHES)
            trace.set_title(written(element.label), **style.QUIET_TITLE)
            trace.yaxis.set_major_locator(MaxNLocator(2))
            trace.tick_params(labelbottom=trace is rows[-1][0])
            points = np.linspace(*limits, POINTS)
            densities = [
                line_density(own, points, robust_scale(own), mode="reflect")
                for chain in element.draws
                if len(own := chain[np.isfinite(chain)])
            ]
            draw_side(side, wide, points, densities, colors)
        rows[0][1].set_title("density", **style.QUIET_TITLE)
        rows[-1][0].set_xlabel("draw", labelpad=1)
    return figure


def paired(elements: Sequence[Element], most: int = MOST_PAIRED) -> list[Element]:
    """Choose the parameters that depend on each other most, by the correlation of their ranks."""
    whole = [e for e in elements if e.kind <= PARAMETER and np.isfinite(e.draws).all()]
    if len(whole) < 2:
        return []
    ranks = np.argsort(np.argsort([e.draws.ravel() for e in whole], axis=1), axis=1)
    strength = np.abs(np.corrcoef(ranks))
    chosen: list[int] = []
    for pair in sorted(combinations(range(len(whole)), 2), key=lambda p: -strength[p]):
        new = [k for k in pair if k not in chosen]
        if len(chosen) + len(new) <= most:
            chosen += new
    return [whole[k] for k in sorted(chosen)]


def pair_figure(elements: Sequence[Element], diverging: np.ndarray | None) -> Figure:
    """Draw the joint density of each two elements, with the draws that diverged as dots."""
    count = len(elements) - 1
    size = min(1.9, 6.2 / count)
    width = height = size * count + 0.75
    with style.styled():
        figure = style.new_figure(height, width)
        grid = figure.add_gridspec(
            count, count, left=0.62 / width, right=1 - 0.1 / width, bottom=0.5 / height,
            top=1 - 0.1 / height, wspace=0.09, hspace=0.09,
        )  # fmt: skip
        for row, column in combinations(range(len(elements)), 2):
            across, up = elements[row], elements[column]
            axes = figure.add_subplot(grid[column - 1, row])
            _joint(axes, across, up, diverging)
            axes.tick_params(labelbottom=column == count, labelleft=row == 0)
            if column == count:
                axes.set_xlabel(_short(across.label))
            if row == 0:
                axes.set_ylabel(_short(up.label))
    return figure


def _short(label: str) -> str:
    return written(label if len(label) <= 24 else f"{label[:21]}…")


def _joint(axes: Any, across: Element, up: Element, diverging: np.ndarray | None) -> None:
    pairs = np.stack([across.draws.ravel(), up.draws.ravel()])
    limits = [limits_of(draws, 0.08) for draws in pairs]
    points = np.linspace(*limits[0], 60), np.linspace(*limits[1], 60)
    draw_levels(axes, points, plane_density(pairs.T, points, (across.scale, up.scale)))
    if diverging is not None:
        at = np.flatnonzero(diverging.ravel())[:MOST_DOTS]
        axes.plot(*pairs[:, at], "o", ms=2.4, mew=0, color=style.ORANGE, zorder=3)
    axes.set(xlim=limits[0], ylim=limits[1])
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MaxNLocator(3))


def draw_levels(axes: Any, points: tuple[np.ndarray, np.ndarray], density: np.ndarray) -> None:
    """Fill the densest regions that hold a few shares of the draws, one over the other."""
    falling = np.sort(density, axis=None)[::-1]
    held = np.cumsum(falling) / falling.sum()
    for share in HELD:
        level = falling[np.count_nonzero(held < share)]
        axes.contourf(*points, density.T, [level, 2 * falling[0]], colors=[style.BLUE], alpha=0.24)


def vector_figure(array: xarray.DataArray, prob: float) -> Figure:
    """Draw the interval and the mean of every element of a vector, side by side."""
    dims = [str(dim) for dim in array.dims if dim not in ("chain", "draw")]
    draws = array.transpose("chain", "draw", ...).values
    draws = draws.reshape(-1, draws[0, 0].size).astype(float)
    labels = array[dims[0]].values if len(dims) == 1 else np.arange(0)
    numbered = labels.dtype.kind in "iuf" and len(labels) > 0
    at = labels if numbered else np.arange(draws.shape[1])
    draws[~np.isfinite(draws)] = np.nan
    seen = ~np.isnan(draws).all(axis=0)
    at, draws = at[seen], draws[:, seen]
    low, high = np.nanquantile(draws, (0.5 - prob / 2, 0.5 + prob / 2), axis=0)
    thick = float(np.clip(250 / len(at), 0.6, 4))
    with style.styled():
        figure = style.new_figure(1.75)
        axes = figure.add_axes((0.085, 0.24, 0.9, 0.62))
        axes.vlines(at, low, high, color=style.BLUE, alpha=0.45, lw=thick)
        size = float(np.clip(300 / len(at), 1.2, 4))
        axes.plot(at, np.nanmean(draws, axis=0), "o", ms=size, mew=0, color=style.BLUE)
        axes.set(xlabel=written(", ".join(dims)))
        axes.set_title(written(str(array.name)), **style.QUIET_TITLE)
        axes.margins(x=0.01)
        axes.xaxis.set_major_locator(MaxNLocator(9, integer=not numbered))
        axes.yaxis.set_major_locator(MaxNLocator(4))
    return figure
