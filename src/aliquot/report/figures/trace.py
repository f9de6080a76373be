"""Trace plots of one fit, its chains combined and apart, beside the densities they add up to."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from aliquot.report import style
from aliquot.report.analysis import Analysis, Fit
from aliquot.report.density import exact_marginals, line_density, plot_range

# Stretches of a line across the page, each drawn by its least and its greatest value.
STRETCHES = 700
ROW = 1.0
_QUIET_TITLE: dict[str, Any] = {"fontsize": style.SMALL, "fontweight": "normal", "pad": 3}


def trace_figure(analysis: Analysis, fit: Fit) -> Figure:
    """Draw the trace of the two means and their densities.

    The first row is all chains, one after the other; then, where there are several, one
    row for each. Beside each row stands the density of its draws over the exact one.
    """
    draws = fit.draws
    chains = len(draws)
    rows = [("chains combined" if chains > 1 else "", draws.reshape(-1, 2))]
    if chains > 1:
        rows += [(f"chain {number}", chain) for number, chain in enumerate(draws, 1)]
    limits = plot_range(analysis)
    height = 0.62 + ROW * len(rows) + 0.34 * (len(rows) - 1)
    with style.styled():
        figure = style.new_figure(height)
        grid = figure.add_gridspec(
            len(rows), 2, width_ratios=(4.4, 1), wspace=0.04, hspace=0.4,
            left=0.045, right=0.985, top=1 - 0.22 / height, bottom=0.4 / height,
        )  # fmt: skip
        points, exact = exact_marginals(analysis, ordered=fit.ordered)
        for row, (name, part) in enumerate(rows):
            trace = figure.add_subplot(grid[row, 0])
            _trace(trace, part, limits)
            if row == 0 and chains > 1:
                _divide(trace, draws.shape[1], chains)
            trace.set_title(name, **_QUIET_TITLE)
            trace.tick_params(labelbottom=row in (0, len(rows) - 1))
            side = figure.add_subplot(grid[row, 1])
            _side(side, part, limits, points, exact)
        figure.axes[0].set_title("means[1]", loc="right", color=style.SECOND, **_QUIET_TITLE)
        figure.axes[0].annotate(
            "means[0]", (1, 1), xycoords="axes fraction", xytext=(-44, 3),
            textcoords="offset points", ha="right", color=style.FIRST, fontsize=style.SMALL,
        )  # fmt: skip
        figure.axes[1].set_title("density (line: exact)", **_QUIET_TITLE)
        figure.axes[-2].set_xlabel("draw", labelpad=1)
    return figure


def thinned(values: np.ndarray, stretches: int = STRETCHES) -> np.ndarray:
    """Return the positions of the least and greatest of `values` (n,) in each stretch.

    A line through these looks as the line through all of them, and no excursion is lost.

    Examples
    --------
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


def _trace(axes: Axes, part: np.ndarray, limits: tuple[float, float]) -> None:
    for k, color in enumerate((style.FIRST, style.SECOND)):
        at = thinned(part[:, k])
        axes.plot(at + 1, part[at, k], color=color, lw=0.4, alpha=0.85, label=f"means[{k}]")
    axes.set(xlim=(0, len(part)), ylim=limits)
    style.count_ticks(axes, len(part))
    for side in ("left", "bottom"):
        axes.spines[side].set_color(style.FAINT)


def _divide(axes: Axes, draws: int, chains: int) -> None:
    for number in range(1, chains):
        axes.axvline(number * draws + 0.5, color=style.INK, lw=0.8)


def _side(
    axes: Axes,
    part: np.ndarray,
    limits: tuple[float, float],
    points: np.ndarray,
    exact: np.ndarray,
) -> None:
    for k, color in enumerate((style.FIRST, style.SECOND)):
        density = line_density(part[:, k], points)
        axes.fill_betweenx(points, 0, density, color=color, alpha=0.35, lw=0)
        axes.plot(density, points, color=color, lw=1.1)
        axes.plot(exact[k], points, color=style.INK, lw=0.8)
    style.bare(axes, keep=())
    axes.set(ylim=limits, xlim=(0, None))
