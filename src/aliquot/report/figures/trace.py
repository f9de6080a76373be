"""Trace plots of one fit, its chains combined and apart, beside the densities they add up to."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from aliquot.report import style
from aliquot.report.analysis import Analysis, Fit
from aliquot.report.density import exact_marginals, line_density, mode_spread, plot_range

# Stretches of a line across the page, each drawn by its least and its greatest value.
STRETCHES = 700
ROW = 1.0
ABOVE, BELOW, NAME, NAME_AND_NUMBERS = 0.22, 0.4, 0.24, 0.42
QUIET_TITLE: dict[str, Any] = {"fontsize": style.SMALL, "fontweight": "normal", "pad": 3}


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
    # From the bottom, in inches: the last row's numbers, the rows, what stands between them.
    gaps = [NAME_AND_NUMBERS if row == 0 else NAME for row in range(len(rows) - 1)]
    height = BELOW + ROW * len(rows) + sum(gaps) + ABOVE
    with style.styled():
        figure = style.new_figure(height)
        points, exact = exact_marginals(analysis, ordered=fit.ordered)
        top = height - ABOVE
        for row, (name, part) in enumerate(rows):
            bottom = (top - ROW) / height
            trace = figure.add_axes((0.045, bottom, 0.76, ROW / height))
            draw_trace(trace, part, limits)
            if row == 0 and chains > 1:
                _divide(trace, draws.shape[1], chains)
            trace.set_title(name, **QUIET_TITLE)
            trace.tick_params(labelbottom=row in (0, len(rows) - 1))
            side = figure.add_axes((0.815, bottom, 0.17, ROW / height))
            draw_side(side, part, limits, points, exact)
            top -= ROW + (gaps[row] if row < len(gaps) else 0)
        figure.axes[0].set_title("means[1]", loc="right", color=style.SECOND, **QUIET_TITLE)
        figure.axes[0].annotate(
            "means[0]", (1, 1), xycoords="axes fraction", xytext=(-44, 3),
            textcoords="offset points", ha="right", color=style.FIRST, fontsize=style.SMALL,
        )  # fmt: skip
        figure.axes[1].set_title("density (line: exact)", **QUIET_TITLE)
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


def trace_panel(axes: Axes, analysis: Analysis, fit: Fit) -> None:
    """Draw the chains of one fit end to end on `axes`."""
    draws = fit.draws
    draw_trace(axes, draws.reshape(-1, 2), plot_range(analysis))
    _divide(axes, draws.shape[1], len(draws))


def draw_trace(axes: Axes, part: np.ndarray, limits: tuple[float, float]) -> None:
    """Draw both means of `part` (n, 2) over the draws, as lines."""
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


def draw_side(
    axes: Axes,
    part: np.ndarray,
    limits: tuple[float, float],
    points: np.ndarray,
    exact: np.ndarray,
) -> None:
    """Draw the densities of both means sideways, and the exact ones as lines."""
    for k, color in enumerate((style.FIRST, style.SECOND)):
        density = line_density(part[:, k], points, mode_spread(part))
        axes.fill_betweenx(points, 0, density, color=color, alpha=0.35, lw=0)
        axes.plot(density, points, color=color, lw=1.1)
        axes.plot(exact[k], points, color=style.INK, lw=0.8)
    style.bare(axes, keep=())
    axes.set(ylim=limits, xlim=(0, None))
