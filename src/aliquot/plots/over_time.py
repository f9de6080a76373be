"""The states of a sequence, step by step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from aliquot.plots import style
from aliquot.plots.axes import probability_ticks, stacked_axes
from aliquot.plots.recovered import Recovered

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# More steps than this are averaged into columns: a wide figure has no more pixels.
MOST_COLUMNS = 1_500
MOST_AREAS = 6
# Up to this many observations each is a dot.
MOST_DOTS = 3_000


@dataclass(frozen=True)
class Series:
    """One sequence."""

    name: str  # which one it is; empty where there is one only
    x: np.ndarray  # (steps,)
    mean: np.ndarray  # (steps, K): the posterior probability of each state
    observed: np.ndarray | None  # (steps,) or (steps, columns)
    path: np.ndarray | None  # (steps,): the most probable path, as positions of states
    exact: bool  # whether that is one path, and not put together from those of many draws


def draw_series(
    recovered: Recovered,
    series: Sequence[Series],
    *,
    observed: str,
    across: str,
    ax: Any,
    figsize: tuple[float, float] | None,
) -> np.ndarray:
    """Draw each sequence: its data, its probabilities and its most probable path."""
    names, colors = recovered.names, recovered.colors
    states = len(names)
    areas = states <= MOST_AREAS
    panels: list[tuple[Series, str, float]] = []
    for one in series:
        if one.observed is not None:
            panels.append((one, "data", 1.6 if len(series) == 1 else 1.1))
        panels.append((one, "areas" if areas else "map", (1.3 if areas else 0.7 + 0.12 * states)))
        if one.path is not None and areas:
            panels.append((one, "path", 0.3 + 0.14 * states))
    axes = stacked_axes(ax, [height for _, _, height in panels], width=8.0, figsize=figsize)
    for panel, (one, kind, _) in zip(axes, panels, strict=True):
        edges = _edges(one.x)
        if kind == "data":
            _data(panel, one, colors, observed)
        elif kind == "areas":
            _areas(panel, one, edges, colors, f"p({recovered.name} | data)")
        elif kind == "map":
            _map(panel, one, edges, names)
        else:
            last = panel is axes[-1]
            _path(panel, one, edges, names, colors, keep=("bottom",) if last else ())
        panel.set_xlim(edges[0], edges[-1])
    for panel in axes[:-1]:
        panel.tick_params(axis="x", length=0, labelbottom=ax is not None)
    axes[-1].set_xlabel(across or "x")
    if areas:
        _names(axes, panels, names, colors)
    _heads(axes, panels, recovered, series)
    return axes


def _edges(x: np.ndarray) -> np.ndarray:
    """Give the borders between steps, half way between neighbours."""
    if x.dtype.kind == "M":
        x = x.astype("datetime64[ns]")  # whole days have no halves
    if len(x) == 1:
        return np.array([x[0] - 0.5, x[0] + 0.5]) if x.dtype.kind in "iuf" else np.repeat(x, 2)
    half = (x[1:] - x[:-1]) / 2
    middle = x[:-1] + half
    return np.concatenate([[x[0] - half[0]], middle, [x[-1] + half[-1]]])


def _columns(edges: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Average neighbouring steps where there are more of them than columns."""
    width = column_width(len(values))
    if width == 1:
        return edges, values
    starts = np.arange(0, len(values), width)
    lengths = np.diff(np.append(starts, len(values)))
    return edges[np.append(starts, len(values))], np.add.reduceat(values, starts) / lengths[:, None]


