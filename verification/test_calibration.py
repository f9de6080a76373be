"""NUTS, by simulation-based calibration.

Parameters are drawn from the prior and data from the model, in NumPy, and the model is fitted to
them. If draws are right, the rank of a true value among draws of its posterior is uniform: Talts et
al. (2018), arXiv:1804.06788. Discrete variables that come back are ranked as well, ties at random.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import aliquot as aq
from aliquot.inference import moves
from verification.worst import against_uniform

SETS = 200
DRAWS, THIN, CHAINS = 500, 10, 2
# Each comparison; some twenty in all fail once in 10,000 runs by chance.
FAILURE = 5e-6

Values = dict[str, Any]


@dataclass(frozen=True)
class Recipe:
    """A model over data that can be replaced, and how parameters and data are drawn in NumPy."""

    name: str
    build: Callable[[], aq.Model]
    draw: Callable[[np.random.Generator], tuple[Values, Values]]
    """Give the true values that are ranked, and the data."""
    discrete: bool = False


RECIPES: list[Recipe] = []
ROWS = 20


def recipe(name: str, draw: Any, *, discrete: bool = False) -> Any:
    def add(write: Callable[[], None]) -> None:
        def build() -> aq.Model:
            with aq.Model() as model:
                write()
            return model

        RECIPES.append(Recipe(name, build, draw, discrete))

    return add


X = np.linspace(-1, 1, ROWS)
GROUP = np.repeat(np.arange(5), 4)


def _regression(rng):
    a, b = rng.normal(0, 1, 2)
    sigma = rng.gamma(4, 1 / 4)
    return {"a": a, "b": b, "sigma": sigma}, {"y": rng.normal(a + b * X, sigma)}


@recipe("linear regression with an unknown scale", _regression)
def _():
    a, b, sigma = aq.Normal("a", 0, 1), aq.Normal("b", 0, 1), aq.Gamma("sigma", 4, 4)
    aq.Normal("obs", a + b * X, sigma, observed=aq.Data("y", np.zeros(ROWS)))


def _levels(rng):
    mu, tau = rng.normal(), abs(rng.normal(0, 1))
    level = rng.normal(mu, tau, 5)
    y = rng.poisson(np.exp(level[GROUP]))
    return {"mu": mu, "tau": tau, "first level": level[0]}, {"y": y}


@recipe("levels of counts, not centred", _levels)
def _():
    mu, tau = aq.Normal("mu", 0, 1), aq.HalfNormal("tau", 1)
    level = mu + tau * aq.Normal("shift", 0, 1, shape=5)
    aq.Deterministic("first level", level[0])
    aq.Poisson("obs", np.exp(level[GROUP]), observed=aq.Data("y", np.zeros(ROWS, int)))


def _mixture(rng):
    w, means = rng.beta(2, 2), np.sort(rng.normal(0, 2, 2))
    z = (rng.random(ROWS) > w).astype(int)
    truth = {"w": w, "low": means[0], "high": means[1], "first label": z[0], "ones": z.sum()}
    return truth, {"y": rng.normal(means[z], 1)}


@recipe("two components in order, labels back", _mixture, discrete=True)
def _():
    w = aq.Beta("w", 2, 2)
    means = aq.Normal("means", 0, 2, shape=2, transform=aq.transforms.ordered)
    aq.Deterministic("low", means[0])
    aq.Deterministic("high", means[1])
    z = aq.Bernoulli("z", 1 - w, shape=ROWS)
    aq.Deterministic("first label", z[0])
    aq.Deterministic("ones", z.sum())
    aq.Normal("obs", means[z], 1, observed=aq.Data("y", np.linspace(-3, 3, ROWS)))


def _chain(rng):
    P, rates = rng.dirichlet([2, 2], 2), np.sort(rng.normal(0, 2, 2))
    z = [int(rng.random() > 0.5)]
    for _ in range(ROWS - 1):
        z.append(int(rng.random() > P[z[-1], 0]))
    z = np.array(z)
    truth = {"stay": P[0, 0], "low": rates[0], "high": rates[1], "last": z[-1], "ones": z.sum()}
    return truth, {"y": rng.normal(rates[z], 1)}


@recipe("a hidden Markov model, states back", _chain, discrete=True)
def _():
    P = aq.Dirichlet("P", [2.0, 2.0], shape=(2, 2))
    means = aq.Normal("means", 0, 2, shape=2, transform=aq.transforms.ordered)
    aq.Deterministic("stay", P[0, 0])
    aq.Deterministic("low", means[0])
    aq.Deterministic("high", means[1])
    z = aq.MarkovChain("z", P=P, init=[0.5, 0.5], steps=ROWS)
    aq.Deterministic("last", z[-1])
    aq.Deterministic("ones", z.sum())
    aq.Normal("obs", means[z], 1, observed=aq.Data("y", np.linspace(-3, 3, ROWS)))


def _change(rng):
    early, late = rng.gamma(2, 1, 2)
    switch = rng.integers(0, ROWS)
    y = rng.poisson(np.where(np.arange(ROWS) <= switch, early, late))
    return {"early": early, "late": late, "switch": switch}, {"y": y}


@recipe("a change point, back", _change, discrete=True)
def _():
    early, late = aq.Gamma("early", 2, 1), aq.Gamma("late", 2, 1)
    switch = aq.DiscreteUniform("switch", 0, ROWS - 1)
    rate = np.where(switch >= np.arange(ROWS), early, late)
    aq.Poisson("obs", rate, observed=aq.Data("y", np.zeros(ROWS, int)))


def _inflated(rng):
    psi, mu = rng.beta(2, 2), rng.gamma(3, 1)
    y = np.where(rng.random(ROWS) < psi, rng.poisson(mu, ROWS), 0)
    return {"psi": psi, "mu": mu}, {"y": y}


@recipe("zero-inflated counts", _inflated)
def _():
    psi, mu = aq.Beta("psi", 2, 2), aq.Gamma("mu", 3, 1)
    aq.ZeroInflatedPoisson("obs", psi, mu, observed=aq.Data("y", np.zeros(ROWS, int)))


def _shares(rng):
    p = rng.dirichlet([0.5, 1, 2])
    scale = rng.lognormal(0, 1)
    truth = {"first": p[0], "last": p[2], "scale": scale}
    return truth, {"k": rng.multinomial(6, p), "t": rng.weibull(1.5, 5) * scale}


@recipe("shares near a bound, and waiting times", _shares)
def _():
    p = aq.Dirichlet("p", [0.5, 1.0, 2.0])
    aq.Deterministic("first", p[0])
    aq.Deterministic("last", p[2])
    aq.Multinomial("counts", 6, p, observed=aq.Data("k", np.array([2, 2, 2])))
    scale = aq.LogNormal("scale", 0, 1)
    aq.Weibull("times", 1.5, scale, observed=aq.Data("t", np.ones(5)))


MANY = 6_000


def _many(rng):
    w, means = rng.beta(3, 3), np.sort(rng.normal(0, 1.5, 2))
    label = (rng.random(MANY) > w).astype(int)
    truth = {"w": w, "low": means[0], "high": means[1]}
    return truth, {"y": rng.normal(means[label], 1)}


@recipe("two components, 6,000 rows, by independence steps", _many)
def _():
    w = aq.Beta("w", 3, 3)
    means = aq.Normal("means", 0, 1.5, shape=2, transform=aq.transforms.ordered)
    aq.Deterministic("low", means[0])
    aq.Deterministic("high", means[1])
    aq.NormalMixture(
        "obs", np.stack([w, 1 - w]), means, 1, observed=aq.Data("y", np.linspace(-3, 3, MANY))
    )


def _two_sided(rng):
    x = rng.normal(1, 2)
    return {"x": x}, {"y": rng.normal(x**2, 1, 3)}


@recipe("a square observed: two modes, by independence steps", _two_sided)
def _():
    x = aq.Normal("x", 1, 2)
    aq.Normal("obs", x**2, 1, observed=aq.Data("y", np.ones(3)))


@pytest.mark.parametrize("case", RECIPES, ids=lambda case: case.name)
def test_ranks_of_true_values_are_uniform(verified, rng, case, monkeypatch):
    if case.name.endswith("by independence steps"):  # of one mode, too, however few the rows
        monkeypatch.setattr(moves, "WORTH", 0)
    model = case.build()
    ranks: dict[str, list[float]] = {}
    for number in range(SETS):
        truth, data = case.draw(rng)
        model.set_data(data)
        trace = aq.sample(
            DRAWS,
            tune=600,
            chains=CHAINS,
            target_accept=0.95,
            random_seed=number,
            model=model,
            progressbar=False,
            compute_convergence_checks=False,
        )
        trace = trace.isel(draw=slice(None, None, THIN))
        if case.discrete:
            trace = aq.recover(trace, model, kind="draws", random_seed=number)
        for name, value in truth.items():
            draws = np.asarray(trace.posterior[name]).ravel()
            below, same = np.sum(draws < value), np.sum(draws == value)
            # With the true value itself among the equal ones, at a random place.
            rank = below + rng.uniform() * (same + 1)
            ranks.setdefault(name, []).append(rank / (len(draws) + 1))
    pvalues = {name: against_uniform(np.array(values)) for name, values in ranks.items()}
    least = min(pvalues, key=lambda name: pvalues[name])
    verified(
        what=f"ranks of {', '.join(ranks)}: {case.name}",
        against="uniform ranks",
        cases=SETS * len(ranks),
        worst=f"p = {pvalues[least]:.2g} ({least})",
    )
    assert pvalues[least] > FAILURE
