"""One look for every picture of a page: that of `aliquot.plots`, in figures of our own.

A figure is drawn once, on paper white; in the page its colours become CSS variables, so that it
follows the reader's light or dark scheme.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from aliquot.plots import style as plots
from aliquot.plots.style import FAINT as FAINT
from aliquot.plots.style import INK, PALETTE, QUIET, SMALL, TEXT
from aliquot.plots.style import PAPER as PAPER

BLUE, ORANGE, GREEN = PALETTE[:3]
# The first of two and the second, everywhere.
FIRST, SECOND = BLUE, ORANGE
# A second chain beside the first, where colour already says something else.
DASHES = ("-", (0, (4, 1.6)), (0, (1, 1)), (0, (5, 1, 1, 1)))
WIDTH = 7.2
# The name of a row or a panel, above it.
QUIET_TITLE: dict[str, Any] = {"fontsize": SMALL, "fontweight": "normal", "pad": 3}

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
    "lines.linewidth": 1.2,
    **{
        f"{axis}tick.{what}": value
        for axis in "xy"
        for what, value in {
            "color": QUIET,
            "labelsize": SMALL,
            "major.size": 2.5,
            "major.width": 0.6,
            "minor.visible": False,
        }.items()
    },
}


@contextmanager
def styled() -> Iterator[None]:
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
    with plots.styled(), rc_context(_RC):
        yield


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
