"""Draw docs/images/two_gaussians.png, the picture at the top of the README.

Run from anywhere: .venv/bin/python docs/images/make.py
"""

from __future__ import annotations

import warnings
from pathlib import Path

from aliquot.demo import Fit, Settings, run_analysis
from aliquot.demo.figures.joint import joint_panel
from aliquot.demo.figures.trace import trace_panel
from aliquot.plots import style

WIDTH, HEIGHT, ROW = 7.2, 4.25, 1.66
CODE = {
    False: 'aq.Normal("means", 0, 10, shape=2)',
    True: 'aq.Normal("means", 0, 10, shape=2, transform=aq.transforms.ordered)',
}


def verdict(fit: Fit) -> str:
    """Say how a fit came out."""
    return f"R-hat {fit.summary.rhat:.2f}, ESS {fit.summary.ess:,.0f}"


def main() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        analysis = run_analysis(Settings())
    fits = [analysis.fits[key] for key in ("nuts_unordered", "nuts_ordered")]
    with style.styled():
        figure = style.new_figure(HEIGHT, WIDTH)
        for row, fit in enumerate(fits):
            bottom = (HEIGHT - (ROW + 0.36) * (row + 1) + 0.02) / HEIGHT
            trace = figure.add_axes((0.04, bottom, 0.65, ROW / HEIGHT))
            trace_panel(trace, analysis, fit)
            trace.set_title(CODE[fit.ordered], fontfamily="monospace", fontweight="normal", size=8)
            joint = figure.add_axes((0.75, bottom, ROW / WIDTH, ROW / HEIGHT))
            joint_panel(joint, analysis, fit)
            joint.set_title(
                verdict(fit), color=style.GREEN if fit.ordered else style.ORANGE, size=8
            )
            for axes in (trace, joint):
                axes.set_yticks((-1, 0, 1))
                axes.tick_params(labelbottom=row == 1)
            for text in joint.texts:
                text.remove()
        figure.savefig(Path(__file__).with_name("two_gaussians.png"), dpi=200)


if __name__ == "__main__":
    main()
