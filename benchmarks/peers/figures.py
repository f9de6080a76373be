"""The pictures of ``docs/benchmarks.md``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from aliquot.plots import style
from benchmarks.peers.cases import CASES
from benchmarks.peers.cases.classic import SIZES
from benchmarks.peers.libraries import LIBRARIES, TITLES
from benchmarks.peers.summary import OURS, Found, best_peer

COLORS = {
    "aliquot": style.ORANGE,
    "pymc": style.BLUE,
    "pymc-own": "#56b4e9",
    "pymc-marginal": "#999999",
    "nutpie": style.GREEN,
    "numpyro": "#cc79a7",
    "blackjax": "#e69f00",
    "stan": style.INK,
}


def draw(found: Found, folder: Path) -> None:
    """Draw what there are figures for."""
    for name, picture in (("rate", rate), ("cold", cold), ("gradient", gradient)):
        with style.styled():
            figure = picture(found)
            if figure is not None:
                figure.savefig(folder / f"benchmarks_{name}.png", dpi=150, bbox_inches="tight")


def rate(found: Found) -> Any:
    """Effective draws a second by case, each relative to the best peer's."""
    cases = [
        case
        for case in CASES.values()
        if case.kind == "nuts" and best_peer(found, case.name, "rate") is not None
    ]
    if not cases:
        return None
    figure = style.new_figure(0.8 + 0.27 * len(cases))
    axes = figure.add_axes(
        (0.42, 0.5 / figure.get_figheight(), 0.55, 1 - 0.85 / figure.get_figheight())
    )
    for y, case in enumerate(cases):
        best = best_peer(found, case.name, "rate")
        assert best is not None and best.rate is not None
        for library in reversed(LIBRARIES["nuts"]):
            summary = found.get((case.name, library))
            if summary is None or summary.rate is None or not summary.right:
                continue
            size = 42 if library == OURS else 18
            ratio = summary.rate / best.rate
            axes.scatter(ratio, y, size, COLORS[library], zorder=3, linewidths=0)
    for library in LIBRARIES["nuts"]:
        if any(key[1] == library for key in found):
            axes.scatter([], [], 20, COLORS[library], label=TITLES[library], linewidths=0)
    axes.axvline(1, color=style.QUIET, linewidth=0.6)
    axes.set_xscale("log")
    axes.set_yticks(range(len(cases)), [case.title for case in cases])
    axes.set_ylim(len(cases) - 0.5, -0.5)
    axes.grid(axis="x", color=style.FAINT, linewidth=0.5)
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.xaxis.set_minor_formatter(lambda value, _: "")
    axes.set_xlabel("effective draws a second, the best peer's = 1")
    figure.legend(loc="upper left", ncols=7, frameon=False, fontsize=7, bbox_to_anchor=(0.0, 1.0),
                  columnspacing=1.0, handletextpad=0.1)  # fmt: skip
    return figure


def cold(found: Found) -> Any:
    """Where the time of a cold process goes, for the smallest case."""
    there = [
        summary
        for library in LIBRARIES["nuts"]
        if (summary := found.get(("classic-100", library))) is not None
        and summary.cold is not None
        and summary.sampling is not None
    ]
    if not there:
        return None
    height = 0.85 + 0.3 * len(there)
    figure = style.new_figure(height)
    axes = figure.add_axes((0.2, 0.5 / height, 0.77, 1 - 0.85 / height))
    for y, summary in enumerate(there):
        assert summary.cold is not None and summary.sampling is not None
        color = COLORS[summary.library]
        second = min(summary.second or 0.0, summary.cold)
        axes.barh(y, summary.cold, 0.62, color=color, alpha=0.35, linewidth=0)
        axes.barh(y, second, 0.62, color=color, linewidth=0)
        axes.barh(y, summary.sampling, 0.62, color=style.INK, linewidth=0)
        text = f"{summary.cold:.1f} s"
        axes.annotate(
            text, (summary.cold, y), (4, 0), textcoords="offset points", va="center", size=8
        )
    axes.set_yticks(range(len(there)), [TITLES[summary.library] for summary in there])
    axes.set_ylim(len(there) - 0.5, -0.5)
    axes.set_xlim(0, 1.1 * max(summary.cold or 0.0 for summary in there))
    axes.set_xlabel("seconds")
    axes.set_title(
        "Two Gaussians, n = 100. Dark: sampling; full: caches filled; pale: caches empty"
    )
    return figure


def gradient(found: Found) -> Any:
    """Time of a gradient by rows of data."""
    figure = style.new_figure(3.0)
    axes = figure.add_axes((0.12, 0.16, 0.66, 0.76))
    drawn = False
    for library in LIBRARIES["nuts"]:
        points = [
            (n, summary.gradient)
            for n in SIZES
            if (summary := found.get((f"classic-{n}", library))) and summary.gradient
        ]
        if points:
            drawn = True
            axes.plot(*zip(*points, strict=True), "o-", color=COLORS[library], markersize=3.5)
            axes.annotate(TITLES[library], points[-1], (6, 0), textcoords="offset points",
                          va="center", size=8, color=COLORS[library])  # fmt: skip
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.grid(color=style.FAINT, linewidth=0.5)
    axes.set_xlabel("rows of data")
    axes.set_ylabel("microseconds of one core")
    axes.set_title("One gradient of the two Gaussians, with all that goes with it")
    return figure if drawn else None
