"""The same few hundred draws three times: as drawn, permuted and relabelled."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from aliquot.demo.analysis import Analysis
from aliquot.demo.density import plot_range
from aliquot.demo.figures.trace import COLORS, NAMES, draw_densities, name_both
from aliquot.plots import style
from aliquot.reporting.rows import make_rows

STRETCH = 500
# What each row is called, and whether one mode is left in it.
ROWS = {
    "as_drawn": ("as drawn", False),
    "permuted": ("permuted", False),
    "relabelled_ecr": ("relabelled, method “ecr”", True),
}


def stretch(draws: np.ndarray, length: int = STRETCH) -> tuple[int, int]:
    """Find where labels switch, and stay so, most clearly.

    That is the stretch of `length` draws in whose halves the order of the means differs most, or
    the first stretch where it never changes; its first draw, and the one after its last. The draws
    are of the two means, ``(draw, 2)``, all chains end to end.

    >>> draws = np.zeros((40, 2))
    >>> draws[:, 1] = np.where(np.arange(40) < 22, 1.0, -1.0)
    >>> stretch(draws, 10)
    (17, 27)
    """
    above = draws[:, 0] > draws[:, 1]
    half = min(length, len(above)) // 2
    sums = np.cumsum(np.insert(above.astype(int), 0, 0))
    before = sums[half:-half] - sums[: -2 * half]
    after = sums[2 * half :] - sums[half:-half]
    first = int(np.argmax(np.abs(after - before)))
    return first, first + 2 * half


def label_switch_figure(analysis: Analysis) -> Figure:
    """Draw both means over the stretch of draws, and the densities of all draws beside it."""
    drawn = {key: analysis.versions[key].draws.reshape(-1, 2) for key in ROWS}
    draws, chains = analysis.settings.draws, analysis.settings.chains
    first, end = stretch(drawn["as_drawn"])
    at = np.arange(first, end)
    with style.styled():
        figure, rows = make_rows([0.26] * (len(ROWS) - 1))
        for (axes, side), (key, (name, one_mode)) in zip(rows, ROWS.items(), strict=True):
            for values, color, label in zip(drawn[key][at].T, COLORS, NAMES, strict=True):
                axes.plot(at + 1, values, "o", ms=1.9, mew=0, color=color, label=label)
            for border in range(draws, draws * chains, draws):
                if first < border < end:
                    axes.axvline(border + 0.5, color=style.INK, lw=0.8)
            axes.set(xlim=(first, end + 1), ylim=plot_range(analysis))
            axes.set_title(name, **style.QUIET_TITLE)
            axes.tick_params(labelbottom=axes is rows[-1][0])
            axes.xaxis.set_major_formatter(lambda x, _: f"{x:,.0f}")
            draw_densities(side, analysis, drawn[key], ordered=one_mode)
        name_both(rows, "all draws (line: exact)")
        rows[-1][0].set_xlabel(_where(first, end, draws, chains), labelpad=1)
    return figure


def _where(first: int, end: int, draws: int, chains: int) -> str:
    """Say what is counted along the axis."""
    if chains == 1:
        return "draw"
    one, last = first // draws + 1, (end - 1) // draws + 1
    if one == last:
        return f"draw, chains end to end (chain {one})"
    return f"draw, chains end to end (chain {one} ends, chain {last} begins)"
