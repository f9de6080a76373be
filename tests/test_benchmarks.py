"""The comparison with other libraries: its data, its judge and its page. Nothing is run here."""

from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np
import pytest

from benchmarks.peers.cases import CASES
from benchmarks.peers.cases.chains import example_log_density
from benchmarks.peers.cases.classic import log_density
from benchmarks.peers.elbo import reached
from benchmarks.peers.judge import REFERENCES, close, has_reference, judge
from benchmarks.peers.libraries import TITLES, builder, libraries_of, snapshot
from benchmarks.peers.run import judged

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
    "latent-classes-100000": 458508.0,  # and 0 of the start
    "poisson-1000000": 10416413.0 + 26.0,
    "hmm-10000": -1861.5587,
    "hmm-200x100": -3172.5299,
    "hmm-channels": -7.0706,
    "sticks-faithful": -1.4,
    "sets-classic": -773.5593,
}


@pytest.mark.parametrize("name", SUMS)
def test_data_are_always_the_same(name: str) -> None:
    total = sum(float(values.sum()) for values in CASES[name].data().values())
    assert total == pytest.approx(SUMS[name], abs=1e-3)


def test_every_case_has_something_to_be_judged_by() -> None:
    for name, case in CASES.items():
        assert has_reference(case), name
        assert set(libraries_of(case)) <= set(TITLES)


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
    path = [(0.1, [-1.0, 0.0], [1.0, 1.0]), (0.2, best["mean"], best["sd"])]
    assert reached(case, path) == (0.2, pytest.approx(0.0, abs=1e-6))
    seconds, gap = reached(case, path[:1])
    assert seconds is None
    assert gap > 1


def logistic_log_density(data: dict[str, np.ndarray], points: np.ndarray) -> np.ndarray:
    sigma = np.exp(points[:, 1:2])
    intercepts = points[:, :1] + sigma * points[:, 2:-5]
    logits = intercepts[:, data["group"]] + points[:, -5:] @ data["x"].T
    total = (data["y"] * logits - np.logaddexp(0.0, logits)).sum(1)
    total += -(points[:, 0] ** 2) / 8.0 - 0.5 * sigma[:, 0] ** 2 + points[:, 1]
    return total - 0.5 * (points[:, 2:] ** 2).sum(1)


def classic_log_density(data: dict[str, np.ndarray], points: np.ndarray) -> np.ndarray:
    means = np.stack([points[:, 0], points[:, 0] + np.exp(points[:, 1])], axis=1)
    return log_density(data["y"], means) + points[:, 1]


DENSITIES = {
    "advi-classic-100": classic_log_density,
    "advi-hmm-example": example_log_density,
    "advi-hierarchical-logistic": logistic_log_density,
}


@pytest.mark.parametrize("name", DENSITIES)
def test_elbos_by_quadrature_are_means_of_log_densities(name: str) -> None:
    case = CASES[name]
    assert case.elbo is not None
    best = json.loads((REFERENCES / f"{name}.json").read_text())
    data, mean, sd = case.data(), np.array(best["mean"]), np.array(best["sd"])
    assert case.elbo(data, mean, sd) == pytest.approx(best["elbo"], abs=1e-6)
    # Away from the best one as well.
    mean, sd = mean + 0.3 * sd, 1.2 * sd
    points = mean + sd * np.random.default_rng(1).normal(size=(2_000, len(mean)))
    values = DENSITIES[name](data, points)
    error = values.std() / np.sqrt(len(values))
    assert case.elbo(data, mean, sd) == pytest.approx(
        values.mean() + np.log(sd).sum(), abs=4 * error
    )


@pytest.mark.parametrize("name", DENSITIES)
def test_references_are_maxima_of_the_elbo(name: str) -> None:
    case = CASES[name]
    assert case.elbo is not None
    best = json.loads((REFERENCES / f"{name}.json").read_text())
    mean, sd = np.array(best["mean"]), np.array(best["sd"])
    rng = np.random.default_rng(1)
    for size in (0.003, 0.1):
        for step in size * rng.normal(size=(10, 2, len(mean))):
            other = case.elbo(case.data(), mean + sd * step[0], sd * np.exp(step[1]))
            assert other < best["elbo"]