def column_width(steps: int) -> int:
    """Give the number of steps that are averaged into one column."""
    return -(-steps // MOST_COLUMNS)


def _data(axes: Axes, one: Series, colors: np.ndarray, label: str) -> None:
    values = np.asarray(one.observed).reshape(len(one.x), -1)
    many = len(one.x) > MOST_DOTS
    fill = style.mixed(one.mean, colors)
    for column in values.T:
        if not many:
            axes.plot(one.x, column, color=style.FAINT, linewidth=0.8, zorder=1)
        axes.scatter(
            one.x, column, c=fill, s=float(np.clip(2_400 / len(one.x), 1.5, 14)),
            linewidth=0, zorder=2, rasterized=many,
        )  # fmt: skip
    axes.set_ylabel(label)
    axes.margins(y=0.08)
    style.dress(axes, keep=("left",))


def _areas(axes: Axes, one: Series, edges: np.ndarray, colors: np.ndarray, label: str) -> None:
    borders, p = _columns(edges, one.mean)
    # Each step is a bar as wide as itself: areas between points would show slopes that are not.
    levels = np.concatenate([np.zeros((len(p), 1)), np.cumsum(p, axis=1)], axis=1)
    levels[:, -1] = 1.0
    stepped = np.concatenate([levels, levels[-1:]])
    for state, color in enumerate(colors):
        axes.fill_between(
            borders, stepped[:, state], stepped[:, state + 1], step="post",
            color=color, alpha=0.85, linewidth=0, rasterized=len(p) > 500,
        )  # fmt: skip
    axes.set_ylim(0, 1)
    probability_ticks(axes)
    axes.set_ylabel(label)
    style.dress(axes, keep=("left", "bottom"))


def _map(axes: Axes, one: Series, edges: np.ndarray, names: Sequence[str]) -> None:
    from matplotlib.colors import LinearSegmentedColormap

    borders, p = _columns(edges, one.mean)
    ramp = LinearSegmentedColormap.from_list("probability", ["#f4f6f8", "#9cc4e0", "#0b4a75"])
    axes.pcolormesh(
        borders, np.arange(len(names) + 1) - 0.5, p.T, cmap=ramp, vmin=0, vmax=1, rasterized=True
    )
    if one.path is not None:
        axes.stairs(one.path, edges, baseline=None, color=style.PALETTE[1], linewidth=_weight(one))
    _state_ticks(axes, names)
    style.dress(axes, keep=("bottom", "left"))


def _path(
    axes: Axes,
    one: Series,
    edges: np.ndarray,
    names: Sequence[str],
    colors: np.ndarray,
    keep: Sequence[str],
) -> None:
    axes.stairs(np.asarray(one.path), edges, baseline=None, color=style.INK, linewidth=_weight(one))
    _state_ticks(axes, names)
    style.write(axes, _path_title(one), (0, 1), (0, 2))
    style.dress(axes, keep=keep)
    for tick, color in zip(axes.get_yticklabels(), colors, strict=False):
        tick.set_color(style.readable(color))


def _path_title(one: Series) -> str:
    return "most probable path" + ("" if one.exact else ", in most draws")


def _weight(one: Series) -> float:
    return 1.3 if len(one.x) <= MOST_COLUMNS else 0.5


def _state_ticks(axes: Axes, names: Sequence[str]) -> None:
    every = -(-len(names) // 16)
    chosen = list(range(0, len(names), every))
    axes.set_yticks(chosen, [names[k] for k in chosen])
    axes.set_ylim(-0.5, len(names) - 0.5)


def _names(
    axes: np.ndarray,
    panels: Sequence[tuple[Series, str, float]],
    names: Sequence[str],
    colors: np.ndarray,
) -> None:
    """Write the states' names beside the first areas, from the bottom up as they are stacked."""
    panel = next(a for a, (_, kind, _) in zip(axes, panels, strict=True) if kind == "areas")
    for state, name in enumerate(names):
        place, color = (1, (state + 0.5) / len(names)), style.readable(colors[state])
        style.write(panel, name, place, (6, 0), color=color, va="center", weight="bold")


def _heads(
    axes: np.ndarray,
    panels: Sequence[tuple[Series, str, float]],
    recovered: Recovered,
    series: Sequence[Series],
) -> None:
    steps = len(series[0].x)
    note = f"{steps:,} steps, {len(recovered.values)} states; mean over {recovered.draws:,} draws"
    if column_width(steps) > 1:
        note += f"; each column averages {column_width(steps)} steps"
    total = int(np.prod(recovered.shape[:-1]))
    if total > len(series):
        note += f"; {len(series)} of {total:,} sequences (sel= chooses)"
    notes = [(note, style.QUIET)]
    if recovered.switching_note:
        notes.append((recovered.switching_note, style.WARNING))
    if len(recovered.values) > MOST_AREAS:
        notes.append(("Darker: more probable", style.QUIET))
        if series[0].path is not None:
            line = f"Darker: more probable. Line: the {_path_title(series[0])}"
            notes[-1] = (line, style.QUIET)
    before = None
    for panel, (one, _, _) in zip(axes, panels, strict=True):
        if one is not before and one.name:
            style.write(
                panel, one.name, (0, 1), (4, 2), color=style.INK, va="baseline", weight="bold"
            )
        before = one
    if series[0].name:  # keeps clear of the first sequence's name
        notes.append((" ", style.QUIET))
    style.head(axes[0], f"States of {recovered.name}", notes)
