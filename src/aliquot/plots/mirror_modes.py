"""``aq.plots.plot_mirror_modes``: two components against each other, and the mirror between."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from aliquot.errors import ModelError
from aliquot.plots import style
from aliquot.plots.axes import grid_of_axes, limits
from aliquot.plots.components import (
    ComponentDraws,
    find_block,
    is_relabelled,
    read_components,
    stages,
)
from aliquot.symmetry import Symmetries

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Hexagons from side to side, with few draws and with many.
FEWEST, MOST = 20, 55
# The share of draws that the picture leaves outside at either end.
OUTSIDE = 5e-4


@style.picture
def plot_mirror_modes(
    trace: Any,
    relabelled: Any = None,
    *,
    ordered: Any = None,
    var_name: str | None = None,
    components: Sequence[Any] | None = None,
    sel: Mapping[str, Any] | None = None,
    ax: Any = None,
    figsize: tuple[float, float] | None = None,
) -> np.ndarray:
    """Draw the posterior of two components of a variable against each other.

    Components that can trade places make the posterior its own mirror image, with the diagonal as
    the mirror. Draws with switched labels lie on both sides of it, and their mean between the
    modes; relabelled or ordered draws lie on one side as far as the components separate.

    Parameters
    ----------
    trace : xarray.DataTree, or mapping from str to xarray.DataTree
        Draws as `aq.sample` gives them. Several, by title, are drawn side by side. Of draws that
        `aq.relabel` has given, without further ones, both are drawn: as they were, and as they are.
    relabelled, ordered : xarray.DataTree, optional
        Further draws to set beside them: relabelled, and of the model with an ordering.
    var_name : str, optional
        A variable that moves with the components. By default the first one of the first block of
        components that can trade places.
    components : pair of labels, optional
        Which two. By default the first two.
    sel : mapping from str to labels, optional
        What to choose along ``chain``, ``draw`` and further dims of the variable, of which the
        first entry is drawn otherwise.
    ax : Axes or sequence of Axes, optional
        One for each panel.
    figsize : (float, float), optional
        In inches.

    Returns
    -------
    numpy.ndarray of Axes
        One for each panel, with the same limits and the same colours.

    Raises
    ------
    ModelError
        Where the results do not say which components can trade places; for variables, components
        and labels that are not there.

    See Also
    --------
    plot_label_traces : The components of each chain, draw by draw.

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
    >>> (axes,) = aq.plots.plot_mirror_modes(trace)
    >>> axes.texts[-1].get_text(), axes.texts[-2].get_text()
    ('as drawn', '2 mirror modes')
    """
    panels = _panels(trace, relabelled, ordered)
    name, block = find_block([tree for _, tree, _ in panels], var_name)
    read = [
        read_components(tree, name, block, var_name, sel=sel, undo=undo) for _, tree, undo in panels
    ]
    first, second = _pair(read[0], components)
    pairs = [_finite(one.values[..., [first, second]].reshape(-1, 2), one.name) for one in read]
    # One pair of limits for both axes of all panels, so that the mirror is the diagonal.
    edges = limits(pairs, outside=OUTSIDE, margin=0.06)
    assert edges is not None
    low, high = edges
    axes = grid_of_axes(ax, 1, len(panels), cell=(3.0, 3.2), figsize=figsize)[0]
    drawn = [_density(one, pair, low, high) for one, pair in zip(axes, pairs, strict=True)]
    most = max(float(np.max(one.get_array())) for one in drawn)
    notes = [
        _notes(block.modes if _mirrored(tree, undo) else 1, pair)
        for (_, tree, undo), pair in zip(panels, pairs, strict=True)
    ]
    for k, (panel, found, pair) in enumerate(zip(axes, read, pairs, strict=True)):
        drawn[k].set_clim(0, most)
        _mirror(panel, pair, low, high)
        panel.set_xlabel(found.names[first])
        panel.set_ylabel(found.names[second] if k == 0 or ax is not None else "")
        style.dress(panel, keep=("bottom", "left"))
        # Empty last lines keep the titles at one height.
        lines = [*notes[k], *(" ",) * (max(map(len, notes)) - len(notes[k]))]
        style.head(panel, panels[k][0], [(line, style.QUIET) for line in lines])
    return np.asarray(axes)


def _panels(trace: Any, relabelled: Any, ordered: Any) -> list[tuple[str, Any, bool]]:
    """Give title, tree, and whether to undo its relabelling, for each panel."""
    if isinstance(trace, Mapping) and not hasattr(trace, "children"):
        panels = [(str(title), tree, False) for title, tree in trace.items()]
        if not panels:
            raise ModelError("the mapping from titles to traces is empty")
    else:
        given = stages(trace) if relabelled is None else stages(trace)[-1:]
        panels = [(title, trace, undo) for title, undo in given]
    if relabelled is not None:
        panels.append((stages(relabelled)[-1][0], relabelled, False))
    if ordered is not None:
        panels.append(("ordered", ordered, False))
    return panels


def _pair(found: ComponentDraws, components: Sequence[Any] | None) -> tuple[int, int]:
    if components is None:
        return 0, 1
    wanted = [str(label) for label in components]
    for label in wanted:
        if label not in found.labels:
            raise ModelError(
                f"components: {label!r} is not a component of {found.name} "
                f"({', '.join(found.labels)})"
            )
    if len(wanted) != 2 or wanted[0] == wanted[1]:
        raise ModelError(
            f"components must be two different labels of {', '.join(found.labels)}; "
            f"got {', '.join(wanted)}"
        )
    return found.labels.index(wanted[0]), found.labels.index(wanted[1])


def _mirrored(tree: Any, undone: bool) -> bool:
    """Say whether draws are of all mirror modes, for all that is known."""
    return bool(Symmetries.of(tree.attrs)) and (undone or not is_relabelled(tree))


def _finite(pair: np.ndarray, name: str) -> np.ndarray:
    kept = pair[np.isfinite(pair).all(axis=1)]
    if not len(kept):
        raise ModelError(f"no draw of {name} is finite")
    return kept


def _density(panel: Axes, pair: np.ndarray, low: float, high: float) -> Any:
    from matplotlib.colors import LinearSegmentedColormap, PowerNorm

    shades = LinearSegmentedColormap.from_list(
        "draws", ["#dcebf5", "#7db5d8", style.PALETTE[0], "#003a5c"]
    )
    # Shades follow the square root, so that wide modes are seen beside narrow ones.
    count = int(np.clip(1.2 * np.sqrt(len(pair)), FEWEST, MOST))
    return panel.hexbin(
        pair[:, 0], pair[:, 1], C=np.full(len(pair), 1 / len(pair)), reduce_C_function=np.sum,
        gridsize=count, extent=(low, high, low, high), cmap=shades, norm=PowerNorm(0.5),
        linewidths=0.2, edgecolors="face", rasterized=True,
    )  # fmt: skip


def _mirror(panel: Axes, pair: np.ndarray, low: float, high: float) -> None:
    from matplotlib.patheffects import withStroke

    panel.plot([low, high], [low, high], color=style.QUIET, linewidth=0.8, linestyle=(0, (4, 3)))
    panel.set(xlim=(low, high), ylim=(low, high), aspect="equal")
    panel.annotate(
        "mirror", (high, high), xytext=(-6, -2), textcoords="offset points", ha="right",
        va="bottom", rotation=45, rotation_mode="anchor", fontsize=style.SMALL, color=style.QUIET,
    )  # fmt: skip
    x, y = pair.mean(axis=0)
    panel.plot(
        [x], [y], marker="o", markersize=6, color=style.PALETTE[1], markeredgecolor=style.PAPER
    )
    panel.annotate(
        "mean", (x, y), xytext=(6, -4), textcoords="offset points", fontsize=style.SMALL,
        color=style.readable(style.state_colors(2)[1]), va="top", weight="bold",
        path_effects=[withStroke(linewidth=2.5, foreground=style.PAPER)],
    )  # fmt: skip


def _notes(modes: int, pair: np.ndarray) -> list[str]:
    """Say how many mirror modes the density has, and on which side of the mirror the draws are."""
    below = (pair[:, 1] < pair[:, 0]).mean()
    share = "no draw" if below == 0 else f"{max(below, 0.001):.1%} of the draws"
    if 0.1 <= below <= 0.9:
        share = f"{below:.0%} of the draws"
    return ([f"{modes:,} mirror modes"] if modes > 1 else []) + [f"{share} below the mirror"]
