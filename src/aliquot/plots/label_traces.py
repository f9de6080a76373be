"""``aq.plots.plot_label_traces``: the components of each chain, draw by draw."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from aliquot.errors import ModelError
from aliquot.plots import style
from aliquot.plots.axes import grid_of_axes, limits
from aliquot.plots.components import ComponentDraws, find_block, read_components, stages

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Chains drawn where `sel` does not say which.
MOST_CHAINS = 4
# Up to this many labels each is in the key.
MOST_LABELS = 6
# The share of values that the picture leaves outside at either end.
OUTSIDE = 1e-3


@style.picture
def plot_label_traces(
    trace: Any,
    *,
    var_name: str | None = None,
    max_draws: int = 1_000,
    sel: Mapping[str, Any] | None = None,
    ax: Any = None,
    figsize: tuple[float, float] | None = None,
) -> np.ndarray:
    """Draw each component of a variable over the draws of each chain, coloured by label.

    Where labels switch, a colour jumps from one level to another. Of draws that `aq.relabel` has
    given there are two rows: as they were drawn, and relabelled.

    Parameters
    ----------
    trace : xarray.DataTree
        As `aq.sample` or `aq.relabel` gives it.
    var_name : str, optional
        A variable that moves with the components. By default the first one of the first block of
        components that can trade places.
    max_draws : int
        Draws shown of each chain, evenly spread over all.
    sel : mapping from str to labels, optional
        What to choose along ``chain``, ``draw`` and further dims of the variable, of which the
        first entry is drawn otherwise. Of more than four chains the first four are drawn.
    ax : Axes or sequence of Axes, optional
        One for each panel, row by row.
    figsize : (float, float), optional
        In inches.

    Returns
    -------
    numpy.ndarray of Axes, shape (rows, chains)

    Raises
    ------
    ModelError
        Where the results do not say which components can trade places; for variables and labels
        that are not there.

    See Also
    --------
    plot_mirror_modes : Two components against each other.

    Examples
    --------
    >>> import aliquot as aq
    >>> import numpy as np
    >>> from aliquot.results import build_tree
    >>> from aliquot.symmetry import Block, Role, Symmetries
    >>> rng = np.random.default_rng(1)
    >>> means = np.array([[-1.0, 1.0], [1.0, -1.0]])[:, None] + 0.2 * rng.normal(size=(2, 500, 2))
    >>> found = Symmetries((Block((Role(("means",), 0, (0, 1)),)),))
    >>> trace = build_tree(posterior={"means": means}, attrs={"symmetries": found.to_json()})
    >>> aq.plots.plot_label_traces(trace).shape
    (1, 2)
    """
    if max_draws < 1:
        raise ModelError(f"max_draws must be at least 1; got {max_draws!r}")
    name, block = find_block([trace], var_name)
    rows = stages(trace)
    read = [read_components(trace, name, block, var_name, sel=sel, undo=undo) for _, undo in rows]
    every = max(1, -(-read[0].values.shape[1] // max_draws))
    chains = read[0].chains[:MOST_CHAINS]
    cell = (max(6.0 / len(chains), 2.3), 1.6)
    axes = grid_of_axes(ax, len(rows), len(chains), cell=cell, figsize=figsize)
    for row, (found, (title, _)) in enumerate(zip(read, rows, strict=True)):
        for column, chain in enumerate(chains):
            panel = axes[row, column]
            _draw(panel, found.values[column], every)
            keep = (["bottom"] if row == len(rows) - 1 else []) + ([] if column else ["left"])
            style.dress(panel, keep=keep)
            heading = f"{found.name}, {title}" if column == 0 else ""
            style.head(panel, heading, [(f"chain {chain}", style.QUIET)])
    edges = limits((one.values for one in read), outside=OUTSIDE, margin=0.08)
    if edges is not None:
        for panel in axes.ravel():
            panel.set_ylim(*edges)
    for panel in axes[-1]:
        panel.set_xlabel("draw" + (f" (every {_ordinal(every)})" if every > 1 else ""))
    _key(axes[0, -1], read[0])
    return axes


def _draw(panel: Axes, values: np.ndarray, every: int) -> None:
    """Draw dots in a mixed order, so that no component hides another."""
    shown = values[::every]
    draws, count = shown.shape
    order = np.random.default_rng(0).permutation(shown.size)
    across = np.repeat(np.arange(draws) * every, count)[order]
    colors = np.tile(style.state_colors(count), (draws, 1))[order]
    panel.scatter(
        across, shown.ravel()[order], c=colors, s=float(np.clip(4_000 / draws, 3, 14)),
        linewidth=0, alpha=0.75, rasterized=True,
    )  # fmt: skip
    panel.set_xlim(0, max(len(values) - 1, 1))


def _key(panel: Axes, found: ComponentDraws) -> None:
    """Say which colour is which label, above the last panel of the first row."""
    from matplotlib.transforms import ScaledTranslation

    colors = style.state_colors(len(found.labels))
    numbered = all(label.isdigit() for label in found.labels)
    texts = found.names if numbered else found.labels
    chosen = range(len(texts))
    if len(texts) > MOST_LABELS:  # colours in order, of which the ends are enough
        chosen = [0, 1, len(texts) - 2, len(texts) - 1]  # type: ignore[assignment]
    handles = [
        panel.plot([], [], marker="o", markersize=4, linestyle="", color=colors[k],
                   label=texts[k] + (" …" if k == 1 and len(chosen) < len(texts) else ""))[0]
        for k in chosen
    ]  # fmt: skip
    # As high as the title: two lines of small print above the axes.
    raised = ScaledTranslation(0, 1.9 * style.SMALL / 72, panel.figure.dpi_scale_trans)
    key = panel.legend(
        handles=handles, loc="lower right", bbox_to_anchor=(1.0, 1.0), frameon=False,
        bbox_transform=panel.transAxes + raised, ncols=len(handles), fontsize=style.SMALL,
        handletextpad=0.1, columnspacing=0.9, borderpad=0, borderaxespad=0,
    )  # fmt: skip
    # It may be wider than its panel, which stays as wide as the others.
    key.set_in_layout(False)
    for text, k in zip(key.get_texts(), chosen, strict=True):
        text.set(color=style.readable(colors[k]), weight="bold")


def _ordinal(number: int) -> str:
    """Write a number's place in a row: ``2nd``, ``13th``."""
    last = number % 10 if number % 100 not in (11, 12, 13) else 0
    return f"{number}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(last, 'th') }"
