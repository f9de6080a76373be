"""One look for the pictures: colours that can be told apart, quiet axes, names in place of keys."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import wraps
from textwrap import wrap
from typing import TYPE_CHECKING, Any

import numpy as np

from aliquot.errors import ModelError, ShapeError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK = "#20242a"
QUIET = "#5f6770"
FAINT = "#d5d9de"
PAPER = "#ffffff"
WARNING = "#a23b00"

# Okabe and Ito's, in an order that puts the most different next to each other.
PALETTE = ("#0072b2", "#d55e00", "#009e73", "#e69f00", "#cc79a7", "#56b4e9")
BLUE, ORANGE, GREEN = PALETTE[:3]
# A second chain beside the first, where colour already says something else.
DASHES = ("-", (0, (4, 1.6)), (0, (1, 1)), (0, (5, 1, 1, 1)))

TEXT = 9.0
SMALL = 8.0

# Of a page's column, in inches.
WIDTH = 7.2
# The name of a row or a panel, above it.
QUIET_TITLE: dict[str, Any] = {"fontsize": SMALL, "fontweight": "normal", "pad": 3}

_RC: Any = {
    "axes.unicode_minus": True,
    "figure.facecolor": PAPER,
    "font.family": "sans-serif",
    "font.sans-serif": ["Inter", "Helvetica Neue", "Arial", "Liberation Sans", "DejaVu Sans"],
    "font.size": TEXT,
    "lines.solid_capstyle": "round",
    "savefig.facecolor": PAPER,
    "text.color": INK,
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
    "axes.titleweight": "bold",
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
    """Return the context in which figures are made; the user's settings are left alone.

    >>> import matplotlib
    >>> before = matplotlib.rcParams["axes.edgecolor"]
    >>> with styled():
    ...     figure = new_figure(2.0)
    >>> matplotlib.rcParams["axes.edgecolor"] == before
    True
    """
    from matplotlib import rc_context, rcParams

    with rc_context(_RC):
        yield
        # A notebook's backend that was first loaded in here has turned this on, to stay on.
        interactive = rcParams["interactive"]
    rcParams["interactive"] = interactive


def picture[**P](draw: Callable[P, np.ndarray]) -> Callable[P, np.ndarray]:
    """Let a function draw in this look, and begin what it refuses with its name."""

    @wraps(draw)
    def drawn(*args: P.args, **kwargs: P.kwargs) -> np.ndarray:
        try:
            with styled():
                return draw(*args, **kwargs)
        except (ModelError, ShapeError) as error:
            error.args = (f"aq.plots.{draw.__name__}: {error}",)
            raise

    return drawn


def state_colors(count: int) -> np.ndarray:
    """Give each state a colour, (count, 3) in [0, 1], told apart by readers with any colour vision.

    Beyond six states they come from viridis, in order.

    >>> state_colors(2).round(2).tolist()
    [[0.0, 0.45, 0.7], [0.84, 0.37, 0.0]]
    """
    from matplotlib import colormaps
    from matplotlib.colors import to_rgb

    if count <= len(PALETTE):
        return np.array([to_rgb(color) for color in PALETTE[:count]])
    return np.asarray(colormaps["viridis"](np.linspace(0.0, 0.9, count))[:, :3])


def mixed(weights: np.ndarray, colors: np.ndarray) -> np.ndarray:
    """Mix colours (K, 3) by weights (..., K) evenly to the eye.

    They are averaged in OKLab: Ottosson (2020), A perceptual color space for image processing.

    >>> colors = np.array([[0.0, 0.0, 0.0], [1.0, 1.0, 1.0]])
    >>> mixed(np.array([[1.0, 0.0], [0.5, 0.5]]), colors).round(2).tolist()
    [[0.0, 0.0, 0.0], [0.39, 0.39, 0.39]]
    """
    linear = np.where(colors <= 0.04045, colors / 12.92, ((colors + 0.055) / 1.055) ** 2.4)
    lab = np.cbrt(linear @ _TO_CONES.T) @ _TO_LAB.T
    cones = (np.asarray(weights) @ lab) @ np.linalg.inv(_TO_LAB).T
    linear = np.clip(cones**3 @ np.linalg.inv(_TO_CONES).T, 0.0, 1.0)
    curved = 1.055 * linear ** (1 / 2.4) - 0.055
    return np.asarray(np.clip(np.where(linear <= 0.0031308, 12.92 * linear, curved), 0.0, 1.0))


def readable(color: np.ndarray) -> tuple[float, float, float]:
    """Darken a colour, for text on white."""
    from matplotlib.colors import to_rgb

    red, green, blue = mixed(np.array([0.75, 0.25]), np.array([color, to_rgb(INK)])).tolist()
    return red, green, blue


_TO_CONES = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)


def dress(axes: Axes, *, keep: Sequence[str] = ("bottom",)) -> None:
    """Make axes quiet, with the spines and tick marks of the sides to `keep` only."""
    axes.set_facecolor("none")
    for side, spine in axes.spines.items():
        spine.set_visible(side in keep)
        spine.set_color(QUIET)
        spine.set_linewidth(0.6)
    for which, side in (("x", "bottom"), ("y", "left")):
        kept = side in keep
        axes.tick_params(
            axis=which,  # type: ignore[arg-type]
            colors=QUIET, labelsize=SMALL, length=2.5 if kept else 0, width=0.6,
        )  # fmt: skip
    axes.xaxis.label.set(color=QUIET, fontsize=SMALL)
    axes.yaxis.label.set(color=QUIET, fontsize=SMALL)


def write(
    axes: Axes, text: str, at: tuple[float, float], offset: tuple[float, float], **options: Any
) -> None:
    """Write small text at a place within the axes, from (0, 0) to (1, 1), moved by some points."""
    how: dict[str, Any] = {"fontsize": SMALL, "color": QUIET, "va": "bottom"} | options
    axes.annotate(
        text, at, xytext=offset, xycoords="axes fraction", textcoords="offset points", **how
    )


def head(axes: Axes, title: str, notes: Sequence[tuple[str, str]] = ()) -> None:
    """Write a title, and under it notes, each a text and its colour, above the axes.

    Notes that are wider than the axes become several lines.
    """
    line = 1.5 * SMALL
    width = axes.get_position().width * axes.figure.get_figwidth()  # type: ignore[union-attr]
    # A letter is about half as wide as it is high.
    letters = max(int(width * 72 / (0.5 * SMALL)), 20)
    notes = [(part, color) for text, color in notes for part in wrap(text, letters) or [text]]
    for row, (text, color) in enumerate(reversed(notes)):
        write(axes, text, (0, 1), (0, 6 + row * line), color=color)
    at = (0, 7 + len(notes) * line)
    write(axes, title, (0, 1), at, fontsize=TEXT + 1, color=INK, weight="bold")


def new_figure(height: float, width: float = WIDTH) -> Figure:
    """Make an empty figure, in inches, that pyplot does not know of."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

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
    from matplotlib.ticker import MaxNLocator

    ticks = [tick for tick in MaxNLocator(parts, integer=True).tick_values(0, last) if tick <= last]
    labels = axes.set_xticks(ticks, [f"{tick:,.0f}" for tick in ticks])
    labels[0].label1.set_horizontalalignment("left")
    if ticks[-1] > 0.97 * last:
        labels[-1].label1.set_horizontalalignment("right")
