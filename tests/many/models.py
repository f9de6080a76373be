"""Models as a user writes them for one data set of many."""

from __future__ import annotations

from typing import Any

import numpy as np

import aliquot as aq


def mixture(y: Any) -> None:
    means = aq.Normal("means", 0, 10, shape=2, transform=aq.transforms.ordered)
    aq.NormalMixture("obs", w=[0.5, 0.5], mu=means, sigma=1, observed=y)


def labels(y: Any) -> None:
    w = aq.Dirichlet("w", np.ones(2))
    means = aq.Normal("means", 0, 10, shape=2)
    z = aq.Categorical("z", p=w, shape=len(y))
    aq.Normal("obs", means[z], 1, observed=y)


def chain(y: Any) -> None:
    means = aq.Normal("means", 0, 10, shape=2, transform=aq.transforms.ordered)
    z = aq.MarkovChain("z", init=[0.5, 0.5], P=[[0.9, 0.1], [0.2, 0.8]], steps=len(y))
    aq.Normal("obs", means[z], 1, observed=y)


def normal(y: Any) -> None:
    mu = aq.Normal("mu", 0, 10)
    aq.Normal("obs", mu, 1, observed=y)


def counts(y: Any) -> None:
    rate = aq.Gamma("rate", 2, 1)
    aq.Poisson("obs", rate, observed=y)


def regression(data: Any) -> None:
    slope = aq.Normal("slope", 0, 1)
    x = aq.Data("x", data["x"])
    aq.Deterministic("line", slope * x)
    aq.Normal("obs", slope * x, 1, observed=data["y"])


def regression_of_arrays(data: Any) -> None:
    """Covariates and standard errors as plain arrays, without a name."""
    slope = aq.Normal("slope", 0, 1)
    errors = 0.5 + np.abs(np.asarray(data["x"]))
    aq.Normal("obs", slope * data["x"], errors, observed=data["y"])


def two_columns(y: Any) -> None:
    mu = aq.Normal("mu", 0, 1, shape=2)
    aq.Normal("obs", mu, 1, shape=np.shape(y), observed=y)


def vectors(y: Any) -> None:
    mu = aq.Normal("mu", 0, 1, shape=2)
    aq.MvNormal("obs", mu, cov=np.eye(2), observed=y)


def two_clumps(rng: np.random.Generator, n: int) -> np.ndarray:
    return rng.normal(np.array([-2.0, 2.0])[rng.integers(0, 2, n)], 1.0)


def pairs(rng: np.random.Generator, n: int) -> dict[str, np.ndarray]:
    return {"x": rng.normal(size=n), "y": rng.normal(size=n)}
