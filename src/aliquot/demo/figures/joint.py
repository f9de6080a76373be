"""The joint density of the two means: what each fit found, over what is there."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from aliquot.demo.analysis import Analysis, Fit
from aliquot.demo.density import exact_joint, joint_density, plot_range
from aliquot.plots import style

# Below a three-hundredth of the peak, 20,000 draws show single draws and no density.
HALF_DECADES = np.arange(-2.5, 0.1, 0.5)


def joint_figure(analysis: Analysis) -> Figure:
    """Draw the four joint densities on log-spaced levels, with the exact contours over them."""
    with style.styled():
        figure = style.new_figure(7.0)
        grid = figure.add_gridspec(
            2, 2, left=0.075, right=0.985, bottom=0.065, top=0.965, wspace=0.05, hspace=0.1
        )
        for position, fit in enumerate(analysis.fits.values()):
            axes = figure.add_subplot(grid[divmod(position, 2)])
            joint_panel(axes, analysis, fit)
            axes.set_title(fit.title)
            axes.tick_params(labelbottom=position >= 2, labelleft=position % 2 == 0)
            axes.set_xlabel("means[0]" if position >= 2 else "")
            axes.set_ylabel("" if position % 2 else "means[1]")
    return figure


def joint_panel(axes: Axes, analysis: Analysis, fit: Fit) -> None:
    """Draw one fit's density filled, and the exact contours at the same levels as lines."""
    color = style.BLUE if fit.method == "NUTS" else style.GREEN
    limits = plot_range(analysis)
    if fit.ordered:
        axes.fill_between(limits, limits[0], limits, color=style.FAINT, alpha=0.4, lw=0, zorder=0)
        axes.text(
            0.97, 0.03, "excluded by the ordering", color=style.QUIET, ha="right",
            fontsize=style.SMALL, transform=axes.transAxes,
        )  # fmt: skip
    axes.plot(limits, limits, color=style.FAINT, lw=0.8, zorder=0)
    draw_over_exact(axes, analysis, fit.draws, color, ordered=fit.ordered)
    axes.set(xlim=limits, ylim=limits, aspect="equal")


def draw_over_exact(
    axes: Axes, analysis: Analysis, draws: np.ndarray | None, color: str, *, ordered: bool
) -> None:
    """Fill the density of draws, by default the exact one, and draw the exact contours over it."""
    points, exact = exact_joint(analysis, ordered=ordered)
    levels = exact.max() * 10.0**HALF_DECADES
    found = exact if draws is None else joint_density(draws.reshape(-1, 2), points)
    for level in levels:
        top = max(float(found.max()), level) * 2
        axes.contourf(points, points, found.T, [level, top], colors=[color], alpha=0.2)
    axes.contour(
        points, points, exact.T, levels=levels, colors=[style.INK], linewidths=0.55, zorder=3
    )
