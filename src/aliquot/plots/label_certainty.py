"""``aq.plots.plot_label_certainty``: how certain the labels of relabelled draws are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from aliquot.errors import ModelError
from aliquot.plots import style
from aliquot.plots.axes import stacked_axes
from aliquot.plots.components import relabelling

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Certainties at least this high are one bar.
HIGHEST = 1 - 1e-6
BINS_PER_DECADE = 8


@style.picture
def plot_label_certainty(
    trace: Any,
    *,
    below: float = 0.9,
    ax: Any = None,
    figsize: tuple[float, float] | None = None,
) -> np.ndarray:
    """Draw how certain the labels of each draw are, for each block of components.

    The axis spreads what is near 1: from 0.9 to 0.99 is as far as from 0.99 to 0.999.

    Parameters
    ----------
    trace : xarray.DataTree
        As `aq.relabel` gives it, with the group ``relabelling``.
    below : float
        Draws less certain than this are set off, and their share is written. Between 1/2 and 1.
    ax : Axes or sequence of Axes, optional
        One for each block.
    figsize : (float, float), optional
        In inches.

    Returns
    -------
    numpy.ndarray of Axes
        One for each block.

    Raises
    ------
    ModelError
        Where `aq.relabel` has not been called.

    Notes
    -----
    Certainty is at least 1/2, where another labelling fits as well. Many draws near 1/2 mean that
    components overlap, and that no labels do them justice.

    See Also
    --------
    plot_mirror_modes : Two components against each other, before and after.

    Examples
    --------
    >>> import aliquot as aq
    >>> import xarray as xr
    >>> certainty = xr.Dataset({"certainty_means": (("chain", "draw"), [[0.6, 0.99, 1.0, 1.0]])})
    >>> (axes,) = aq.plots.plot_label_certainty(xr.DataTree.from_dict({"relabelling": certainty}))
    >>> [text.get_text() for text in axes.texts][:2]
    ['median 0.995', '25% of 4 draws below 0.9']
    """
    if not 0.5 < below < 1:
        raise ModelError(f"below must be between 0.5 and 1; got {below!r}")
    dataset = relabelling(trace)
    found = {
        str(name).removeprefix("certainty_"): np.asarray(array.values, float).ravel()
        for name, array in dataset.data_vars.items()
        if str(name).startswith("certainty_")
    }
    if not found:
        raise ModelError(
            f"the group 'relabelling' has no certainties; its variables are "
            f"{', '.join(map(str, dataset.data_vars)) or 'none'}"
        )
    method = trace.attrs.get("relabelled")
    axes = stacked_axes(ax, [1.6] * len(found), width=6.0, figsize=figsize)
    for panel, (name, certainty) in zip(axes, found.items(), strict=True):
        _draw(panel, certainty, below)
        title = f"Certainty of the labels of {name}" + (f" ({method})" if method else "")
        style.head(panel, title, _notes(certainty, below))
    axes[-1].set_xlabel("certainty")
    return axes


def _position(certainty: Any) -> np.ndarray:
    """Spread certainties by how many nines they have: 0.9 is at 1, 0.99 at 2."""
    return np.asarray(-np.log10(1 - np.clip(certainty, 0.5, HIGHEST)))


def _draw(panel: Axes, certainty: np.ndarray, below: float) -> None:
    lowest, edge, highest = (float(_position(at)) for at in (0.5, below, HIGHEST))
    step = 1 / BINS_PER_DECADE
    # `below` is an edge of two bars, so that colours and the written share agree.
    down = np.linspace(lowest, edge, max(int(np.ceil((edge - lowest) / step)), 1) + 1)
    up = np.linspace(edge, highest, int(np.ceil((highest - edge) / step)) + 1)
    edges = np.concatenate([down[:-1], up, [highest + 2 * step]])
    at = np.where(certainty >= HIGHEST, highest + step, np.minimum(_position(certainty), highest))
    # Just under `below` stays under it, however its logarithm is rounded.
    at = np.where(certainty < below, np.minimum(at, edge - 1e-9), np.maximum(at, edge))
    shares = np.histogram(at, edges)[0] / len(certainty)
    unsure = edges[:-1] < edge - 1e-9
    colors = [style.PALETTE[1] if one else style.PALETTE[0] for one in unsure]
    panel.bar(
        edges[:-1], shares, np.diff(edges), align="edge", color=colors, edgecolor=style.PAPER,
        linewidth=0.6,
    )  # fmt: skip
    ticks = [0.5, 0.9, 0.99, 0.999, 0.9999, 0.99999]
    panel.set_xticks(
        [*_position(np.array(ticks)), highest + step],
        [*(f"{t:g}" for t in ticks), "≥ 0.999999"],
    )
    panel.set_xlim(lowest - 0.05, edges[-1] + 0.05)
    panel.set_ylabel("share of draws")
    style.dress(panel, keep=("bottom", "left"))


def _notes(certainty: np.ndarray, below: float) -> list[tuple[str, Any]]:
    """Say how many draws are uncertain, in their bars' colour, and what is usual."""
    share = float((certainty < below).mean())
    text = f"{share:.0%}" if share >= 0.1 else f"{max(share, 1e-4):.2%}"
    text = text if share else "none"
    middle = float(np.median(certainty))
    # As many digits as show how far it is from 1.
    digits = int(np.clip(np.ceil(_position(middle)), 2, 6))
    value = "over 0.999999" if middle > HIGHEST else f"{middle:.{digits}f}"
    orange = style.readable(style.state_colors(2)[1])
    return [
        (f"{text} of {certainty.size:,} draws below {below:g}", orange if share else style.QUIET),
        (f"median {value}", style.QUIET),
    ]
