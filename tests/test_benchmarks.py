"""The comparison with other libraries: its data, its judge and its page. Nothing is run here."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.peers import page
from benchmarks.peers.cases import CASES
from benchmarks.peers.elbo import elbo, reached
from benchmarks.peers.goals import goals, lost
from benchmarks.peers.judge import REFERENCES, judge
from benchmarks.peers.libraries import LIBRARIES, TITLES, builder
from benchmarks.peers.summary import ahead, summarise

# The sum of all data of a case: other data would make old results those of another case.
SUMS = {
    "classic-100": 15.0033,
    "classic-1000": 63.849,
    "low-dim-gauss-mix": -618.6054,
    "mixture-10": 1077.5438,
    "mixture-5d": 2968.1112 + 9.0,
    "hmm-example": 771.2125,
    "hmm-3x2000": 196.375,
    "dawid-skene": 6930.0 + 450.0 + 266.0,
    "eight-schools": 170.0,
    "hierarchical-logistic": -104.4289 + 42188.0 + 1086.0,
    "gaussian-100": 9.7964 + 8766.1606 + 861.6827,
}


@pytest.mark.parametrize("name", SUMS)
def test_data_are_always_the_same(name: str) -> None:
    total = sum(float(values.sum()) for values in CASES[name].data().values())
    assert total == pytest.approx(SUMS[name], abs=1e-3)


def test_every_case_has_something_to_be_judged_by() -> None:
    for name, case in CASES.items():
        assert case.reference is not None or (REFERENCES / f"{name}.json").exists(), name
        assert set(LIBRARIES[case.kind]) <= set(TITLES)


def test_quadrature_of_the_classic_model() -> None:
    case = CASES["classic-100"]
    assert case.reference is not None
    mean, sd, _ = case.reference(case.data())["means"]
    np.testing.assert_allclose(mean, [-0.88681, 1.13043], atol=6e-6)
    np.testing.assert_allclose(sd, [0.18511, 0.17405], atol=6e-6)


def test_models_of_all_sizes_share_a_builder() -> None:
    models = {"classic": len, "mixture-10": sum}
    assert builder(models, "classic-100000") is len
    assert builder(models, "advi-classic-100") is len
    assert builder(models, "mixture-10") is sum
    assert builder(models, "mixture-5d") is None


def gaussian(shift: float = 0.0, scale: float = 1.0, chain: float = 0.0) -> dict[str, np.ndarray]:
    """Draw from the correlated Gaussian, or from something like it."""
    data = CASES["gaussian-100"].data()
    noise = np.random.default_rng(1).normal(size=(4, 500, 100))
    x = data["mean"] + scale * noise @ data["cholesky"].T + shift
    x[0] += chain * np.sqrt(np.diag(data["covariance"]))
    return {"x": x}


def test_the_judge_accepts_what_is_right() -> None:
    verdict = judge(CASES["gaussian-100"], gaussian())
    assert verdict.wrong is None
    assert verdict.off < 5
    assert 1000 < verdict.ess < 2500
    assert verdict.rhat < 1.03


@pytest.mark.parametrize(
    ("draws", "said"),
    [
        (lambda: gaussian(shift=0.5), "Monte Carlo errors off"),
        (lambda: gaussian(scale=1.2), "Monte Carlo errors off"),
        (lambda: gaussian(chain=2.0), "R-hat"),
        (lambda: {"x": np.full((4, 500, 100), np.nan)}, "not finite"),
        (lambda: {"x": np.zeros((4, 500, 100))}, "R-hat"),
        (lambda: {"x": np.zeros((4, 500, 99))}, "99 elements"),
        (dict, "no draws"),
    ],
)
def test_the_judge_refuses_what_is_wrong(
    draws: Callable[[], dict[str, np.ndarray]], said: str
) -> None:
    wrong = judge(CASES["gaussian-100"], draws()).wrong
    assert wrong is not None
    assert said in wrong


def test_a_fit_is_timed_until_it_is_near_the_best_elbo() -> None:
    case = CASES["advi-classic-100"]
    best = json.loads((REFERENCES / f"{case.name}.json").read_text())
    assert elbo(case.data()["y"], np.array(best["mean"]), np.array(best["sd"])) == pytest.approx(
        best["elbo"], abs=1e-6
    )
    path = [(0.1, [-1.0, 0.0], [1.0, 1.0]), (0.2, best["mean"], best["sd"])]
    assert reached(case, path) == (0.2, pytest.approx(0.0, abs=1e-6))
    seconds, gap = reached(case, path[:1])
    assert seconds is None
    assert gap > 1


def row(case: str, library: str, ess: float, seconds: float, **more: Any) -> dict[str, Any]:
    return {
        "case": case,
        "library": library,
        "repeat": 0,
        "version": "1.2",
        "settings": "As it comes.",
        "measured": "2026-01-01",
        "machine": {
            "cores": 2,
            "processor": "A processor",
            "memory_gib": 16.0,
            "system": "Linux",
            "python": "3.13.0",
        },
        "cold_seconds": 4.0 * seconds,
        "second_seconds": 2.0 * seconds,
        "again_seconds": seconds,
        "sampling_seconds": seconds,
        "gradients": 1000,
        "gradients_of": "warm-up and draws",
        "extra": {"gradients_of_draws": 500},
        "memory_mb": 300.0,
        "ess": ess,
        "wrong": None,
    } | more


ROWS = [
    row("classic-100", "aliquot", 9000.0, 0.5),
    row("classic-100", "aliquot", 9000.0, 0.6),
    row("classic-100", "aliquot", 9000.0, 5.0),
    row("classic-100", "nutpie", 3000.0, 2.0),
    row("classic-100", "stan", 90000.0, 0.1, wrong="R-hat 1.30"),
    row("eight-schools", "aliquot", 500.0, 1.0),
    row("eight-schools", "nutpie", 1000.0, 1.0),
    {"case": "eight-schools", "library": "pymc", "repeat": 0, "failed": "not finished in 300 s"}
    | {key: row("", "", 1, 1)[key] for key in ("measured", "machine")},
]


def test_medians_and_ratios() -> None:
    found = summarise(ROWS)
    ours = found["classic-100", "aliquot"]
    assert (ours.repeats, ours.cold, ours.rate) == (3, 2.4, 15000.0)
    assert ours.per_gradient == 18000.0
    assert ahead(found, "classic-100", "rate") == 10.0  # Stan's are wrong, and do not count
    assert ahead(found, "eight-schools", "rate") == 0.5
    assert ahead(found, "classic-100", "cold") == pytest.approx(8.0 / 2.4)
    assert ahead(found, "mixture-10", "rate") is None


def test_goals_and_losses_come_from_the_numbers() -> None:
    found = summarise(ROWS)
    by_name = {goal.measure: goal for goal in goals(found)}
    assert by_name["two Gaussians, n = 100: effective draws a second"].reached
    assert by_name["other cases: the same"].reached is False
    assert lost(found) == [
        "eight schools: nutpie is 2.0 times as fast: 1,000 effective draws a second, Aliquot 500."
    ]


def test_the_page(tmp_path: Path) -> None:
    for case in ("classic-100", "eight-schools"):
        of_case = [r for r in ROWS if r["case"] == case]
        (tmp_path / f"{case}.json").write_text(json.dumps(of_case))
    text = page.render(page.load(tmp_path))
    assert "| two Gaussians, n = 100 | **15,000** |" in text
    assert "~~900,000~~" in text
    assert "eight schools, PyMC: not finished in 300 s" in text
    assert "2 cores, A processor, 16.0 GiB" in text
    assert "repeats: 1 to 3" in text
    assert "None" not in text
    assert all(len(line.split("|")) > 3 for line in text.splitlines() if line.startswith("|"))
