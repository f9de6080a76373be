"""Responsibilities over one column of data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from aliquot.plots import style
from aliquot.plots.axes import probability_ticks
from aliquot.plots.recovered import Recovered

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Up to this many observations each is drawn by itself.
MOST_TICKS = 600
MOST_POINTS = 300
# A curve that goes up and down more than this in all depends on more than this column.
LONGEST_WAY = 4.0


def draw_over_line(
    axes: np.ndarray,
    recovered: Recovered,
    x: np.ndarray,
    label: str,
    prob: float,
) -> None:
    """Draw the data `x` (rows,), called `label`, above and the probabilities below.

    Missing data, NaN, are left out. The bands hold a probability of `prob`.
    """
    names, colors = recovered.names, recovered.colors
    seen = np.isfinite(x)
    order = np.flatnonzero(seen)[np.argsort(x[seen], kind="stable")]
    mean = recovered.rows[order]
    draws = recovered.some_draws[:, order]
    _histogram(axes[0], x[order], mean, colors)
    _curves(axes[1], x[order], mean, draws, colors, prob)
    _names(axes[1], x[order], mean, colors, names)
    axes[1].set_xlabel(label or "x")
    axes[1].set_ylabel(f"p({recovered.name} | data)")
    axes[0].set_ylabel("observations")
    for one in axes:
        style.dress(one, keep=("bottom", "left"))
    span = np.ptp(x[order]) if len(order) else 1.0
    margin = 0.02 * (span or 1.0)
    axes[1].set_xlim(x[order[0]] - margin, x[order[-1]] + margin)


def _histogram(axes: Axes, x: np.ndarray, mean: np.ndarray, colors: np.ndarray) -> None:
    """Draw bars of the number of observations, divided by state, and a tick for each."""
    edges = _edges(x)
    base = np.zeros(len(edges) - 1)
    for state, color in enumerate(colors):
        height, _ = np.histogram(x, edges, weights=mean[:, state])
        axes.bar(
            edges[:-1], height, np.diff(edges), bottom=base, align="edge",
            color=color, alpha=0.85, edgecolor=style.PAPER, linewidth=0.4,
        )  # fmt: skip
        base += height
    axes.set_ylim(0, None)
    if len(x) <= MOST_TICKS:
        top = axes.get_ylim()[1]
        tints: Any = style.mixed(mean, colors)
        axes.vlines(
            x, -0.075 * top, -0.015 * top, colors=tints, linewidth=0.8, alpha=0.8
        )  # fmt: skip
        axes.set_ylim(-0.08 * top, top)


def _edges(x: np.ndarray) -> np.ndarray:
    distinct = np.unique(x)
    if len(distinct) <= 60 and np.all(distinct == np.round(distinct)):
        return np.arange(distinct[0], distinct[-1] + 2) - 0.5
    count = len(np.histogram_bin_edges(x, "fd")) - 1
    low, high = distinct[0], distinct[-1]
    return np.linspace(low, high + (low == high), int(np.clip(count, 15, 80)) + 1)


def _curves(
    axes: Axes,
    x: np.ndarray,
    mean: np.ndarray,
    draws: np.ndarray,
    colors: np.ndarray,
    prob: float,
) -> None:
    tail = 0.5 * (1 - prob)
    low, high = np.quantile(draws, [tail, 1 - tail], axis=0)
    smooth = np.abs(np.diff(mean, axis=0)).sum(axis=0).max(initial=0.0) <= LONGEST_WAY
    size = float(np.clip(2_000 / len(x), 2, 14))
    for state, color in enumerate(colors):
        p = mean[:, state]
        if smooth:
            axes.fill_between(
                x, low[:, state], high[:, state], color=color, alpha=0.18, linewidth=0
            )
            axes.plot(x, p, color=color, linewidth=1.4)
        elif len(x) <= MOST_POINTS:
            axes.vlines(x, low[:, state], high[:, state], color=color, alpha=0.25, linewidth=0.8)
        if len(x) <= MOST_POINTS or not smooth:
            axes.scatter(
                x, p, s=size, color=color, alpha=0.8, linewidth=0, rasterized=len(x) > MOST_POINTS
            )
    axes.set_ylim(-0.03, 1.3)
    probability_ticks(axes)
    axes.spines["left"].set_bounds(0, 1)


def _names(
    axes: Axes, x: np.ndarray, mean: np.ndarray, colors: np.ndarray, names: Sequence[str]
) -> None:
    """Write each state's name over the observations that it is the likeliest for."""
    likeliest = mean.argmax(axis=1)
    at = []
    for state in range(len(names)):
        its = x[likeliest == state]
        at.append(float(np.median(its)) if len(its) else float(x[mean[:, state].argmax()]))
    low, high = x[0], x[-1]
    span = (high - low) or 1.0
    ends = [-np.inf, -np.inf]
    for state in np.argsort(at, kind="stable"):
        # About 0.011 of the width for each letter at this size.
        half = 0.5 * 0.0125 * len(names[state]) * span
        center = float(np.clip(at[state], low + half, high - half))
        row = 0 if center - half > ends[0] else 1
        ends[row] = center + half
        axes.text(
            center, 1.05 + 0.13 * row, names[state], color=style.readable(colors[state]),
            ha="center", va="bottom", fontsize=style.SMALL, weight="bold",
        )  # fmt: skip
