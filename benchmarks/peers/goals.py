"""What Aliquot aims at, and where it stands: goals, and the cases that are lost."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from statistics import median

from benchmarks.peers.case import Case
from benchmarks.peers.cases import CASES
from benchmarks.peers.libraries import HAND_WRITTEN, TITLES, ours
from benchmarks.peers.summary import (
    OURS,
    Found,
    Ratio,
    ahead,
    best_ours,
    best_peer,
    headline,
    sides,
)

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
    rates = {case.name: ahead(found, case.name, headline(case)) for case in _compared_cases()}
    hand = {
        case.name: ahead(found, case.name, "gradient", HAND_WRITTEN)
        for case in _compared_cases()
        if case.kind == "nuts"
    }
    second = _of(found, "second")
    return [
        _each("effective draws, or data sets, a second", "ahead of every peer", rates, 1.0),
        _median(rates),
        _rate("n = 100", found, ("classic-100",), 8.0),
        _rate("n = 10,000 and above", found, LARGE, 10.0),
        _each("time of a gradient", "at or below the best hand-written peer's", hand, 1.0, True),
        _gradient(found, loop_ns),
        _each("second process, caches filled", "a third of the fastest peer's", second, 3.0, True),
        _each("peak memory", "below every peer's", _of(found, "memory"), 1.0),
        *_advi(found),
        *_fits(found),
    ]


def _compared_cases() -> list[Case]:
    """Give the cases that samplers run."""
    return [case for case in CASES.values() if case.kind in ("nuts", "sets")]


def _of(found: Found, measure: str) -> dict[str, Ratio | None]:
    return {case.name: ahead(found, case.name, measure) for case in _compared_cases()}


def times(value: float) -> str:
    """Write a ratio."""
    return f"{value:.1f} times" if value < 10 else f"{value:.0f} times"


def spread(ratio: Ratio) -> str:
    """Write a ratio with its range over the turns, if there were several."""

    def short(value: float) -> str:
        return f"{value:.2g}" if value < 10 else f"{value:.0f}"

    if ratio.middle == inf:
        return "alone right"
    if ratio.turns < 2:
        return short(ratio.middle)
    return f"{short(ratio.middle)} ({short(ratio.low)} to {short(ratio.high)})"


def _each(
    title: str, goal: str, ratios: dict[str, Ratio | None], least: float, at: bool = False
) -> Goal:
    """Hold every case against a least ratio, which it may be `at` or must be above."""
    title = f"every case: {title}"
    known = {name: ratio.middle for name, ratio in ratios.items() if ratio is not None}
    if not known:
        return Goal(title, goal, "not measured", None)
    good = sum(value >= least if at else value > least for value in known.values())
    worst = min(known, key=lambda name: known[name])
    ratio = ratios[worst]
    assert ratio is not None
    text = f"{good} of {len(known)}; the least {spread(ratio)}, {CASES[worst].title}"
    if ratio.middle == 0:
        text = f"{good} of {len(known)}; failed on {CASES[worst].title}"
    return Goal(title, goal, text + _missing(ratios), _verdict(ratios, good == len(known)))


def _missing(ratios: dict[str, Ratio | None]) -> str:
    count = sum(ratio is None for ratio in ratios.values())
    return f"; {count} not measured" if count else ""


def _verdict(ratios: dict[str, Ratio | None], good: bool) -> bool | None:
    """A goal is reached when all has been measured; it is missed when anything misses it."""
    return None if good and None in ratios.values() else good


def _median(rates: dict[str, Ratio | None]) -> Goal:
    title, goal = "the same in the median of all cases", "5 times the best peer"
    known = [ratio.middle for ratio in rates.values() if ratio is not None]
    if not known:
        return Goal(title, goal, "not measured", None)
    reached = median(known) >= 5.0 if len(known) == len(rates) else None
    most = "alone right" if max(known) == inf else f"{max(known):.2g}"
    text = f"{times(median(known))}, from {min(known):.2g} to {most}"
    return Goal(title, goal, text + _missing(rates), reached)


def _rate(title: str, found: Found, cases: tuple[str, ...], goal: float) -> Goal:
    ratios = {case: ahead(found, case, "rate") for case in cases}
    known = [ratio for ratio in ratios.values() if ratio is not None]
    text = ", ".join(f"{spread(ratio)} times" for ratio in known)
    good = bool(known) and min(ratio.middle for ratio in known) >= goal
    return Goal(
        f"two Gaussians, {title}: effective draws a second",
        f"{goal:g} times the best peer",
        text + _missing(ratios) if known else "not measured",
        _verdict(ratios, good) if known else None,
    )


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
        reached = None if ratio is None else ratio.middle >= 5
        lines.append(Goal(title, "a fifth of the best peer's", text, reached))
    return lines


def _fits(found: Found) -> list[Goal]:
    lines = []
    for name, case in CASES.items():
        if not case.fitted:
            continue
        ratio = ahead(found, name, "moments")
        text = "not measured" if ratio is None else f"{_part(ratio)} of the fastest sampler's"
        if ratio is not None and ratio.middle == 0:
            text = "failed"
        title = f"{case.title}: a fit, to means and standard deviations within 2%"
        reached = None if ratio is None else ratio.middle >= 20
        lines.append(Goal(title, "a twentieth of the fastest sampler's", text, reached))
    return lines


def _part(ratio: Ratio) -> str:
    """Write by how much less it takes, with the range over the turns."""
    if ratio.middle <= 0:
        return "longer"
    if ratio.middle == inf:
        return "alone right, 0"
    parts = Ratio(1 / ratio.middle, 1 / ratio.high, 1 / ratio.low, ratio.turns)
    return spread(parts)


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
            if ratio is None or ratio.middle >= 1:
                continue
            lines.append(
                f"{case.title}: {TITLES[peer.library]} is {_part(ratio)} times as fast: "
                f"{getattr(peer, measure):,.4g} {unit}, "
                f"{TITLES[mine.library]} {getattr(mine, measure):,.4g}."
            )
    return lines


def _compared(case: Case) -> list[tuple[str, str]]:
    """Give the measures that count for a case, with their units."""
    if case.kind == "advi":
        return [("target", "seconds to the ELBO aimed at")]
    if case.kind == "sets":
        return [("sets", "data sets a second")]
    moments = [("moments", "seconds to means and standard deviations within 2%")]
    return [("rate", "effective draws a second"), *(moments if case.fitted else [])]
