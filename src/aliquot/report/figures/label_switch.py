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


def stretch(draws: np.ndarray, length: int = STRETCH) -> tuple[int, int, int]:
    """Find where labels switch, and stay so, most clearly.

    Parameters
    ----------
    draws
        Of the two means, ``(chain, draw, 2)``.
    length
        Of the stretch, in draws.

    Returns
    -------
    (int, int, int)
        The chain, and the first draw and the last but one of a stretch in whose halves the order
        of the means differs most. Where it never changes, the first stretch of the first chain.

    Examples
    --------
    >>> draws = np.zeros((2, 40, 2))
    >>> draws[0, :, 1] = 1.0
    >>> draws[1, :, 1] = np.where(np.arange(40) < 22, 1.0, -1.0)
    >>> stretch(draws, 10)
    (1, 17, 27)
    """
    above = draws[..., 0] > draws[..., 1]
    half = min(length, above.shape[1]) // 2
    sums = np.cumsum(np.pad(above, ((0, 0), (1, 0))), axis=1)
    before = sums[:, half:-half] - sums[:, : -2 * half]
    after = sums[:, 2 * half :] - sums[:, half:-half]
    chain, first = np.unravel_index(np.argmax(np.abs(after - before)), before.shape)
    return int(chain), int(first), int(first) + 2 * half


def label_switch_figure(analysis: Analysis) -> Figure:
    """Draw both means over the stretch of draws, and the densities of all draws beside it."""
    drawn = {key: analysis.versions[key].draws for key in ROWS}
    chain, first, end = stretch(drawn["as_drawn"])
    at = np.arange(first, end)
    limits = plot_range(analysis)
    height = BELOW + len(ROWS) * ROW + (len(ROWS) - 1) * GAP + ABOVE
    with style.styled():
        figure = style.new_figure(height)
        for row, (key, (name, one_mode)) in enumerate(ROWS.items()):
            bottom = (height - ABOVE - ROW - row * (ROW + GAP)) / height
            axes = figure.add_axes((0.045, bottom, 0.76, ROW / height))
            for k, color in enumerate((style.FIRST, style.SECOND)):
                values = drawn[key][chain, at, k]
                axes.plot(at + 1, values, "o", ms=1.9, mew=0, color=color, label=f"means[{k}]")
            axes.set(xlim=(first, end + 1), ylim=limits)
            axes.set_title(name, **QUIET_TITLE)
            axes.tick_params(labelbottom=row == len(ROWS) - 1)
            axes.xaxis.set_major_formatter(lambda x, _: f"{x:,.0f}")
            for side in ("left", "bottom"):
                axes.spines[side].set_color(style.FAINT)
            side_axes = figure.add_axes((0.815, bottom, 0.17, ROW / height))
            points, exact = exact_marginals(analysis, ordered=one_mode)
            draw_side(side_axes, drawn[key].reshape(-1, 2), limits, points, exact)
        figure.axes[0].set_title("means[1]", loc="right", color=style.SECOND, **QUIET_TITLE)
        figure.axes[0].annotate(
            "means[0]", (1, 1), xycoords="axes fraction", xytext=(-44, 3),
            textcoords="offset points", ha="right", color=style.FIRST, fontsize=style.SMALL,
        )  # fmt: skip
        figure.axes[1].set_title("all draws (line: exact)", **QUIET_TITLE)
        figure.axes[-2].set_xlabel(f"draw of chain {chain + 1}", labelpad=1)
    return figure
