"""The same few hundred draws three times: as drawn, permuted and relabelled."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from aliquot.report import style
from aliquot.report.analysis import Analysis
from aliquot.report.density import exact_marginals, plot_range
from aliquot.report.figures.trace import QUIET_TITLE, draw_side

STRETCH = 500
ROW, GAP, ABOVE, BELOW = 1.0, 0.26, 0.24, 0.42
# What each row is called, and whether one mode is left in it.
ROWS = {
    "as_drawn": ("as drawn", False),
    "permuted": ("permuted", False),
    "relabelled_ecr": ("relabelled, method “ecr”", True),
}


def stretch(draws: np.ndarray, length: int = STRETCH) -> tuple[int, int]:
    """Find where labels switch, and stay so, most clearly.

    Parameters
    ----------
    draws
        Of the two means, ``(draw, 2)``, all chains end to end.
    length
        Of the stretch, in draws.

    Returns
    -------
    (int, int)
        The first draw, and the one after the last, of a stretch in whose halves the order of the
        means differs most. Where it never changes, the first stretch.

    Examples
    --------
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
    borders = [at for at in range(draws, draws * chains, draws) if first < at < end]
    at = np.arange(first, end)
    limits = plot_range(analysis)
    height = BELOW + len(ROWS) * ROW + (len(ROWS) - 1) * GAP + ABOVE
    with style.styled():
        figure = style.new_figure(height)
        for row, (key, (name, one_mode)) in enumerate(ROWS.items()):
            bottom = (height - ABOVE - ROW - row * (ROW + GAP)) / height
            axes = figure.add_axes((0.045, bottom, 0.76, ROW / height))
            for k, color in enumerate((style.FIRST, style.SECOND)):
                values = drawn[key][at, k]
                axes.plot(at + 1, values, "o", ms=1.9, mew=0, color=color, label=f"means[{k}]")
            for border in borders:
                axes.axvline(border + 0.5, color=style.INK, lw=0.8)
            axes.set(xlim=(first, end + 1), ylim=limits)
            axes.set_title(name, **QUIET_TITLE)
            axes.tick_params(labelbottom=row == len(ROWS) - 1)
            axes.xaxis.set_major_formatter(lambda x, _: f"{x:,.0f}")
            for side in ("left", "bottom"):
                axes.spines[side].set_color(style.FAINT)
            side_axes = figure.add_axes((0.815, bottom, 0.17, ROW / height))
            points, exact = exact_marginals(analysis, ordered=one_mode)
            draw_side(side_axes, drawn[key], limits, points, exact)
        figure.axes[0].set_title("means[1]", loc="right", color=style.SECOND, **QUIET_TITLE)
        figure.axes[0].annotate(
            "means[0]", (1, 1), xycoords="axes fraction", xytext=(-44, 3),
            textcoords="offset points", ha="right", color=style.FIRST, fontsize=style.SMALL,
        )  # fmt: skip
        figure.axes[1].set_title("all draws (line: exact)", **QUIET_TITLE)
        figure.axes[-2].set_xlabel(_where(first, end, draws, chains), labelpad=1)
    return figure


def _where(first: int, end: int, draws: int, chains: int) -> str:
    """Say what is counted along the axis."""
    if chains == 1:
        return "draw"
    one, last = first // draws + 1, (end - 1) // draws + 1
    if one == last:
        return f"draw, chains end to end (chain {one})"
    return f"draw, chains end to end (chain {one} ends, chain {last} begins)"
