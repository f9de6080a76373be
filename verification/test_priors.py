"""NUTS on priors, with many seeds: each is the prior, or is said not to be.

Two lists. The models of `tests/inference/test_priors_by_sampling.py`, every continuous family by
itself and in batches, give shares below fixed levels that are compared with the levels: seed by
seed, and all seeds together, which sees what is too small for one. The second list holds priors
with funnels, of which a default sampler with the coordinates as they are written does not reach
the end, and with modes that no chain gets between: there a warning is what has to come.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy import stats

import aliquot as aq
from tests.inference.accuracy import errors
from tests.inference.test_priors_by_sampling import (
    CASES,
    COMPARISONS,
    LEVELS,
    columns_by_nuts,
    forward_distances,
)

FAMILY_WISE = 1e-4
SEEDS = range(1, 7)
# As there: a tenth of the rate leaves room for the error of the standard errors.
LIMIT = stats.norm.isf(0.1 * FAMILY_WISE / 2 / (COMPARISONS * (len(SEEDS) + 1)))


def pooled(each: list[np.ndarray]) -> tuple[float, float]:
    """Give the greatest distance of one seed, and of all seeds together, in standard errors."""
    shares, variances = [], []
    for uniform in each:
        below = (uniform.reshape(*uniform.shape[:2], -1, 1) < LEVELS).astype(float)
        below = np.concatenate([below, below.mean(axis=2, keepdims=True)], axis=2)
        shares.append(below.mean((0, 1)) - LEVELS)
        variances.append(errors(below)[0] ** 2)
    with np.errstate(divide="ignore"):
        alone = np.abs(shares) / np.sqrt(variances)
        together = np.abs(np.sum(shares, axis=0)) / np.sqrt(np.sum(variances, axis=0))
    return float(alone.max()), float(together.max())


@pytest.mark.parametrize("name", CASES)
def test_nuts_gives_the_prior_with_every_seed(name: str, verified: Callable[..., None]) -> None:
    runs = [columns_by_nuts(name, seed) for seed in SEEDS]
    far = {key: pooled([columns[key] for columns in runs]) for key in runs[0]}
    count = sum(uniform[0, 0].size for uniform in runs[0].values())
    alone, together = np.max(list(far.values()), axis=0)
    verified(
        what=f"NUTS without data gives the prior: {name}",
        against="SciPy's distribution functions",
        cases=len(SEEDS) * count * LEVELS.size,
        worst=f"{alone:.1f} standard errors, {together:.1f} with all seeds together",
    )
    assert not {key: z for key, z in far.items() if not max(z) < LIMIT}


@pytest.mark.parametrize("name", [name for name in CASES if name != "orders and bounds"])
def test_forward_draws_give_the_prior_with_every_seed(
    name: str, verified: Callable[..., None]
) -> None:
    """Draws by rejection, of what is kept in order or within bounds, are for NUTS alone."""
    runs = [forward_distances(name, seed) for seed in SEEDS]
    far = {key: max(float(z[key].max()) for z in runs) for key in runs[0]}
    verified(
        what=f"prior draws have the prior: {name}",
        against="SciPy's distribution functions",
        cases=sum(z.size for columns in runs for z in columns.values()),
        worst=f"{max(far.values()):.1f} standard errors",
    )
    assert not {key: z for key, z in far.items() if not z < LIMIT}


def walk(steps: int) -> None:
    sigma = aq.HalfNormal("sigma", 1.0)
    aq.GaussianRandomWalk("x", 0.0, sigma, init_dist=aq.Normal.dist(0, 1), steps=steps)


def scaled(family: Any, size: int, **fixed: Any) -> None:
    sigma = aq.HalfNormal("sigma", 1.0)
    family("x", sigma=sigma, shape=size, **fixed)


def normal_of_a_covariance() -> None:
    chol, *_ = aq.LKJCholeskyCov("c", eta=2.0, n=2, sd_dist=aq.Exponential.dist(1.0))
    aq.MvNormal("x", np.zeros(2), chol=chol, shape=(4, 2))


def chain_of_places() -> None:
    z = aq.MarkovChain("z", P=np.array([[0.9, 0.1], [0.2, 0.8]]), init=[0.5, 0.5], shape=5)
    aq.Normal("x", aq.constant(np.array([-10.0, 10.0]))[z], 1.0)


def normals_far_apart(components: int, shape: Any) -> None:
    w = np.full(components, 1.0 / components)
    aq.NormalMixture("x", w=w, mu=12.0 * np.arange(components), sigma=1.0, shape=shape)


def planes_far_apart() -> None:
    places = [aq.MvNormal.dist([at, 0.0], cov=np.eye(2)) for at in (0.0, 20.0)]
    aq.Mixture("x", w=[0.3, 0.7], comp_dists=places)


def intervals() -> None:
    aq.Mixture("x", w=[0.5, 0.5], comp_dists=[aq.Uniform.dist(0, 1), aq.Uniform.dist(5, 6)])


HARD: dict[str, Callable[[], None]] = {
    "walk of 3 steps": lambda: walk(3),
    "walk of 100 steps": lambda: walk(100),
    "normals of one scale": lambda: scaled(aq.Normal, 8, mu=0.0),
    "t of one scale": lambda: scaled(aq.StudentT, 8, nu=4.0, mu=0.0),
    "normals in order": lambda: scaled(aq.Normal, 4, mu=0.0, transform=aq.transforms.ordered),
    "normals of a covariance": normal_of_a_covariance,
    "two normals": lambda: normals_far_apart(2, ()),
    "six normals": lambda: normals_far_apart(6, ()),
    "four mixtures": lambda: normals_far_apart(2, 4),
    "two planes": planes_far_apart,
    "two intervals": intervals,
    "places of a Markov chain": chain_of_places,
}


@pytest.mark.parametrize("name", HARD)
def test_what_nuts_does_not_reach_is_said(name: str, verified: Callable[..., None]) -> None:
    with aq.Model() as model:
        HARD[name]()
    silent = []
    for seed in SEEDS:
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            aq.sample(random_seed=seed, model=model, progressbar=False)
        if not any(issubclass(one.category, aq.errors.AliquotWarning) for one in said):
            silent.append(seed)
    verified(
        what=f"a prior that NUTS does not draw from by itself: {name}",
        against="a warning",
        cases=len(SEEDS),
        worst=f"{len(silent)} runs without one",
    )
    assert not silent
