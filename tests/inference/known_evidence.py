"""Models of which the evidence is known, and draws of their posteriors."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.signal import lfilter

import aliquot as aq
from aliquot.demo.quadrature import exact_posterior
from aliquot.results import build_tree
from tests.inference import enumerated
from tests.seeds import fixed

# A result is further off than this in one of 10,000,000 runs; a little more often, since errors are
# estimates themselves.
MOST = 5.0
TRACE = {"random_seed": 1, "progressbar": False, "compute_convergence_checks": False}


def deviation(found: aq.LogEvidence, exact: float) -> float:
    """How far off a result is, in errors, and that they are small enough to tell anything."""
    assert found.good, found.message
    assert 0 < found.error < 0.05
    return abs(found.value - exact) / found.error


# One mean, in closed form

Y = fixed(3).normal(1.0, 1.0, 12)
PRIOR_SD = 3.0
EXACT = enumerated.of_normals(Y, PRIOR_SD)
POSTERIOR_SD = (Y.size + PRIOR_SD**-2) ** -0.5
POSTERIOR_MEAN = POSTERIOR_SD**2 * Y.sum()


def one_mean() -> aq.Model:
    with aq.Model() as model:
        mu = aq.Normal("mu", 0, PRIOR_SD)
        aq.Normal("y", mu, 1, observed=Y)
    return model


def exact_draws(
    rng: np.random.Generator, rho: float = 0.0, chains: int = 4, draws: int = 300
) -> Any:
    """A trace from the posterior itself, autocorrelated as a chain's draws are."""
    noise = rng.normal(size=(chains, draws)) * np.sqrt(1 - rho**2)
    noise[:, 0] = rng.normal(size=chains)
    mu = POSTERIOR_MEAN + POSTERIOR_SD * lfilter([1.0], [1.0, -rho], noise, axis=1)
    return build_tree(posterior={"mu": mu}, observed_data={"y": Y})


# Two close Gaussians, by quadrature


def close_gaussians() -> np.ndarray:
    rng = fixed(0)
    z = rng.integers(0, 2, 100)
    return rng.normal(np.array([-1.0, 1.0])[z], 1.0)


DATA = close_gaussians()
QUADRATURE = exact_posterior(DATA).log_evidence


def two_means(ordered: bool = False) -> aq.Model:
    with aq.Model() as model:
        order = {"transform": aq.transforms.ordered} if ordered else {}
        means = aq.Normal("means", 0, 10, shape=2, **order)
        aq.NormalMixture("obs", [0.5, 0.5], means, 1, observed=DATA)
    return model
