"""Figures as inline SVG that takes its colours and its type from the page."""

from __future__ import annotations

import re
from io import StringIO

from markupsafe import Markup, escape
from matplotlib import rc_context
from matplotlib.figure import Figure

from aliquot.report import style

VARIABLES = {
    style.INK: "--ink",
    style.QUIET: "--quiet",
    style.FAINT: "--faint",
    style.BLUE: "--blue",
    style.ORANGE: "--orange",
    style.GREEN: "--green",
    style.PAPER: "--paper",
}


def inline_svg(figure: Figure, name: str, description: str) -> Markup:
    """Return `figure` as an ``<svg>`` element to stand within HTML.

    Parameters
    ----------
    figure
        Drawn in the colours of `aliquot.report.style`, which become CSS variables.
    name
        Goes before every id, so that those of two figures on a page do not meet.
    description
        For readers who do not see it.
    """
    buffer = StringIO()
    with style.styled(), rc_context({"svg.fonttype": "none", "svg.hashsalt": name}):
        figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None})
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r' xmlns(:\w+)?="[^"]*"', "", text)
    text = re.sub(r'^<svg [^>]*?viewBox="([^"]*)"[^>]*>', _opening(r"\1", description), text)
    text = re.sub(r'\bid="', f'id="{name}-', text)
    text = text.replace("url(#", f"url(#{name}-").replace('href="#', f'href="#{name}-')
    text = re.sub(r"(font: [^;\"]*?[\d.]+px) [^;\"]*", r"\1 var(--sans)", text)
    text = re.sub(r"font-family: [^;\"]*", "font-family: var(--sans)", text)
    # A hundredth of a point is finer than any screen. Numbers that are to be read stay as they are.
    text = re.sub(r"<[^>]+>", lambda tag: re.sub(r"(\.\d\d)\d+", r"\1", tag[0]), text)
    for colour, variable in VARIABLES.items():
        text = text.replace(colour, f"var({variable})")
    return Markup(re.sub(r"\n\s*", "\n", text))


def _opening(box: str, description: str) -> str:
    words = str(escape(description)).replace("\\", "\\\\")
    return f'<svg viewBox="{box}" role="img" aria-label="{words}">'
