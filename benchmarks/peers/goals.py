"""What Aliquot aims at, and where it stands: goals, and the cases that are lost."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median

from benchmarks.peers.case import Case
from benchmarks.peers.cases import CASES
from benchmarks.peers.libraries import TITLES, ours
from benchmarks.peers.summary import OURS, Found, ahead, best_ours, best_peer, sides

LARGE = ("classic-10000", "classic-100000", "classic-1000000")
LOOP = 1.5
"""Times a loop in C++ that a gradient of a million rows may take."""


@dataclass(frozen=True)
class Goal:
    """One line of the table."""

    measure: str
    goal: str
    found: str
    reached: bool | None
    """None: not measured."""


def goals(found: Found, loop_ns: float | None = None) -> list[Goal]:
    """Hold what was measured against what is aimed at."""
    return [
        _rate("n = 100", found, ("classic-100",), 8.0),
        _rate("n = 10,000 and above", found, LARGE, 10.0),
        _others(found),
        _cold(found),
        _second(found),
        _gradient(found, loop_ns),
        *_advi(found),
        *_fits(found),
    ]


def times(value: float) -> str:
    """Write a ratio."""
    return f"{value:.1f} times" if value < 10 else f"{value:.0f} times"


def _rate(title: str, found: Found, cases: tuple[str, ...], goal: float) -> Goal:
    ratios = {case: ahead(found, case, "rate") for case in cases}
    known = [ratio for ratio in ratios.values() if ratio is not None]
    text = ", ".join(times(ratio) for ratio in known)
    return Goal(
        f"two Gaussians, {title}: effective draws a second",
        f"{goal:g} times the best peer",
        text or "not measured",
        min(known) >= goal if len(known) == len(cases) else None,
    )


def others() -> list[str]:
    """Name the cases that no goal of their own is set for."""
    named = {"classic-100", *LARGE}
    return [name for name, case in CASES.items() if case.kind == "nuts" and name not in named]


def _others(found: Found) -> Goal:
    ratios = [ahead(found, case, "rate") for case in others()]
    known = [ratio for ratio in ratios if ratio is not None]
    if not known:
        return Goal("other cases: the same", "ahead on each; 3 times in the median", "-", None)
    wins = sum(ratio > 1 for ratio in known)
    text = f"ahead on {wins} of {len(known)}; {times(median(known))} in the median"
    return Goal(
        "other cases: the same",
        "ahead on each; 3 times in the median",
        text,
        wins == len(known) and median(known) >= 3,
    )


def _cold(found: Found) -> Goal:
    ours, ratio = found.get(("classic-100", OURS)), ahead(found, "classic-100", "cold")
    title = "whole process, empty caches, to a checked posterior (n = 100)"
    goal = "at most 4 s, and half of the fastest peer"
    if ours is None or ours.cold is None or ratio is None:
        return Goal(title, goal, "not measured", None)
    text = f"{ours.cold:.1f} s, {_part(ratio)} of the fastest peer"
    return Goal(title, goal, text, ours.cold <= 4 and ratio >= 2)


def _second(found: Found) -> Goal:
    ours, ratio = found.get(("classic-100", OURS)), ahead(found, "classic-100", "second")
    title, goal = "second process, caches filled", "at most a third of the fastest peer"
    if ours is None or ours.second is None or ratio is None:
        return Goal(title, goal, "not measured", None)
    return Goal(title, goal, f"{ours.second:.1f} s, {_part(ratio)}", ratio >= 3)


def _gradient(found: Found, loop_ns: float | None) -> Goal:
    ours = found.get(("classic-1000000", OURS))
    title = "a gradient at n = 1,000,000, one core"
    goal = "1.5 times a loop in C++ (-O3 -march=native -ffast-math)"
    if ours is None or ours.gradient is None:
        return Goal(title, goal, "not measured", None)
    ns = ours.gradient * 1e3 / 1e6
    if loop_ns is None:
        return Goal(title, goal, f"{ns:.1f} ns a row", None)
    text = f"{ns:.1f} ns a row, the loop {loop_ns:.1f}"
    return Goal(title, goal, text, ns <= LOOP * loop_ns)


def _advi(found: Found) -> list[Goal]:
    lines = []
    for name, case in CASES.items():
        if case.kind != "advi":
            continue
        ratio = ahead(found, name, "target")
        text = "not measured" if ratio is None else f"{_part(ratio)} of the best peer's"
        title = f"{case.title}: time to the best ELBO less 0.05 nats"
        lines.append(
            Goal(title, "a fifth of the best peer's", text, None if ratio is None else ratio >= 5)
        )
    return lines


def _fits(found: Found) -> list[Goal]:
    lines = []
    for name, case in CASES.items():
        if not case.fitted:
            continue
        ratio = ahead(found, name, "moments")
        text = "not measured" if ratio is None else f"{_part(ratio)} of the fastest sampler's"
        if ratio == 0:
            text = "failed"
        title = f"{case.title}: a fit, to means and standard deviations within 2%"
        reached = None if ratio is None else ratio >= 20
        lines.append(Goal(title, "a twentieth of the fastest sampler's", text, reached))
    return lines


def _part(ratio: float) -> str:
    return "longer" if ratio <= 0 else f"{1 / ratio:.2g}"


def lost(found: Found) -> list[str]:
    """Say in words where a peer is ahead, or where Aliquot's own answer is not right."""
    lines = []
    for name, case in CASES.items():
        for measure, unit in _compared(case):
            mine, peer = best_ours(found, name, measure), best_peer(found, name, measure)
            for library in sides(name, measure)[0]:
                summary = found.get((name, library))
                if summary is not None and not summary.right:
                    answer = f"{TITLES[library]}'s own answer counts as failed"
                    lines.append(f"{case.title}: {answer}: {summary.failed}.")
            if mine is None or peer is None or ours(peer.library):
                continue
            ratio = ahead(found, name, measure)
            if ratio is None or ratio >= 1:
                continue
            lines.append(
                f"{case.title}: {TITLES[peer.library]} is {times(1 / ratio)} as fast: "
                f"{getattr(peer, measure):,.4g} {unit}, "
                f"{TITLES[mine.library]} {getattr(mine, measure):,.4g}."
            )
    return lines


def _compared(case: Case) -> list[tuple[str, str]]:
    """Give the measures that count for a case, with their units."""
    if case.kind == "advi":
        return [("target", "seconds to the ELBO aimed at")]
    moments = [("moments", "seconds to means and standard deviations within 2%")]
    return [("rate", "effective draws a second"), *(moments if case.fitted else [])]
