"""What packages for R print of fits to data that are here: ``results.json``.

Three ways to each log likelihood have to agree: as printed, of plain NumPy (``em.py``), and of the
model written in Aliquot; at the parameters as they are printed, and at the maximum.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aliquot.tables import categories, numbers, read_table
from tests.published import em
from tests.published.models import design, log_likelihood

HERE = Path(__file__).parent
RESULTS: dict[str, dict[str, Any]] = json.loads((HERE / "results.json").read_text())

# A fit stops where an iteration gains less than its tolerance, a part of the log likelihood. What
# all further iterations would gain is more: this many times.
FURTHER = 10


def half_unit(text: str) -> float:
    """Give half a unit of the last digit of a number as printed."""
    return 0.5 * 10.0 ** -len(text.partition(".")[2])


def short_of_the_maximum(case: dict[str, Any]) -> float:
    """Bound by how much a fit stopped below the maximum."""
    return FURTHER * case["tolerance"] * abs(float(case["log_likelihood"]))


def observed(case: dict[str, Any]) -> np.ndarray:
    table = read_table(HERE / case["data"])
    if case["model"] == "latent classes":
        return categories(table, case["columns"]).codes.astype(float)
    return numbers(table, case["columns"]).values / case.get("unit", 1)


def step(case: dict[str, Any], y: np.ndarray) -> em.Step:
    model = case["model"]
    if model == "latent classes":
        return em.latent_classes(y)
    if "normal mixture" in model:
        return em.gaussian_mixture(y, shared="one covariance" in model)
    if "chain" in model:
        return em.gaussian_chain(y[:, 0])
    kind = em.count_regressions if "Poisson" in model else em.regressions
    return kind(design(model, y), y[:, 1])


def as_printed(case: dict[str, Any]) -> em.Parameters:
    """Give the printed parameters, probabilities made to add up."""
    p = {name: np.array(value, float) for name, value in case["parameters"].items()}
    sums = {name: p[name].sum(-1, keepdims=True) for name in ("w", "init", "P") if name in p}
    return p | {name: p[name] / total for name, total in sums.items()}


def start(case: dict[str, Any], y: np.ndarray) -> em.Parameters:
    if "parameters" in case:
        return as_printed(case)
    k = case["components"]
    if "start" not in case:  # classes that give more and more of the second answer
        p = np.linspace(0.2, 0.8, k)[:, None] * np.linspace(0.9, 1.1, y.shape[1])
        return {"w": np.full(k, 1 / k), "p": p}
    p = {name: np.array(value, float) for name, value in case["start"].items()}
    if "sd" in p:
        p["cov"] = np.stack([np.diag(p.pop("sd") ** 2)] * k)
    return p


@cache
def maximum(name: str) -> tuple[float, em.Parameters]:
    case = RESULTS[name]
    y = observed(case)
    return em.climb(step(case, y), start(case, y))


def rounding(name: str) -> float:
    """Bound by how much the digits that are not printed can lower the log likelihood.

    At a maximum it falls by a quadratic form of the change, the root of which is a norm: at most
    the sum of the norms of single changes. The half again is for what is not quadratic.
    """
    case = RESULTS[name]
    highest, best = maximum(name)
    compute = step(case, observed(case))
    roots = 0.0
    for key, texts in case["parameters"].items():
        for place in np.ndindex(best[key].shape):
            text = np.array(texts)[place]
            falls = []
            for sign in (-1, 1):
                moved = {name: value.copy() for name, value in best.items()}
                moved[key][place] += sign * half_unit(str(text))
                if key == "cov":
                    moved[key][place[0], place[2], place[1]] = moved[key][place]
                if key in ("w", "init", "P", "p") and not 0 <= moved[key][place] <= 1:
                    continue
                if key in ("w", "init", "P"):
                    moved[key] /= moved[key].sum(-1, keepdims=True)
                falls.append(highest - compute(moved)[0])
            roots += np.sqrt(max(0.0, *falls))
    return 1.5 * roots**2


def check_the_printed_parameters(name: str) -> None:
    """The log likelihood there is the printed one, but for digits that are not printed."""
    case = RESULTS[name]
    y, p = observed(case), as_printed(case)
    ours = log_likelihood(case["model"], p, y)
    assert np.isclose(ours, step(case, y)(p)[0], rtol=1e-11)
    printed = float(case["log_likelihood"])
    room = half_unit(case["log_likelihood"]) + rounding(name)
    # mclust's is that of the iteration before the parameters.
    room += case["tolerance"] * abs(printed) if "mclust" in case["source"] else 0.0
    assert abs(ours - printed) < room


def check_the_maximum(name: str) -> None:
    """The printed log likelihood is the highest, but for where the fit stopped."""
    case = RESULTS[name]
    y = observed(case)
    highest, best = maximum(name)
    assert np.isclose(log_likelihood(case["model"], best, y), highest, rtol=1e-11)
    printed, half = float(case["log_likelihood"]), half_unit(case["log_likelihood"])
    assert printed - half <= highest <= printed + half + short_of_the_maximum(case)


def check_what_else_is_printed(name: str) -> None:
    """Number of parameters, criteria, sizes; parameters where the fit went on to the end."""
    case = RESULTS[name]
    y = observed(case)
    assert len(y) == case["n"]
    highest, best = maximum(name)
    _, probability, _ = step(case, y)(best)
    assert em.free(best, "one covariance" in case["model"]) == case["df"]
    for which, penalty in (("AIC", 2 * case["df"]), ("BIC", case["df"] * np.log(len(y)))):
        if which in case:
            off = float(case[which]) - (penalty - 2 * highest)
            assert abs(off) <= half_unit(case[which]) + 2 * short_of_the_maximum(case), which
    if "ICL" in case:  # its last term is not at its extreme, so it moves more by stopping short
        ICL = case["df"] * np.log(len(y)) - 2 * highest - 2 * np.log(probability.max(1)).sum()
        assert np.isclose(float(case["ICL"]), ICL, rtol=1e-3)
    sizes = np.bincount(probability.argmax(1), minlength=case["components"])
    if "sizes" in case:
        assert np.abs(sizes - case["sizes"]).max() <= case.get("sizes_off", 0)
    if "modal_shares" in case:
        shares = np.array(case["modal_shares"], float)
        assert np.abs(sizes / len(y) - shares).max() <= half_unit(case["modal_shares"][0])
    if "shares" in case:
        # The shares of a fit that stopped short are as far off as that leaves open.
        there = step(case, y)(best | {"w": np.array(case["shares"], float)})[0]
        assert there > highest - short_of_the_maximum(case)
    if "parameters" in case and case["tolerance"] <= 1e-7:
        for key, texts in case["parameters"].items():
            for text, value in zip(np.ravel(texts), np.ravel(best[key]), strict=True):
                room = 2 * half_unit(str(text)) + 1e-5 * abs(value)
                assert abs(float(text) - value) <= room, (key, text, value)


@pytest.mark.parametrize("name", RESULTS)
def test_published(name):
    if "parameters" in RESULTS[name]:
        check_the_printed_parameters(name)
    check_the_maximum(name)
    check_what_else_is_printed(name)
