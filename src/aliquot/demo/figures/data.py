"""The data, the mixture that they came from and the mixture that was fitted."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from aliquot.demo.analysis import Analysis
from aliquot.plots import style
from aliquot.reporting.numbers import measured

CURVES_FROM = 2_000  # posterior draws behind the band


def normal_density(x: np.ndarray, mean: np.ndarray | float) -> np.ndarray:
    """Density of a unit Gaussian."""
    return np.exp(-0.5 * (x - mean) ** 2) / np.sqrt(2 * np.pi)


def fitted_curves(draws: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean (x.size,) and the 5% and 95% quantiles (2, x.size) of the mixture at `x`.

    The draws are of the two means, ``(chain, draw, 2)``.
    """
    flat = draws.reshape(-1, 2)
    few = flat[:: max(1, len(flat) // CURVES_FROM)]
    curves = normal_density(x, few[:, :, None]).mean(axis=1)
    return curves.mean(axis=0), np.quantile(curves, [0.05, 0.95], axis=0)


def data_figure(analysis: Analysis) -> Figure:
    """Draw the histogram of the data with the densities behind it.

    The two halves of the true mixture and their sum, and the mean and 90% band of the
    mixture that the ordered NUTS fit found.
    """
    data, true = analysis.data, analysis.settings.means
    with style.styled():
        figure = style.new_figure(3.0)
        axes = figure.add_axes((0.02, 0.15, 0.96, 0.83))
        low, high = min(data.min(), true[0] - 3.2), max(data.max(), true[1] + 3.2)
        bins = int(np.clip(4 * len(data) ** (1 / 3) * np.ptp(data) / 5.5, 10, 150))
        heights, *_ = axes.hist(
            data, bins=bins, density=True, color=style.FAINT, rwidth=0.92, zorder=1
        )
        x = np.linspace(low, high, 300)
        fitted, band = fitted_curves(analysis.fits["nuts_ordered"].draws, x)
        axes.fill_between(x, *band, color=style.GREEN, alpha=0.22, lw=0, zorder=2)
        axes.plot(x, fitted, color=style.GREEN, lw=1.8, zorder=4)
        halves = [0.5 * normal_density(x, mean) for mean in true]
        for half, color in zip(halves, (style.BLUE, style.ORANGE), strict=True):
            axes.plot(x, half, color=color, lw=1.5, zorder=3)
        axes.plot(x, sum(halves), color=style.INK, lw=1.1, ls=(0, (4, 2)), zorder=5)

        style.bare(axes)
        top = max(np.max(heights), band.max()) * 1.12
        axes.set(xlim=(x[0], x[-1]), ylim=(0, top), xlabel="observation")
        simulated = (
            (f"lower component, mean {measured(true[0], 0)}", style.BLUE),
            (f"upper component, mean {measured(true[1], 0)}", style.ORANGE),
            ("both together (dashed)", style.INK),
        )
        found = (
            (f"{len(data):,} observations", style.QUIET),
            ("fitted mixture, with 90% band", style.GREEN),
        )
        style.key(axes, simulated, align="left")
        style.key(axes, found, align="right")
    return figure
