"""Is a posterior right: one and the same code for all libraries."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from benchmarks.peers.case import Case, Moments
from benchmarks.peers.cases import CASES
from benchmarks.peers.cases.sets import exact

REFERENCES = Path(__file__).parent / "references"
ERRORS = 5.0
"""Monte Carlo standard errors that a mean may be off: one in two million by chance."""
RHAT = 1.05
WORTH = 2_500
"""Effective draws that give a mean to 2% of its standard deviation."""
GOOD_K = 0.7
ENOUGH = 0.95
"""The part of many data sets that must be right: of a thousand R-hat refuses some by chance."""
NOTHING = np.zeros(2)


@dataclass(frozen=True)
class Verdict:
    """What was found of a set of draws."""

    ess: float
    """The least bulk ESS of all elements of all quantities."""
    rhat: float
    """The largest."""
    off: float
    """How far the worst mean is off, in Monte Carlo standard errors."""
    worst: str
    """Where that is."""
    wrong: str | None
    """Why the posterior is not right; None if it is."""


def judge(case: Case, draws: dict[str, np.ndarray]) -> Verdict:
    """Compare draws, (chain, draw, ...) each, with what is known of the case's posterior."""
    return compare(case.quantities, draws, known(case.name))


@dataclass(frozen=True)
class SetsVerdict:
    """What was found of the draws for many data sets."""

    sets: int
    """How many there were draws for."""
    right_sets: int
    """How many of these would be right as a case of their own."""
    wrong: str | None


def judge_sets(case: Case, draws: np.ndarray) -> SetsVerdict:
    """Compare draws (chain, draw, set, 2) with the exact posterior of each data set."""
    y = case.data()["y"]
    right, worst = 0, ""
    for i in range(draws.shape[2]):
        mean, sd = exact(y[i])
        verdict = compare(("means",), {"means": draws[:, :, i]}, {"means": (mean, sd, NOTHING)})
        right += verdict.wrong is None
        worst = f"; one of them: {verdict.wrong}" if verdict.wrong else worst
    enough = right >= ENOUGH * draws.shape[2]
    wrong = None if enough else f"{right} of {draws.shape[2]} data sets are right{worst}"
    return SetsVerdict(draws.shape[2], right, wrong)


def compare(
    quantities: tuple[str, ...], draws: dict[str, np.ndarray], reference: Mapping[str, Moments]
) -> Verdict:
    """Compare draws, (chain, draw, ...) each, with moments."""
    least, largest, off, worst, wrong = np.inf, 0.0, 0.0, "", None
    for name in quantities:
        if name not in draws:
            return Verdict(0.0, np.inf, np.inf, name, f"no draws of {name}")
        values = np.asarray(draws[name], float)
        mean, sd, error = (None if x is None else np.ravel(x) for x in reference[name])
        assert mean is not None and error is not None
        values = values.reshape(*values.shape[:2], -1)
        if values.shape[-1] != len(mean):
            return Verdict(
                0.0,
                np.inf,
                np.inf,
                name,
                f"{name} has {values.shape[-1]} elements, not {len(mean)}",
            )
        if not np.isfinite(values).all():
            return Verdict(0.0, np.inf, np.inf, name, f"{name} has draws that are not finite")
        ess, rhat, mcse = statistics(values)
        least, largest = min(least, float(ess.min())), max(largest, float(rhat.max()))
        z = _errors_off(values, mean, np.hypot(mcse, error))
        if sd is not None and not error.any():
            # The sd is exact as well: so is the mean of squared deviations.
            squares = (values - mean) ** 2
            z = np.maximum(z, _errors_off(squares, sd**2, statistics(squares)[2]))
        if z.max() > off:
            off, worst = float(z.max()), f"{name}, element {int(z.argmax())}"
    if off > ERRORS:
        wrong = f"{worst} is {off:.1f} Monte Carlo errors off"
    if not largest < RHAT:
        wrong = f"R-hat {largest:.2f}" + (f"; {wrong}" if wrong else "")
    return Verdict(least, largest, off, worst, wrong)


