"""Trace plots of one fit, its chains combined and apart, beside the densities they add up to."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from aliquot.demo.analysis import Analysis, Fit
from aliquot.demo.density import exact_marginals, plot_range, scale_within_mode
from aliquot.plots import style
from aliquot.reporting.densities import line_density
from aliquot.reporting.rows import draw_lines, draw_side, make_rows

COLORS = (style.BLUE, style.ORANGE)
NAMES = ("means[0]", "means[1]")
# Between rows, in inches: room for a name, and for the numbers of the row above.
NAME, NAME_AND_NUMBERS = 0.24, 0.42


def trace_figure(analysis: Analysis, fit: Fit) -> Figure:
    """Draw the trace of the two means and their densities.

    The first row is all chains, one after the other; then, where there are several, one
    row for each. Beside each row stands the density of its draws over the exact one.
    """
    draws = fit.draws
    parts = {"chains combined" if len(draws) > 1 else "": draws.reshape(-1, 2)}
    if len(draws) > 1:
        parts |= {f"chain {number}": chain for number, chain in enumerate(draws, 1)}
    with style.styled():
        figure, rows = make_rows([NAME_AND_NUMBERS, *[NAME] * len(draws)][: len(parts) - 1])
        for (trace, side), (name, part) in zip(rows, parts.items(), strict=True):
            draw_lines(trace, part.T, COLORS, plot_range(analysis), labels=NAMES)
            trace.set_title(name, **style.QUIET_TITLE)
            trace.tick_params(labelbottom=trace in (rows[0][0], rows[-1][0]))
            draw_densities(side, analysis, part, ordered=fit.ordered)
        _divide(rows[0][0], draws)
        name_both(rows, "density (line: exact)")
        rows[-1][0].set_xlabel("draw", labelpad=1)
    return figure


def trace_panel(axes: Axes, analysis: Analysis, fit: Fit) -> None:
    """Draw the chains of one fit end to end on `axes`."""
    draw_lines(axes, fit.draws.reshape(-1, 2).T, COLORS, plot_range(analysis), labels=NAMES)
    _divide(axes, fit.draws)


def draw_densities(axes: Axes, analysis: Analysis, part: np.ndarray, *, ordered: bool) -> None:
    """Draw the densities of both means of `part` (n, 2) sideways, over the exact ones."""
    points, exact = exact_marginals(analysis, ordered=ordered)
    found = [line_density(own, points, scale_within_mode(part)) for own in part.T]
    draw_side(axes, plot_range(analysis), points, found, COLORS, exact)


def name_both(rows: Sequence[tuple[Axes, Axes]], density: str) -> None:
    """Write above the first row what its colours are, and what stands beside it."""
    trace, side = rows[0]
    trace.set_title(NAMES[1], loc="right", color=style.ORANGE, **style.QUIET_TITLE)
    trace.annotate(
        NAMES[0], (1, 1), xycoords="axes fraction", xytext=(-44, 3), textcoords="offset points",
        ha="right", color=style.BLUE, fontsize=style.SMALL,
    )  # fmt: skip
    side.set_title(density, **style.QUIET_TITLE)


def _divide(axes: Axes, draws: np.ndarray) -> None:
    for number in range(1, len(draws)):
        axes.axvline(number * draws.shape[1] + 0.5, color=style.INK, lw=0.8)
