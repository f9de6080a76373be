"""The log evidence, from draws and from fits.

Parameters are drawn from the prior and data from the model, and `log_evidence` is held against what
is exact: a closed form, a sum over all hidden states, or quadrature. Deviations in units of the
errors that it gives must have mean 0 and standard deviation 1 over data sets. Draws that stay in a
mirror mode, that went through all of them or have their labels back must give the same.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from scipy import stats
from scipy.special import logsumexp

import aliquot as aq
from aliquot.errors import FitError
from tests.evidence.honest import honest
from tests.inference import enumerated
from tests.seeds import fixed

SETS = 40
# Of each bound; six ways at most, of three bounds each.
CHANCE = 5e-6
# In nats; the second is where `log_evidence` itself draws the line.
MOST_ERROR, DOUBTED_ERROR = 0.05, 0.1
# So few are good of no fit that is looked at, in one of 100,000 runs; fewer could not fail.
FEWEST = 4
ROWS, FEW = 30, 8
SHORT: dict[str, Any] = {
    "draws": 500,
    "tune": 500,
    "chains": 4,
    "progressbar": False,
    "compute_convergence_checks": False,
}


@dataclass(frozen=True)
class Known:
    """A model over data that can be replaced, and data with their exact log evidence."""

    write: Callable[..., None]
    draw: Callable[[np.random.Generator], tuple[dict[str, np.ndarray], float]]
    labels: bool = False  # whether there are any that can switch
    ordered: bool = False  # whether `write` takes a transform that puts them in order
    fits: tuple[str, ...] = ("laplace", "fullrank")


DESIGN = fixed(5).normal(size=(ROWS, 4)) @ np.tri(4)


def regression_model() -> None:
    beta = aq.Normal("beta", 1, 2, shape=4)
    aq.Normal("obs", DESIGN @ beta, 1.5, observed=aq.Data("y", np.zeros(ROWS)))


def regression(rng):
    y = rng.normal(DESIGN @ rng.normal(1, 2, 4), 1.5)
    covariance = 1.5**2 * np.eye(ROWS) + 2**2 * DESIGN @ DESIGN.T
    return {"y": y}, stats.multivariate_normal(DESIGN.sum(1), covariance).logpdf(y)


def shares_model() -> None:
    p = aq.Beta("p", 0.7, 2, shape=3)
    aq.Binomial("obs", 12, p, observed=aq.Data("k", np.array([3, 4, 5])))


def shares(rng):
    k = rng.binomial(12, rng.beta(0.7, 2, 3))
    return {"k": k}, stats.betabinom(12, 0.7, 2).logpmf(k).sum()


def two_means_model(**options: Any) -> None:
    mu = aq.Normal("mu", 0, 3, shape=2, **options)
    aq.NormalMixture("obs", [0.5, 0.5], mu, 1, observed=aq.Data("y", np.linspace(-2, 3, ROWS) ** 3))


GRID = np.arange(-18, 18, 0.1)


def two_means(rng):
    """Trapezoids of a tenth: to rounding, for a posterior as wide as 1 / sqrt(30) or more."""
    mu = rng.normal(0, 3, 2)
    y = rng.normal(mu[rng.integers(0, 2, ROWS)], 1)
    one = stats.norm.logpdf(y[:, None], GRID)
    total = np.zeros((GRID.size, GRID.size))
    for row in one:
        total += np.logaddexp(row[:, None], row) - np.log(2)
    prior = stats.norm.logpdf(GRID, 0, 3)
    exact = logsumexp(total + prior[:, None] + prior) + 2 * np.log(GRID[1] - GRID[0])
    return {"y": y}, exact


def labels_model() -> None:
    w = aq.Dirichlet("w", np.ones(2))
    mu = aq.Normal("mu", 0, 3, shape=2)
    z = aq.Categorical("z", p=w, shape=FEW)
    aq.Normal("obs", mu[z], 1, observed=aq.Data("y", np.linspace(-2, 3, FEW) ** 3))


def chain_model() -> None:
    P = aq.Dirichlet("P", np.ones(2), shape=(2, 2))
    mu = aq.Normal("mu", 0, 3, shape=2)
    z = aq.MarkovChain("z", P=P, init=[0.5, 0.5], shape=FEW)
    aq.Normal("obs", mu[z], 1, observed=aq.Data("y", np.linspace(-2, 3, FEW) ** 3))


def labels(rng):
    z = (rng.random(FEW) > rng.random()).astype(int)
    y = rng.normal(rng.normal(0, 3, 2)[z], 1)

    def prior(z: np.ndarray) -> float:
        return enumerated.of_counts(np.bincount(z, minlength=2), np.ones(2))

    return {"y": y}, enumerated.log_evidence(y, 2, 3.0, prior)


def chain(rng):
    P = rng.dirichlet(np.ones(2), 2)
    z = [rng.integers(0, 2)]
    while len(z) < FEW:
        z.append(int(rng.random() > P[z[-1], 0]))
    y = rng.normal(rng.normal(0, 3, 2)[np.array(z)], 1)
    return {"y": y}, enumerated.log_evidence(
        y, 2, 3.0, lambda z: enumerated.of_steps(z, 2, np.ones(2))
    )


CASES = {
    "a linear model of four coefficients": Known(regression_model, regression),
    "three shares": Known(shares_model, shares, fits=("laplace",)),
    "two means": Known(two_means_model, two_means, labels=True, ordered=True),
    "a mixture's labels": Known(labels_model, labels, labels=True, fits=("laplace",)),
    "a hidden Markov model": Known(chain_model, chain, labels=True, fits=("laplace",)),
}
AGAINST = {
    "two means": "quadrature",
    "a mixture's labels": "a sum over all labels",
    "a hidden Markov model": "a sum over all paths",
}


@dataclass
class Way:
    """What was found in one way: deviations in units of errors, and the errors."""

    deviations: list[float] = field(default_factory=list)
    errors: list[float] = field(default_factory=list)
    doubted: int = 0

    def add(self, found: aq.LogEvidence, exact: float) -> None:
        if found.good:
            self.deviations.append((found.value - exact) / found.error)
            self.errors.append(found.error)
        else:
            self.doubted += 1

    def __str__(self) -> str:
        z = np.array(self.deviations)
        if not z.size:
            return f"all of {self.doubted} doubted"
        return (
            f"deviations of mean {z.mean():.2f} and sd {z.std():.2f} in units of errors, which "
            f"are at most {max(self.errors):.3f} nats; {self.doubted} of "
            f"{self.doubted + z.size} doubted"
        )


def built(write: Callable[..., None], **options: Any) -> aq.Model:
    with aq.Model() as model:
        write(**options)
    return model


def evidences(case: Known, data: Any, models: list[aq.Model], number: int) -> dict[str, Any]:
    """Estimate in each way there is, by its name."""
    for model in models:
        model.set_data(data)
    free = models[0]
    trace = aq.sample(model=free, random_seed=number, **SHORT)
    of = {"draws": (trace, free)}
    if case.labels:
        permuted = aq.sample(
            model=free, random_seed=[number, 1], label_switching="permute", **SHORT
        )
        of["permuted draws"] = (permuted, free)
        of["relabelled draws"] = (aq.relabel(trace, free), free)
    if case.ordered:
        of["ordered draws"] = (aq.sample(model=models[1], random_seed=number, **SHORT), models[1])
    found = {
        name: aq.log_evidence(draws, model, random_seed=number)
        for name, (draws, model) in of.items()
    }
    for method in case.fits:
        approx = fitted(method, free, number)
        if approx is not None and approx.quality.good:
            found[f"a good fit by {method}"] = aq.log_evidence(approx, random_seed=number)
    return found


def fitted(method: str, model: aq.Model, number: int) -> Any:
    try:
        return aq.fit(method=method, model=model, random_seed=number, progressbar=False)
    except FitError:
        return None


@pytest.mark.filterwarnings("ignore::aliquot.errors.AliquotWarning")
@pytest.mark.parametrize("name", CASES)
def test_deviations_are_as_large_as_the_errors(verified, rng, name):
    case = CASES[name]
    models = [built(case.write)]
    if case.ordered:
        models.append(built(case.write, transform=aq.transforms.ordered))
    ways: dict[str, Way] = {}
    for number in range(SETS):
        data, exact = case.draw(rng)
        for way, found in evidences(case, data, models, number).items():
            ways.setdefault(way, Way()).add(found, exact)
    judge(verified, name, ways)


def judge(verified: Any, name: str, ways: dict[str, Way], most: float = MOST_ERROR) -> None:
    for way, found in ways.items():
        verified(
            what=f"log evidence from {way}: {name}",
            against=AGAINST.get(name, "closed form"),
            cases=len(found.deviations),
            worst=str(found),
        )
    for found in ways.values():
        assert len(found.deviations) >= FEWEST
        honest(found.deviations, CHANCE)
        assert max(found.errors) <= most


@pytest.mark.filterwarnings("ignore::aliquot.errors.AliquotWarning")
@pytest.mark.parametrize("name", ["a mixture's labels", "a hidden Markov model"])
def test_an_evidence_that_is_called_good_is_right_of_a_flagged_fit_too(verified, rng, name):
    case = CASES[name]
    model = built(case.write)
    flagged = Way()
    for number in range(SETS):
        data, exact = case.draw(rng)
        model.set_data(data)
        for method in ("laplace", "fullrank"):
            approx = fitted(method, model, number)
            if approx is not None and not approx.quality.good:
                flagged.add(aq.log_evidence(approx, random_seed=number), exact)
    judge(verified, name, {"flagged fits by laplace and fullrank": flagged}, DOUBTED_ERROR)
