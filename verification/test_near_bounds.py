"""Probabilities of priors that go to their bounds, by sampling with many seeds."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import stats

import aliquot as aq
from tests.inference.near_bounds import deviations, model

SEEDS = 12
FAILURE = 1e-5


def test_mass_near_a_bound_with_many_seeds(verified: Callable[..., None]) -> None:
    """No seed is off by itself, and all together are not off to one side."""
    found = []
    for seed in range(SEEDS):
        trace = aq.sample(2000, chains=4, model=model(), random_seed=seed, progressbar=False)
        found.append(deviations({name: a.values for name, a in trace.posterior.data_vars.items()}))
    z = np.array([list(each.values()) for each in found])
    together = z.sum(0) / np.sqrt(SEEDS)
    assert np.abs(z).max() < stats.norm.isf(FAILURE / (2 * z.size)), found
    assert np.abs(together).max() < stats.norm.isf(FAILURE / (2 * z.shape[1])), together
    verified(
        what="mass of Beta, Dirichlet and ordered Beta priors near their bounds",
        against="distribution functions (SciPy)",
        cases=int(z.size),
        worst=f"{np.abs(z).max():.1f} Monte Carlo errors",
    )
