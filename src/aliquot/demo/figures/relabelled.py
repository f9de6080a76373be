"""The relabelled posterior beside the ordered one and the exact one."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from aliquot.demo.analysis import Analysis
from aliquot.demo.figures.joint import draw_over_exact
from aliquot.plots import style

SDS_SHOWN = 4.8


def relabelled_figure(analysis: Analysis) -> Figure:
    """Draw three joint densities of the two means near the one mode that is left.

    The relabelled draws, those of the ordered fit, and the exact posterior; the exact contours, at
    the same levels, over all.
    """
    panels = [
        ("no ordering, relabelled", analysis.versions["relabelled_ecr"].draws, style.BLUE),
        ("ordered", analysis.fits["nuts_ordered"].draws, style.BLUE),
        ("exact", None, style.QUIET),
    ]
    mean = analysis.exact.ordered.mean
    half = SDS_SHOWN * float(analysis.exact.ordered.sd.max())
    ends = np.array([mean[0] - half, mean[0] + half])
    with style.styled():
        figure = style.new_figure(2.75)
        grid = figure.add_gridspec(
            1, 3, left=0.075, right=0.985, bottom=0.155, top=0.91, wspace=0.06
        )
        for position, (title, draws, color) in enumerate(panels):
            axes = figure.add_subplot(grid[0, position])
            draw_over_exact(axes, analysis, draws, color, ordered=True)
            axes.fill_between(ends, ends - 9 * half, ends, color=style.FAINT, alpha=0.4, lw=0)
            axes.plot(ends, ends, color=style.FAINT, lw=0.8, zorder=0)
            axes.set(
                xlim=ends, ylim=(mean[1] - half, mean[1] + half), aspect="equal", title=title,
                xlabel="means[0]", ylabel="" if position else "means[1]",
            )  # fmt: skip
            axes.xaxis.set_major_locator(MaxNLocator(4))
            axes.yaxis.set_major_locator(MaxNLocator(4))
            axes.tick_params(labelleft=position == 0)
    return figure
