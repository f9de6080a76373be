"""Deterministic fits of models with hidden states, by simulation-based calibration.

Parameters and hidden states are drawn from the prior, data from these, in NumPy. A model is fitted
by `fit`; where its quality is good, ranks are those of true values among corrected draws with the
hidden states back: Talts et al. (2018), arXiv:1804.06788. A fit covers one of the mirror modes, so
all that is ranked is the same in each of them.

Fits that are flagged are not used. Whether one is depends on the data and not on the true values,
and given any data the true values are draws of the posterior; so the ranks of what is left should
be uniform too. But they say nothing of the data sets left out, a fifth to two thirds of them: there
`sample` takes the fit's place, and the ranks of all data sets together should be uniform as well.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from scipy import stats
from scipy.special import logsumexp

import aliquot as aq
from aliquot.errors import FitError
from verification.worst import against_uniform

SETS = 150
ROWS = 50
DRAWS = 400
PRIOR_SD = 3.0
# Each comparison; at most 18 in one test.
FAILURE = 5e-6
# Fewer fits that are used could not fail.
FEWEST = 10

Values = dict[str, np.ndarray]


@dataclass(frozen=True)
class Recipe:
    """A model over data that can be replaced; true values in NumPy; what is ranked of them.

    Of values with a first axis of draws, `ranked` gives numbers (draws,) by name.
    """

    build: Callable[[], None]
    draw: Callable[[np.random.Generator], tuple[Values, np.ndarray]]
    ranked: Callable[[Values, np.ndarray], Values]


def mixture_model() -> None:
    w = aq.Dirichlet("w", [3.0, 3.0])
    mu = aq.Normal("mu", 0, PRIOR_SD, shape=2)
    z = aq.Categorical("z", p=w, shape=ROWS)
    aq.Normal("obs", mu[z], 1, observed=aq.Data("y", np.linspace(-3, 4, ROWS) ** 3))


def a_mixture(rng: np.random.Generator) -> tuple[Values, np.ndarray]:
    w, mu = rng.dirichlet([3.0, 3.0]), rng.normal(0, PRIOR_SD, 2)
    z = (rng.random(ROWS) > w[0]).astype(int)
    return {"w": w, "mu": mu, "z": z}, rng.normal(mu[z], 1)


def of_a_mixture(values: Values, y: np.ndarray) -> Values:
    w, mu, z = values["w"], values["mu"], values["z"]
    terms = np.log(w)[:, None] + stats.norm.logpdf(y[:, None], mu[:, None], 1)
    density = logsumexp(terms, -1)
    together = np.exp(terms[:, 0] - density[:, :1])  # responsibilities for the first row
    same = np.exp(terms - density[..., None])
    return {
        **of_means_and_states(mu, z),
        "weight of the higher": of_the_higher(mu, w),
        "density of the first row": density[:, 0],
        "log likelihood": density.sum(1),
        "rows expected with the first": (same * together[:, None]).sum((1, 2)),
    }


def chain_model() -> None:
    P = aq.Dirichlet("P", np.array([[6.0, 2.0], [2.0, 6.0]]), shape=(2, 2))
    mu = aq.Normal("mu", 0, PRIOR_SD, shape=2)
    z = aq.MarkovChain("z", P=P, init=[0.5, 0.5], shape=ROWS)
    aq.Normal("obs", mu[z], 1, observed=aq.Data("y", np.linspace(-3, 4, ROWS) ** 3))


def a_chain(rng: np.random.Generator) -> tuple[Values, np.ndarray]:
    P = np.array([rng.dirichlet([6.0, 2.0]), rng.dirichlet([2.0, 6.0])])
    mu = rng.normal(0, PRIOR_SD, 2)
    z = [int(rng.random() > 0.5)]
    while len(z) < ROWS:
        z.append(int(rng.random() > P[z[-1], 0]))
    return {"P": P, "mu": mu, "z": np.array(z)}, rng.normal(mu[z], 1)


def of_a_chain(values: Values, y: np.ndarray) -> Values:
    P, mu, z = values["P"], values["mu"], values["z"]
    stay = np.diagonal(P, axis1=1, axis2=2)
    forward = np.log(0.5) + stats.norm.logpdf(y[0], mu, 1)
    for value in y[1:]:
        forward = logsumexp(forward[:, :, None] + np.log(P), 1) + stats.norm.logpdf(value, mu, 1)
    return {
        **of_means_and_states(mu, z),
        "stays in the higher": of_the_higher(mu, stay),
        "stays in the lower": of_the_higher(-mu, stay),
        "changes of state": (np.diff(z, axis=1) != 0).sum(1),
        "log likelihood": logsumexp(forward, 1),
    }


def of_means_and_states(mu: np.ndarray, z: np.ndarray) -> Values:
    ones = z.sum(1)
    return {
        "lower mean": mu.min(1),
        "higher mean": mu.max(1),
        "rows in the higher": np.where(mu[:, 1] > mu[:, 0], ones, ROWS - ones),
        "rows in the larger": np.maximum(ones, ROWS - ones),
        "rows with the first": (z == z[:, :1]).sum(1),
    }


def of_the_higher(mu: np.ndarray, values: np.ndarray) -> np.ndarray:
    return np.where(mu[:, 1] > mu[:, 0], values[:, 1], values[:, 0])


RECIPES = {
    "two components": Recipe(mixture_model, a_mixture, of_a_mixture),
    "a hidden Markov model": Recipe(chain_model, a_chain, of_a_chain),
}


def by_fit(method: str | None, model: aq.Model, number: int) -> Any:
    """Give corrected draws of a fit, or None where it is flagged."""
    try:
        approx = aq.fit(method=method, model=model, random_seed=number, progressbar=False)
        if approx.quality is not None and approx.quality.good:
            return approx.sample(DRAWS, corrected=True, random_seed=number)
    except FitError:
        pass
    return None


def the_long_way(model: aq.Model, number: int) -> Any:
    trace = aq.sample(
        1000,
        tune=1000,
        chains=4,
        target_accept=0.95,
        random_seed=number,
        model=model,
        progressbar=False,
        compute_convergence_checks=False,
    )
    return trace.isel(draw=slice(None, None, 10))


def ranks_in(trace: Any, case: Recipe, truth: Values, y: np.ndarray, rng: Any) -> list[float]:
    """Rank what is true among draws, ties at random, on a scale from 0 to 1."""
    draws = {}
    for name in truth:
        value = trace.posterior[name].values
        draws[name] = value.reshape(-1, *value.shape[2:])
    found = case.ranked(draws, y)
    ranks = []
    for name, value in case.ranked({name: v[None] for name, v in truth.items()}, y).items():
        # Sums in another order differ in their last digits.
        near = 1e-9 * (1 + abs(value[0]))
        below = np.sum(found[name] < value[0] - near)
        same = np.sum(abs(found[name] - value[0]) <= near)
        ranks.append((below + rng.uniform() * (same + 1)) / (len(found[name]) + 1))
    return ranks


@pytest.mark.filterwarnings("ignore::aliquot.errors.ConvergenceWarning")
@pytest.mark.parametrize("method", ["laplace", "dadvi", None])
@pytest.mark.parametrize("name", RECIPES)
def test_ranks_of_what_labels_do_not_change_are_uniform(verified, rng, name, method):
    case = RECIPES[name]
    with aq.Model() as model:
        case.build()
    ranks, used = [], []
    for number in range(SETS):
        truth, y = case.draw(rng)
        model.set_data({"y": y})
        trace = by_fit(method, model, number)
        used.append(trace is not None)
        if trace is None:
            trace = the_long_way(model, number)
        trace = aq.recover(trace, model, kind="draws", random_seed=number)
        ranks.append(ranks_in(trace, case, truth, y, rng))
    names = list(case.ranked({key: v[None] for key, v in truth.items()}, y))
    fitted, every = np.array(ranks)[used], np.array(ranks)
    flagged = f"{SETS - len(fitted)} of {SETS} fits flagged"
    least = []
    for rows, how in (
        (fitted, f"corrected fits by {method or 'the default'}; {flagged}"),
        (every, f"the same, and draws by NUTS where {method or 'the default'} was flagged"),
    ):
        pvalues = [against_uniform(column) for column in rows.T]
        least.append(min(pvalues))
        verified(
            what=f"ranks of {', '.join(names)}: {name}, {how}",
            against="uniform ranks",
            cases=rows.size,
            worst=f"p = {least[-1]:.2g} ({names[int(np.argmin(pvalues))]})",
        )
    assert len(fitted) >= FEWEST
    assert min(least) > FAILURE
