"""The article: figures, table and text put together in one HTML file."""

from __future__ import annotations

from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any

from aliquot.demo import figures
from aliquot.demo.analysis import Analysis
from aliquot.demo.labels import announced
from aliquot.demo.story import tell
from aliquot.files import write_bytes, write_text
from aliquot.plots import style
from aliquot.reporting import page
from aliquot.reporting.svg import inline_svg

DOTS_PER_INCH = 200
# What each figure shows, for readers who do not see it.
DESCRIPTIONS = {
    "data": "Histogram of the data with the two true densities, their sum and the fitted mixture.",
    "joint": "Joint density of the two means in each of the four fits, over the exact contours.",
    "autocorrelation": "Autocorrelation of both means in both NUTS fits, chain by chain.",
    "label_switch": "The same stretch of draws of both means as drawn, permuted and relabelled, "
    "with the densities of all draws.",
    "relabelled": "Joint density of the two means: relabelled draws, ordered fit and exact "
    "posterior.",
    "loss": "Loss of both ADVI fits by iteration, with minus the log evidence as a line.",
}


def write_article(analysis: Analysis, folder: Path) -> Path:
    """Write ``report.html``, which needs no other file, and the figures as PNG; give its path.

    The analysis has all four fits, and the versions of the first one's draws. The folder must
    exist, and files of the same names in it are replaced.
    """
    found = {
        name: (partial(getattr(figures, f"{name}_figure"), analysis), description)
        for name, description in DESCRIPTIONS.items()
    }
    for key, fit in analysis.fits.items():
        description = f"Trace and density of both means: {fit.title}."
        found[f"trace_{key}"] = (partial(figures.trace_figure, analysis, fit), description)
    drawn = {}
    for name, (draw, description) in found.items():
        figure = draw()
        picture = BytesIO()
        with style.styled():
            figure.savefig(picture, dpi=DOTS_PER_INCH, format="png")
        write_bytes(folder / f"{name}.png", picture.getvalue())
        drawn[name] = inline_svg(figure, name, description)
    path = folder / "report.html"
    write_text(path, render(analysis, drawn))
    return path


def render(analysis: Analysis, drawn: dict[str, Any]) -> str:
    """Return the article as HTML, given its figures by name as SVG elements."""
    fits, exact = analysis.fits, analysis.exact
    groups = {
        "No ordering: two mirror modes": (exact.unordered, False),
        "Ordered: one mode": (exact.ordered, True),
    }
    return page.render(
        "article.html.j2",
        "aliquot.demo",
        title="Two Gaussians, four ways",
        analysis=analysis,
        settings=analysis.settings,
        exact=exact,
        fits=fits,
        versions=analysis.versions,
        convergence={key: v.convergence() for key, v in analysis.versions.items()},
        announced=announced(fits["nuts_unordered"].tree),
        story=tell(analysis),
        figures=drawn,
        groups=[
            {"name": name, "exact": of, "fits": [f for f in fits.values() if f.ordered is ordered]}
            for name, (of, ordered) in groups.items()
        ],
    )
