"""``aq.plots.plot_comparison``: models with different numbers of components, side by side."""

from __future__ import annotations

from typing import Any

import numpy as np

from aliquot.errors import ModelError
from aliquot.plots import style
from aliquot.plots.axes import stacked_axes, whole_ticks

NEEDED = ("log_evidence", "error", "probability", "probability_error", "elpd", "elpd_error")
# So many nats below the best a model plays no part, and would squeeze the others.
SHOWN = 30.0


@style.picture
def plot_comparison(
    table: Any, *, ax: Any = None, figsize: tuple[float, float] | None = None
) -> np.ndarray:
    """Draw evidence, probability and predictive density by number of components.

    The lines at points and bars are one standard error up and down: of the Monte Carlo estimate
    for the evidence and the probability, of the sum over rows for the predictive density. Numbers
    that could not be fitted are marked with a cross, those whose evidence should not be believed
    are hollow.

    Parameters
    ----------
    table : pandas.DataFrame
        As ``aq.compare_components(...).table``.
    ax : sequence of Axes, optional
        Three, from the top down.
    figsize : (float, float), optional
        In inches.

    Returns
    -------
    numpy.ndarray of Axes, shape (3,)

    Raises
    ------
    ModelError
        For a table without these columns, or the wrong number of axes.

    Examples
    --------
    >>> import aliquot as aq
    >>> import pandas as pd
    >>> table = pd.DataFrame(
    ...     {"log_evidence": [-60.0, -52.0], "error": 0.02, "probability": [0.0, 1.0],
    ...      "probability_error": 0.0, "elpd": [-57.0, -50.0], "elpd_error": 3.0, "good": True},
    ...     index=[1, 2])
    >>> [axes.get_ylabel() for axes in aq.plots.plot_comparison(table)]
    ['nats', 'probability', 'nats']
    """
    missing = [name for name in NEEDED if name not in getattr(table, "columns", ())]
    if missing:
        raise ModelError(
            "table must be that of aq.compare_components, a DataFrame with a row for each number; "
            f"it has no {', '.join(missing)}"
        )
    axes = stacked_axes(ax, (1.5, 1.5, 1.5), width=5.2, figsize=figsize)
    numbers = np.asarray(table.index, float)
    good = np.asarray(table["good"], bool) if "good" in table else np.ones(numbers.shape, bool)
    failed = numbers[~np.isfinite(np.asarray(table["log_evidence"], float))]
    _points(axes[0], numbers, *_columns(table, "log_evidence", "error"), good)
    style.head(axes[0], "Log evidence", [("below the best", style.QUIET)])
    p, error = _columns(table, "probability", "probability_error")
    best = int(np.nanargmax(p)) if np.isfinite(p).any() else -1
    colors = [style.PALETTE[0] if k == best else "#9cb8cc" for k in range(len(p))]
    axes[1].bar(numbers, np.nan_to_num(p), 0.7, color=colors, linewidth=0)
    axes[1].errorbar(
        numbers, p, error, fmt="none", ecolor=style.INK, elinewidth=1.1, capsize=3, zorder=3
    )
    axes[1].set_ylim(0, 1.08)
    axes[1].set_ylabel("probability")
    note = "" if best < 0 else f"most probable: {numbers[best]:.0f} ({p[best]:.2f})"
    style.head(axes[1], "Posterior of the number", [(note, style.QUIET)] if note else [])
    _points(axes[2], numbers, *_columns(table, "elpd", "elpd_error"), good=None)
    style.head(
        axes[2],
        "Expected log predictive density, by leave-one-out",
        [("below the best", style.QUIET)],
    )
    axes[2].set_xlabel("components")
    whole_ticks(axes[2].xaxis)
    for panel in axes:
        panel.set_xlim(numbers.min() - 0.7, numbers.max() + 0.7)
        if len(failed):
            low = panel.get_ylim()[0]
            panel.plot(failed, np.full(failed.shape, low), "x", color=style.WARNING, clip_on=False)
        style.dress(panel, keep=("bottom", "left"))
    return axes


def _columns(table: Any, value: str, error: str) -> tuple[np.ndarray, np.ndarray]:
    return np.asarray(table[value], float), np.asarray(table[error], float)


def _points(
    panel: Any,
    numbers: np.ndarray,
    values: np.ndarray,
    errors: np.ndarray,
    good: np.ndarray | None,
) -> None:
    """Draw values below the highest; those that are far below leave through the bottom."""
    panel.set_ylabel("nats")
    if not np.isfinite(values).any():
        return
    best = np.nanmax(values)
    away = values - best
    panel.plot(numbers, away, "-", color=style.FAINT, zorder=1)
    panel.errorbar(
        numbers, away, np.nan_to_num(errors), fmt="none", ecolor=style.INK, elinewidth=1.0,
        capsize=3, zorder=2,
    )  # fmt: skip
    fill = [style.PALETTE[0] if good is None or ok else style.PAPER for ok in _each(good, numbers)]
    panel.scatter(numbers, away, s=22, color=fill, edgecolor=style.PALETTE[0], zorder=3)
    finite = away[np.isfinite(away)]
    spread = float(np.nanmax(np.nan_to_num(errors)))
    low = max(finite.min(), -SHOWN)
    panel.set_ylim(
        low - 0.12 * max(-low, 1.0) - min(spread, SHOWN / 3), 0.12 * max(-low, 1.0) + spread
    )


def _each(good: np.ndarray | None, numbers: np.ndarray) -> np.ndarray:
    return np.ones(numbers.shape, bool) if good is None else good
