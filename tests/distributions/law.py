"""Draws against their exact law, by numbers that are uniform if the law is right.

Each column of such numbers is looked at by three tests: Kolmogorov's, and the mean and the variance
of normal scores, which see a spread that is wrong by a few percent. Counts are spread over their
steps of the distribution function at random, so that they are uniform as well; so are draws that
stand for all that a double cannot hold.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import numpy as np
from scipy import special, stats

from aliquot.distributions.base import Distribution
from aliquot.precision import float64
from tests.programs import FAST, quick

TINY, LARGEST = np.finfo(float).tiny, np.finfo(float).max
Uniforms = Callable[[np.ndarray, np.random.Generator], Any]


@dataclass(frozen=True)
class Law:
    """A distribution, and how its draws are turned into uniform numbers.

    Attributes
    ----------
    make : callable
        ``make(**arguments)`` gives the distribution.
    uniforms : callable
        ``uniforms(draws, rng)``: draws (n, *shape) to columns (n,) or (n, k), each uniform.
    finite : bool
        Whether the log density of all draws is finite. Of ``False`` the row says why.
    """

    id: str
    make: Callable[..., Distribution]
    arguments: Mapping[str, Any]
    uniforms: Uniforms
    finite: bool = True

    def __str__(self) -> str:
        return self.id


@partial(jax.jit, static_argnums=(2,), compiler_options=FAST)
def _draws(distribution: Any, key: Any, count: int) -> Any:
    return distribution.draw(key, (count, *distribution.shape))


@quick
def _log_prob(distribution: Any, draws: Any) -> Any:
    return distribution.checked_log_prob(draws)


def log_prob_of(distribution: Distribution, x: Any) -> np.ndarray:
    """Compute log densities, by programs that distributions of one structure share.

    `Distribution.log_prob` computes operation by operation, each of which is compiled anew for each
    shape; that it gives the same is what `test_jit_vmap` looks at.
    """
    with float64():
        return np.asarray(_log_prob(distribution, np.asarray(x)))


def draws_of(distribution: Distribution, count: int, seed: int) -> np.ndarray:
    """Draw so many times, by programs that distributions of one structure share."""
    with float64():
        return np.asarray(_draws(distribution, jax.random.key(seed), count))


def p_value(law: Law, count: int, seed: int) -> float:
    """Draw, look at support and log density, and give the probability of what is as far off."""
    distribution = law.make(**law.arguments)
    draws = draws_of(distribution, count, seed)
    assert draws.dtype == distribution.dtype
    assert np.all(distribution.support.check(draws)), "draws off the support"
    if law.finite:
        assert np.isfinite(log_prob_of(distribution, draws)).all(), "draws of infinite density"
    u = np.asarray(law.uniforms(draws, np.random.default_rng(seed)), float)
    columns = u.reshape(count, -1).T
    return min(1.0, 3 * len(columns) * min(least_p_value(column) for column in columns))


def least_p_value(u: np.ndarray) -> float:
    """Give the least of three p-values of numbers that should be uniform."""
    assert not np.isnan(u).any()
    z = special.ndtri(np.clip(u, 1e-15, 1 - 1e-15))
    mean = 2 * stats.norm.sf(abs(z.mean()) * np.sqrt(len(z)))
    squares, chi_squared = float(np.sum(z**2)), stats.chi2(len(z))
    spread = 2 * min(chi_squared.cdf(squares), chi_squared.sf(squares))
    return float(min(stats.kstest(u, "uniform").pvalue, mean, spread))


# How draws are turned into uniform numbers --------------------------------------------------------


def by(cdf: Callable[[np.ndarray], Any], low: float = -LARGEST, high: float = LARGEST) -> Uniforms:
    """Use a distribution function; draws at `low` and `high` stand for all beyond."""

    def uniforms(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        u, spread = np.asarray(cdf(x)), rng.random(x.shape)
        u = np.where(x <= low, spread * u, u)
        return np.where(x >= high, 1 - spread * (1 - u), u)

    return uniforms


def counted(frozen: Any) -> Uniforms:
    """Use a discrete distribution of SciPy's."""

    def uniforms(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        return frozen.cdf(x - 1) + rng.random(x.shape) * frozen.pmf(x)

    return uniforms


def about(mean: int | float, sd: float) -> Uniforms:
    """Take counts that are many for normal ones; their distance to the mean is exact."""
    whole = int(mean)

    def uniforms(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        away = (x - whole).astype(float) - (mean - whole) + rng.random(x.shape) - 0.5
        return stats.norm.cdf(away / np.sqrt(sd**2 + 1 / 12))

    return uniforms


def always(value: int) -> Uniforms:
    """Expect one value, and nothing else."""

    def uniforms(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        assert np.all(x == value)
        return rng.random(x.shape)

    return uniforms


def gamma_cdf(alpha: float, log_x: np.ndarray) -> Any:
    """Compute the distribution function of the gamma distribution of rate 1, by the log of x."""
    if alpha > 1e10:  # normal, but for a skewness of 2 / sqrt(alpha)
        log_ratio = log_x - np.log(alpha)
        return stats.norm.cdf(np.expm1(log_ratio) * np.sqrt(alpha))
    far = np.exp(alpha * log_x - special.gammaln(alpha + 1))
    return np.where(log_x < -40, far, special.gammainc(alpha, np.exp(np.maximum(log_x, -40))))


def beta_cdf(a: float, b: float, log_x: np.ndarray) -> Any:
    """Compute the distribution function of the beta distribution, by the log of x."""
    far = np.exp(a * log_x - np.log(a) - special.betaln(a, b))
    return np.where(log_x < -40, far, special.betainc(a, b, np.exp(np.maximum(log_x, -40))))


def t_cdf(nu: float, z: np.ndarray) -> Any:
    """Compute the distribution function of Student's t, for numbers of any size."""
    if nu > 1e9:
        return special.ndtr(z)
    with np.errstate(divide="ignore"):
        log_y = -np.logaddexp(0.0, 2 * np.log(np.abs(z)) - np.log(nu))
    tail = 0.5 * beta_cdf(0.5 * nu, 0.5, log_y)
    return np.where(z < 0, tail, 1 - tail)


def beyond(a: float, z: np.ndarray) -> Any:
    """Compute the probability that a normal number above a is above ``a + z``."""
    ratio = special.erfcx((a + z) / np.sqrt(2)) / special.erfcx(a / np.sqrt(2))
    return np.exp(-z * (a + 0.5 * z)) * ratio
