"""The relabelled posterior beside the ordered one and the exact one."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from aliquot.report import style
from aliquot.report.analysis import Analysis
from aliquot.report.density import exact_joint, joint_density
from aliquot.report.figures.joint import HALF_DECADES

SDS_SHOWN = 4.8


def relabelled_figure(analysis: Analysis) -> Figure:
    """Draw three joint densities of the two means near the one mode that is left.

    The relabelled draws, those of the ordered fit, and the exact posterior; the exact contours, at
    the same levels, over all.
    """
    points, exact = exact_joint(analysis, ordered=True)
    levels = exact.max() * 10.0**HALF_DECADES
    panels = [
        ("no ordering, relabelled", analysis.versions["relabelled_ecr"].draws, style.BLUE),
        ("ordered", analysis.fits["nuts_ordered"].draws, style.BLUE),
        ("exact", None, style.QUIET),
    ]
    moments = analysis.exact.ordered
    half = SDS_SHOWN * float(moments.sd.max())
    with style.styled():
        figure = style.new_figure(2.75)
        grid = figure.add_gridspec(
            1, 3, left=0.075, right=0.985, bottom=0.155, top=0.91, wspace=0.06
        )
        for position, (title, draws, color) in enumerate(panels):
            axes = figure.add_subplot(grid[0, position])
            density = exact if draws is None else joint_density(draws.reshape(-1, 2), points)
            for level in levels:
                top = max(float(density.max()), level) * 2
                axes.contourf(points, points, density.T, [level, top], colors=[color], alpha=0.2)
            axes.contour(
                points, points, exact.T, levels=levels, colors=[style.INK], linewidths=0.55,
                zorder=3,
            )  # fmt: skip
            ends = np.array([moments.mean[0] - half, moments.mean[0] + half])
            axes.fill_between(ends, ends - 9 * half, ends, color=style.FAINT, alpha=0.4, lw=0)
            axes.plot(ends, ends, color=style.FAINT, lw=0.8, zorder=0)
            axes.set(
                xlim=ends, ylim=(moments.mean[1] - half, moments.mean[1] + half),
                aspect="equal", title=title, xlabel="means[0]",
            )  # fmt: skip
            for axis in (axes.xaxis, axes.yaxis):
                axis.set_major_locator(MaxNLocator(4))
            if position:
                axes.tick_params(labelleft=False)
            else:
                axes.set_ylabel("means[1]")
    return figure
