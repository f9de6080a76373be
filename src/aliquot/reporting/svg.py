"""Figures as inline SVG that takes its colours and its type from the page."""

from __future__ import annotations

import re
from io import StringIO

from markupsafe import Markup, escape
from matplotlib import rc_context
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from aliquot.plots import style

# The colours of the states, and the same darkened for text.
VARIABLES = {
    style.INK: "--ink",
    style.QUIET: "--quiet",
    style.FAINT: "--faint",
    style.PAPER: "--paper",
    style.WARNING: "--orange",
    **{color: f"--c{k}" for k, color in enumerate(style.PALETTE)},
    **{
        to_hex(style.readable(c)): f"--c{k}"
        for k, c in enumerate(style.state_colors(len(style.PALETTE)))
    },
}
# The page's column of text, in its own units, is as wide as a figure of full width.
COLUMN = 46.0
_OPENING = re.compile(r'^<svg [^>]*?viewBox="([^"]*)"[^>]*>')


def inline_svg(figure: Figure, name: str, description: str, *, tight: bool = False) -> Markup:
    """Return `figure` as an ``<svg>`` element to stand within HTML.

    It is drawn in the colours of `aliquot.plots.style`, which become CSS variables. The `name` goes
    before every id, so that those of two figures on a page do not meet. The `description` is for
    readers who do not see it. With `tight`, what is empty around it is cut, and what stands out is
    kept.
    """
    buffer = StringIO()
    box = "tight" if tight else None
    with style.styled(), rc_context({"svg.fonttype": "none", "svg.hashsalt": name}):
        figure.savefig(
            buffer, format="svg", transparent=True, metadata={"Date": None}, bbox_inches=box
        )
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r' xmlns(:\w+)?="[^"]*"', "", text)
    # What stands between tags is to be read, and stays as it is.
    text = re.sub(r"<[^>]+>", lambda tag: _of_page(tag[0], name), text)
    text = _OPENING.sub(lambda found: _opening(found[1], description), text)
    return Markup(re.sub(r"\n\s*", "\n", text))


def _of_page(tag: str, name: str) -> str:
    """Give a tag its own ids, and the page's colours and type."""
    tag = re.sub(r'\bid="', f'id="{name}-', tag)
    tag = tag.replace("url(#", f"url(#{name}-").replace('href="#', f'href="#{name}-')
    tag = re.sub(r"(font: [^;\"]*?[\d.]+px) [^;\"]*", r"\1 var(--sans)", tag)
    tag = re.sub(r"font-family: [^;\"]*", "font-family: var(--sans)", tag)
    # A hundredth of a point is finer than any screen.
    tag = re.sub(r"(\.\d\d)\d+", r"\1", tag)
    for colour, variable in VARIABLES.items():
        tag = tag.replace(colour, f"var({variable})")
    return tag


def _opening(box: str, description: str) -> str:
    width = COLUMN * float(box.split()[2]) / 72 / style.WIDTH
    return (
        f'<svg viewBox="{box}" role="img" aria-label="{escape(description)}" '
        f'style="max-width: {width:.1f}rem">'
    )