def test_the_log_density_of_the_chain_sums_over_its_paths() -> None:
    data = {"y": np.array([2.0, 9.0, 11.0])}
    point = np.array([0.4, -1.0, 1.1, 1.8])
    first = 1.0 / (1.0 + np.exp(-point[:2]))
    theta = np.stack([first, 1.0 - first], axis=1)
    mu = np.array([np.exp(1.1), np.exp(1.1) + np.exp(1.8)])
    likely = np.exp(-0.5 * (data["y"][:, None] - mu) ** 2)
    total = 0.0
    for z in np.ndindex(2, 2, 2):
        moves = theta[z[0], z[1]] * theta[z[1], z[2]]
        total += moves * likely[np.arange(3), list(z)].prod()
    expected = np.log(total) - 0.5 * ((mu - [3.0, 10.0]) ** 2).sum()
    expected += np.log(theta).sum() + 1.1 + 1.8
    assert example_log_density(data, point[None])[0] == pytest.approx(expected)


def test_coordinates_of_probabilities_are_made_logits() -> None:
    mean, sd = np.arange(1.0, 5.0), np.full(4, 0.1)
    chain = snapshot(CASES["advi-hmm-example"], 0.5, mean, sd, 2.0)
    assert chain == (0.5, [2.0, 4.0, 3.0, 4.0], [0.2, 0.2, 0.1, 0.1])
    mixture = snapshot(CASES["advi-classic-100"], 0.5, mean[:2], sd[:2], 2.0)
    assert mixture == (0.5, [1.0, 2.0], [0.1, 0.1])


def test_coordinates_of_aliquot_are_multiples_of_a_case_s() -> None:
    from benchmarks.peers.libraries.aliquot import LOGIT, built

    case = CASES["advi-hmm-example"]
    density = built(case, case.data()).density()
    points = np.random.default_rng(1).normal([0.5, -2.0, 1.1, 1.8], 0.2, (5, 4))
    theirs = points / np.where(np.arange(4) < case.logits, LOGIT, 1.0)
    values = np.array([density.evaluate(at) for at in theirs])
    shift = values - example_log_density(case.data(), points)
    np.testing.assert_allclose(shift, shift[0], atol=1e-8)


def test_compiling_in_every_call_is_left_out_once_compiled() -> None:
    case = CASES["advi-classic-100"]
    best = json.loads((REFERENCES / f"{case.name}.json").read_text())
    path = [(20.5, best["mean"], best["sd"])]
    told = {
        "library": "pymc-extras",
        "again_seconds": 21.0,
        "before_call_seconds": 3.0,
        "extra": {"path": path, "first_path": path, "compiling_seconds": 20.0},
    }
    found = judged(case, {}, told)
    assert found["target_seconds"] == pytest.approx(0.5)
    assert found["cold_target_seconds"] == pytest.approx(23.5)


def test_moments_of_a_fit_are_held_against_what_is_exact() -> None:
    case = CASES["classic-100"]
    assert case.reference is not None
    mean, sd, _ = case.reference(case.data())["means"]
    draws = np.random.default_rng(1).normal(size=(1, 10_000, 2))
    draws = (draws - draws.mean(1)) / draws.std(1, ddof=1)
    good = close(case, {"means": mean + 1.01 * sd * draws}, 0.3, 9_000)
    assert good.wrong is None
    assert good.mean_error == pytest.approx(0.0, abs=1e-6)
    assert good.sd_error == pytest.approx(0.01, abs=1e-6)
    for values, said_of_it, said in (
        (mean + sd * (draws + 0.06), (0.3, 9_000), "the mean of means"),
        (mean + 1.06 * sd * draws, (0.3, 9_000), "the standard deviation of means"),
        (np.full_like(draws, np.nan), (0.3, 9_000), "off"),
        (mean + sd * draws, (0.8, 9_000), "Pareto k 0.80"),
        (mean + sd * draws, (0.3, 2_000), "worth 2000"),
    ):
        wrong = close(case, {"means": values}, *said_of_it).wrong
        assert wrong is not None
        assert said in wrong
