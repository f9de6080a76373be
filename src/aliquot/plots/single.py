"""The posterior of a single discrete number, such as a change point."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from aliquot.plots import style
from aliquot.plots.axes import stacked_axes, whole_ticks
from aliquot.plots.recovered import PlotData, Recovered

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Up to this many states each has its name below its bar.
MOST_NAMES = 12
# Without data above, the states at either end that are less probable than this are left out.
NEGLIGIBLE = 1e-4


def draw_single(
    recovered: Recovered,
    observed: PlotData | None,
    across: PlotData | None,
    *,
    prob: float,
    ax: Any,
    figsize: tuple[float, float] | None,
) -> np.ndarray:
    """Draw a bar for each state, those that hold `prob` in colour, and the data above."""
    p, names = recovered.mean, recovered.names
    inside = smallest_set(p, prob)
    numeric = across is not None or recovered.numeric
    if across is not None:
        at = across.array.astype(float)
    else:
        at = recovered.values.astype(float) if recovered.numeric else np.arange(len(p)) * 1.0
    heights = (1.5, 1.7) if observed is not None else (2.3,)
    axes = stacked_axes(ax, heights, width=6.4, figsize=figsize)
    panel: Axes = axes[-1]
    width = 0.86 * (np.diff(np.sort(at)).min() if len(at) > 1 else 1.0)
    colors = [style.PALETTE[0] if one else style.FAINT for one in inside]
    panel.bar(at, p, width, color=colors, linewidth=0)
    panel.set_ylim(0, None)
    panel.set_ylabel("posterior probability")
    panel.set_xlabel(across.name if across is not None and across.name else recovered.name)
    style.dress(panel, keep=("bottom", "left"))
    if not numeric or (len(names) <= MOST_NAMES and across is None):
        texts = [str(v) for v in recovered.values] if recovered.numeric else list(names)
        panel.set_xticks(at, texts)
        panel.tick_params(axis="x", length=0)
    elif np.all(at == np.round(at)):
        whole_ticks(panel.xaxis)
    notes = [(_set_note(recovered, p, inside, at, numeric, prob), style.QUIET)]
    if observed is not None:
        _data(axes[0], at, observed, p)
    else:
        kept = np.flatnonzero(p > NEGLIGIBLE)
        if numeric and len(kept) and len(kept) < len(p):
            low, high = at[kept].min(), at[kept].max()
            panel.set_xlim(low - 1.5 * width, high + 1.5 * width)
            if (at < low).any() or (at > high).any():
                notes.append((f"Further states have less than {NEGLIGIBLE:g} each", style.QUIET))
    style.head(axes[0], f"Posterior of {recovered.name}", notes)
    return axes


def smallest_set(p: np.ndarray, prob: float) -> np.ndarray:
    """Mark the fewest states that hold a probability together.

    >>> smallest_set(np.array([0.05, 0.6, 0.35]), 0.9).tolist()
    [False, True, True]
    """
    order = np.argsort(-p, kind="stable")
    count = int(np.searchsorted(np.cumsum(p[order]), prob - 1e-12)) + 1
    inside = np.zeros(len(p), bool)
    inside[order[:count]] = True
    return inside


def _set_note(
    recovered: Recovered,
    p: np.ndarray,
    inside: np.ndarray,
    at: np.ndarray,
    numeric: bool,
    prob: float,
) -> str:
    count, held = int(inside.sum()), float(p[inside].sum())
    best = f"{at[p.argmax()]:g}" if numeric else recovered.names[int(p.argmax())]
    if count == 1:
        what = f"in colour: {best}"
    elif numeric and np.ptp(np.flatnonzero(inside)) == count - 1:
        what = f"in colour: {at[inside].min():g} to {at[inside].max():g}"
    else:
        what = f"in colour: the {count} most probable"
    return (
        f"Most probable: {best} ({p.max():.2f}); {what}, which hold {held:.2f} (at least {prob:g})"
        if count > 1
        else f"Most probable: {best} ({p.max():.3f}); mean over {recovered.draws:,} draws"
    )


def _data(axes: Axes, at: np.ndarray, observed: PlotData, p: np.ndarray) -> None:
    """Draw the data, and behind them the state's probability as a shade."""
    for position, shade in zip(at, p / p.max(), strict=True):
        if shade > 0.02:
            axes.axvline(
                position, color=style.PALETTE[0], alpha=0.35 * shade, linewidth=2, zorder=0
            )
    for column in observed.array.reshape(len(at), -1).T:
        axes.plot(at, column, color=style.FAINT, linewidth=0.8, zorder=1)
        axes.scatter(at, column, s=9, color=style.INK, linewidth=0, zorder=2)
    axes.set_ylabel(observed.name)
    axes.margins(x=0.02, y=0.08)
    style.dress(axes, keep=("left",))
