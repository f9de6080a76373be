"""One look for every picture: colours, type and axes.

Colours are those of Okabe and Ito, told apart by readers with any colour vision. A figure is drawn
once, on paper white; in the article its colours become CSS variables, so that it follows the
reader's light or dark scheme.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

INK = "#20242a"
QUIET = "#6b737c"
FAINT = "#d5d9de"
BLUE = "#0072b2"
ORANGE = "#d55e00"
GREEN = "#009e73"
PAPER = "#fefefe"

# The first mean and the second, everywhere.
FIRST, SECOND = BLUE, ORANGE
# A second chain beside the first, where colour already says something else.
DASHES = ("-", (0, (4, 1.6)), (0, (1, 1)), (0, (5, 1, 1, 1)))

WIDTH = 7.2
TEXT = 9.0
SMALL = 8.0

_RC: Any = {
    "axes.edgecolor": QUIET,
    "axes.facecolor": "none",
    "axes.labelcolor": QUIET,
    "axes.labelpad": 4.0,
    "axes.labelsize": SMALL,
    "axes.linewidth": 0.6,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlecolor": INK,
    "axes.titlelocation": "left",
    "axes.titlepad": 6.0,
    "axes.titlesize": TEXT,
    "axes.titleweight": "semibold",
    "axes.unicode_minus": True,
    "figure.facecolor": PAPER,
    "font.family": "sans-serif",
    "font.sans-serif": ["Inter", "Helvetica Neue", "Arial", "Liberation Sans", "DejaVu Sans"],
    "font.size": TEXT,
    "lines.linewidth": 1.2,
    "lines.solid_capstyle": "round",
    "path.simplify": True,
    "text.color": INK,
    "xtick.color": QUIET,
    "xtick.labelsize": SMALL,
    "xtick.major.size": 2.5,
    "xtick.major.width": 0.6,
    "xtick.minor.visible": False,
    "ytick.color": QUIET,
    "ytick.labelsize": SMALL,
    "ytick.major.size": 2.5,
    "ytick.major.width": 0.6,
    "ytick.minor.visible": False,
}


def styled() -> AbstractContextManager[None]:
    """Return the context in which figures are drawn and saved; the user's settings are left alone.

    Examples
    --------
    >>> import matplotlib
    >>> before = matplotlib.rcParams["axes.edgecolor"]
    >>> with styled():
    ...     figure = new_figure(2.0)
    >>> matplotlib.rcParams["axes.edgecolor"] == before
    True
    """
    return rc_context(_RC)


def new_figure(height: float, width: float = WIDTH) -> Figure:
    """Make an empty figure, in inches, that pyplot does not know of."""
    figure = Figure(figsize=(width, height))
    FigureCanvasAgg(figure)
    return figure


def bare(axes: Axes, *, keep: Sequence[str] = ("bottom",)) -> None:
    """Take away the spines and ticks of every side but those to `keep`."""
    for side, spine in axes.spines.items():
        spine.set_visible(side in keep)
    if "left" not in keep:
        axes.set_yticks([])
    if "bottom" not in keep:
        axes.set_xticks([])


def key(axes: Axes, entries: Sequence[tuple[str, str]], *, align: str = "left") -> None:
    """Write coloured names, one a line, in an upper corner: a legend without its box."""
    height = axes.figure.get_figheight() * axes.get_position().height  # type: ignore[union-attr]
    line = 1.45 * SMALL / 72 / height
    at = 0.01 if align == "left" else 0.99
    for row, (text, color) in enumerate(entries):
        axes.text(
            at, 0.985 - line * row, text, color=color, ha=align, va="top",
            fontsize=SMALL, transform=axes.transAxes,
        )  # fmt: skip


def count_ticks(axes: Axes, last: int, parts: int = 4) -> None:
    """Number the horizontal axis from 0 to `last`, so that no number stands out over its end."""
    ticks = [tick for tick in MaxNLocator(parts, integer=True).tick_values(0, last) if tick <= last]
    labels = axes.set_xticks(ticks, [f"{tick:,.0f}" for tick in ticks])
    labels[0].label1.set_horizontalalignment("left")
    if ticks[-1] > 0.97 * last:
        labels[-1].label1.set_horizontalalignment("right")


def minus(value: float) -> str:
    """Write a number with a true minus sign."""
    return f"{value:g}".replace("-", "−")
