"""The text of a mixture of regressions, against SciPy's densities and published fits."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import optimize, stats
from scipy.special import expit, log_softmax, logsumexp

from aliquot.builders.regression import RESPONSES, arrays, regression
from aliquot.errors import ImputationWarning, ModelError

PUBLISHED = Path(__file__).parents[1] / "published"


def log_density(family: str, y: Any, eta: Any, p: dict[str, np.ndarray], trials: Any) -> Any:
    """Give the log density of each row in each component, shape (rows, components)."""
    if family == "normal":
        return stats.norm(eta, p["sigma"]).logpdf(y)
    if family == "student_t":
        return stats.t(p["nu"], eta, p["sigma"]).logpdf(y)
    if family == "poisson":
        return stats.poisson(np.exp(eta)).logpmf(y)
    if family == "negative_binomial":
        return stats.nbinom(p["shape"], p["shape"] / (p["shape"] + np.exp(eta))).logpmf(y)
    return stats.binom(trials, expit(eta)).logpmf(y)


@pytest.mark.parametrize("covariates", [False, True], ids=["constant weights", "covariates"])
@pytest.mark.parametrize("family", RESPONSES)
def test_the_density_is_the_sum_over_components(
    family: str, covariates: bool, rng: np.random.Generator
) -> None:
    n, k = 9, 3
    x, w = (np.column_stack([np.ones(n), rng.normal(size=(n, 2))]) for _ in range(2))
    trials = rng.integers(1, 6, (n, 1)) if family == "binomial" else np.ones((n, 1))
    p = {
        "beta": rng.normal(size=(k, 3)),
        "sigma": rng.uniform(0.5, 2, k),
        "shape": rng.uniform(0.5, 2, k),
        "nu": np.array(rng.uniform(1, 9)),
        "gamma": rng.normal(size=(k, 3)),
        "w": rng.dirichlet(np.ones(k)),
    }
    real = family in ("normal", "student_t")
    y = rng.normal(size=n) if real else rng.integers(0, trials[:, 0] + 1).astype(float)
    y[4] = np.nan
    names = ["Intercept", "a", "b"]
    written = regression(names, names if covariates else None, family)
    data = arrays(
        x, y, w if covariates else None, trials[:, 0] if family == "binomial" else None, family
    )
    with pytest.warns(ImputationWarning):
        model = written.build(data, k)
    point = {v.name: p[v.name] for v in model.free if v.name in p}
    weights = log_softmax(w @ p["gamma"].T, axis=1) if covariates else np.log(p["w"])
    each = logsumexp(weights + log_density(family, y[:, None], x @ p["beta"].T, p, trials), axis=1)
    assert np.isclose(model.log_likelihood(point), np.delete(each, 4).sum(), rtol=1e-12)


def published(name: str) -> tuple[dict[str, Any], np.ndarray, np.ndarray]:
    case = json.loads((PUBLISHED / "results.json").read_text())[name]
    table = np.genfromtxt(PUBLISHED / case["data"], delimiter=",", names=True, dtype=None)
    x, y = (table[column].astype(float) for column in case["columns"])
    return case, np.vander(x, 3 if "quadratic" in case["model"] else 2, increasing=True), y


@pytest.mark.parametrize("name", ["npreg, 2 regressions", "carbon dioxide, 2 regressions"])
def test_published_fits_have_their_log_likelihood(name: str) -> None:
    """At parameters as printed it is the printed one: what they lack in digits is of second order.

    The printed digits are 1e-6 of the parameters or better, but for weights of three digits: half a
    unit of these is 0.001 of a weight and 200 rows, so 200 * 0.001**2.
    """
    case, x, y = published(name)
    p = {key: np.array(value, float) for key, value in case["parameters"].items()}
    point = {"w": p["w"] / p["w"].sum(), "beta": p["b"], "sigma": p["sigma"]}
    model = regression([f"x{i}" for i in range(x.shape[1])]).build(arrays(x, y), 2)
    assert abs(model.log_likelihood(point) - float(case["log_likelihood"])) < 3e-4


def test_the_published_poisson_fit_is_the_maximum() -> None:
    case, x, y = published("npreg, 2 Poisson regressions")
    model = regression(["Intercept", "x"], None, "poisson").build(arrays(x, y, family="poisson"), 2)

    def at(flat: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return expit(flat[0] * np.array([1, -1])), flat[1:].reshape(2, 2)

    def loss(flat: np.ndarray) -> float:
        w, b = at(flat)
        return float(
            -logsumexp(np.log(w) + stats.poisson(np.exp(x @ b.T)).logpmf(y[:, None]), axis=1).sum()
        )

    start = np.array([0.1, *np.ravel(case["start"]["b"])])
    w, b = at(optimize.minimize(loss, start, options={"gtol": 1e-4}).x)
    printed = float(case["log_likelihood"])
    # Their climb ends where an iteration gains less than a part of 1e-5.
    gained = model.log_likelihood({"w": w, "beta": b}) - printed
    assert -5e-5 <= gained <= 10 * case["tolerance"] * abs(printed)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"family": "gamma"}, "family must be one of 'normal'.*got 'gamma'"),
        ({"terms": []}, "at least one term"),
        ({"weight_terms": []}, "at least one term"),
    ],
)
def test_what_cannot_be_written_is_refused(arguments: dict[str, Any], said: str) -> None:
    with pytest.raises(ModelError, match=said):
        regression(**{"terms": ["Intercept"], **arguments})
