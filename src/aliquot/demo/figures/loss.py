"""The loss of both ADVI fits, and the bound that no fit can pass."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from aliquot.demo.analysis import Analysis, Fit
from aliquot.plots import style

WINDOW = 500
BINS = 600


def running_average(losses: np.ndarray, window: int = WINDOW) -> np.ndarray:
    """Average the last `window` losses at each iteration from the first full window on.

    >>> running_average(np.array([1.0, 3.0, 5.0]), 2)
    array([2., 4.])
    """
    sums = np.cumsum(np.insert(losses, 0, 0.0))
    return (sums[window:] - sums[:-window]) / window


def loss_figure(analysis: Analysis) -> Figure:
    """Draw each iteration's loss, its running average, and minus the log evidence below them."""
    fits = [fit for fit in analysis.fits.values() if fit.losses is not None]
    floor = -analysis.exact.log_evidence
    top = max(_top(fit, floor) for fit in fits)
    with style.styled():
        figure = style.new_figure(2.9)
        grid = figure.add_gridspec(1, 2, left=0.085, right=0.985, bottom=0.15, top=0.9, wspace=0.08)
        for position, fit in enumerate(fits):
            axes = figure.add_subplot(grid[0, position])
            _panel(axes, fit, floor)
            axes.set(ylim=(floor - 0.4 * (top - floor), top), title=fit.title)
            if position:
                axes.set_yticklabels([])
            else:
                axes.set_ylabel("loss, nats")
    return figure


def _panel(axes: Axes, fit: Fit, floor: float) -> None:
    losses = np.asarray(fit.losses)
    window = min(WINDOW, len(losses) // 4)
    iterations = np.arange(1, len(losses) + 1)
    # The least and the greatest of each stretch look as the whole does.
    edges = np.linspace(0, len(losses), min(BINS, len(losses)) + 1).astype(int)[:-1]
    low, high = np.minimum.reduceat(losses, edges), np.maximum.reduceat(losses, edges)
    axes.fill_between(iterations[edges], low, high, color=style.GREEN, alpha=0.25, lw=0)
    axes.plot(iterations[window - 1 :], running_average(losses, window), color=style.GREEN, lw=1.4)
    axes.axhline(floor, color=style.INK, lw=0.9, ls=(0, (4, 2)))
    end, final = len(losses), -float(fit.elbo or 0.0)
    axes.set(xlim=(0, end), xlabel="iteration")
    style.count_ticks(axes, end, 3)
    axes.text(
        0.985, 0.95, f"final −ELBO {final:.3f} ± {fit.elbo_error:.3f}", color=style.GREEN,
        ha="right", va="top", fontsize=style.SMALL, transform=axes.transAxes,
    )  # fmt: skip
    axes.text(
        0.985, 0.05, f"−log evidence {floor:.3f} (dashed)", color=style.INK,
        ha="right", fontsize=style.SMALL, transform=axes.transAxes,
    )  # fmt: skip


def _top(fit: Fit, floor: float) -> float:
    settled = np.asarray(fit.losses)[len(np.asarray(fit.losses)) // 2 :]
    return floor + max(1.0, 1.3 * (float(np.quantile(settled, 0.998)) - floor))
