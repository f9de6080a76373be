"""Autocorrelation of the NUTS fits: how many draws it takes to forget."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from aliquot.demo.analysis import Analysis
from aliquot.diagnostics.statistics import autocovariance
from aliquot.plots import style

LONGEST_LAG = 5_000


def autocorrelation_figure(analysis: Analysis) -> Figure:
    """Draw the autocorrelation of each mean, chain by chain, over lags on a log scale."""
    fits = (("nuts_unordered", style.ORANGE), ("nuts_ordered", style.BLUE))
    draws = analysis.fits["nuts_ordered"].draws.shape[1]
    longest = min(LONGEST_LAG, draws // 2)
    lags = np.unique(np.geomspace(1, longest, 160).astype(int))
    with style.styled():
        figure = style.new_figure(2.7)
        grid = figure.add_gridspec(1, 2, left=0.075, right=0.985, bottom=0.16, top=0.9, wspace=0.08)
        for k in range(2):
            axes = figure.add_subplot(grid[0, k])
            axes.axhline(0, color=style.QUIET, lw=0.6)
            for key, color in fits:
                for number, chain in enumerate(analysis.fits[key].draws[..., k]):
                    covariance = autocovariance(chain)
                    values = covariance[lags] / covariance[0]
                    dash = style.DASHES[number % len(style.DASHES)]
                    axes.plot(lags, values, color=color, ls=dash, lw=1.3)
            axes.set(
                xscale="log", xlim=(1, longest), ylim=(-0.35, 1.03), xlabel="lag, in draws",
                title=f"means[{k}]", yticks=(0, 0.5, 1),
            )  # fmt: skip
            axes.xaxis.set_major_formatter(lambda x, _: f"{x:,.0f}")
            axes.tick_params(which="minor", length=0)
            if k:
                axes.set_yticklabels([])
        axes = figure.axes[0]
        axes.text(0.97, 0.93, "no ordering", color=style.ORANGE, ha="right", va="top",
                  fontsize=style.SMALL, transform=axes.transAxes)  # fmt: skip
        axes.text(0.03, 0.07, "ordered", color=style.BLUE,
                  fontsize=style.SMALL, transform=axes.transAxes)  # fmt: skip
    return figure