@dataclass(frozen=True)
class Closeness:
    """How near draws that stand for a posterior are to it, whatever they are worth."""

    mean_error: float
    """How far the worst mean is off, in standard deviations of the posterior."""
    sd_error: float
    """How far the worst standard deviation is off, as a part of it."""
    pareto_k: float
    worth: float
    """How many independent draws the weighted ones are worth that they were chosen from."""
    wrong: str | None
    """Why they do not stand for the posterior; None if they do."""


def close(case: Case, draws: dict[str, np.ndarray], pareto_k: float, ess: float) -> Closeness:
    """Compare moments of draws, (chain, draw, ...), that are worth `ess` with those of a case.

    The error of the reference itself is allowed for: of a mean as it is given, of a standard
    deviation as it is for a Gaussian.
    """
    reference = known(case.name)
    mean_error, sd_error, wrong = 0.0, 0.0, None
    for name in case.quantities:
        values = np.asarray(draws[name], float)
        values = values.reshape(values.shape[0] * values.shape[1], -1)
        mean, sd, error = (np.ravel(x) for x in reference[name] if x is not None)
        means = np.abs(values.mean(0) - mean) / sd
        deviations = np.abs(values.std(0, ddof=1) / sd - 1.0)
        squares = (values - values.mean(0)) ** 2
        of_deviations = 0.5 * squares.std(0) / squares.mean(0) / np.sqrt(ess)
        for what, off, own, given in (
            ("mean", means, 1.0 / np.sqrt(ess), error / sd),
            ("standard deviation", deviations, of_deviations, error / sd / np.sqrt(2.0)),
        ):
            far = off / np.hypot(own, given)
            if not (far <= ERRORS).all():
                worst = int(far.argmax())
                wrong = f"the {what} of {name}, element {worst}, is {far[worst]:.1f} errors off"
        mean_error = max(mean_error, float(means.max()))
        sd_error = max(sd_error, float(deviations.max()))
    if not ess >= WORTH:
        wrong = f"its draws are worth {ess:.0f}"
    if not pareto_k < GOOD_K:
        wrong = f"Pareto k {pareto_k:.2f}"
    return Closeness(mean_error, sd_error, pareto_k, ess, wrong)


def _errors_off(values: np.ndarray, mean: np.ndarray, error: np.ndarray) -> np.ndarray:
    """Say how many errors the mean of each element is off."""
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.abs(values.mean((0, 1)) - mean) / error
    return np.where(np.isfinite(z), z, np.inf)


def statistics(values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Give bulk ESS, R-hat and the error of the mean of each element of (chain, draw, element)."""
    from arviz_stats.base import array_stats

    axes = {"chain_axis": 0, "draw_axis": 1}
    constant = np.ptp(values, axis=(0, 1)) == 0
    moving = np.where(constant, np.random.default_rng(0).normal(size=values.shape), values)
    ess = array_stats.ess(moving, method="bulk", **axes)
    rhat = array_stats.rhat(moving, **axes)
    mcse = array_stats.mcse(moving, method="mean", **axes)
    return (
        np.where(constant, 0.0, ess),
        np.where(constant, np.inf, rhat),
        np.where(constant, 0.0, mcse),
    )


@cache
def known(name: str) -> dict[str, Moments]:
    """Give what is known of a case's posterior: exact, published, or from a long run."""
    case = CASES[name]
    if case.reference is not None:
        return case.reference(case.data())
    path = REFERENCES / f"{name}.json"
    if not path.exists():
        raise FileNotFoundError(
            f"nothing is known of {name}: make a long run by "
            f"python -m benchmarks.peers reference {name}"
        )
    rows = json.loads(path.read_text())["quantities"]
    return {
        quantity: (np.array(row["mean"]), np.array(row["sd"]), np.array(row["mcse"]))
        for quantity, row in rows.items()
    }


def has_reference(case: Case) -> bool:
    """Say whether there is anything to judge a case by."""
    here = case.reference is not None or case.kind == "sets"
    return here or (REFERENCES / f"{case.name}.json").exists()
