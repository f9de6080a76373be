"""Did it work? Importance ratios of the target over the approximation, and what they say."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

POOR_K = 0.7
# Below this spread (in nats) the approximation is exact up to rounding, and a tail has no shape.
EXACT_SPREAD = 1e-6


class Estimate(NamedTuple):
    """A value and the Monte Carlo standard error of that value, in the same units."""

    value: float
    mcse: float

    @classmethod
    def of_mean(cls, draws: np.ndarray) -> Estimate:
        """Return the mean of independent draws (n,), n > 1.

        Examples
        --------
        >>> Estimate.of_mean(np.array([1.0, 2.0, 3.0, 2.0]))
        2.00 ± 0.41
        """
        with np.errstate(invalid="ignore"):  # an infinite draw: an infinite mean, an error of NaN
            return cls(float(draws.mean()), float(draws.std(ddof=1) / np.sqrt(draws.size)))

    def __repr__(self) -> str:
        if not (np.isfinite(self.mcse) and self.mcse > 0):
            return f"{self.value} ± {self.mcse}"
        digits = max(0, 1 - int(np.floor(np.log10(self.mcse))))
        return f"{self.value:.{digits}f} ± {self.mcse:.{digits}f}"


@dataclass(frozen=True)
class FitQuality:
    """How well an approximation q fits its target p, from importance ratios p / q.

    Attributes
    ----------
    pareto_k
        Shape of the generalised Pareto distribution fitted to the tail of the ratios: below 0.5
        the fit is good, above 0.7 it should not be trusted; -inf if q equals p to rounding, inf
        if a ratio is not a number.
    elbo
        The evidence lower bound in nats, with its Monte Carlo error.
    draws
        How many draws of q were used.
    family
        The name of the family that q is from, such as "mean-field".

    References
    ----------
    Yao, Vehtari, Simpson and Gelman (2018), Yes, but did it work? Evaluating variational
    inference.
    """

    pareto_k: float
    elbo: Estimate
    draws: int
    family: str = "mean-field"

    @property
    def good(self) -> bool:
        """Whether Pareto k is at most 0.7."""
        return self.pareto_k <= POOR_K

    @property
    def message(self) -> str:
        """What Pareto k says and what to do about it."""
        found = f"Pareto k of the variational fit is {self.pareto_k:.2f}"
        if self.good:
            return f"{found} (at most {POOR_K} is good)."
        richer = (
            "try aq.FullRankADVI for correlated posteriors, " if self.family == "mean-field" else ""
        )
        return (
            f"{found}, above {POOR_K}: the approximation misses part of the posterior, and its "
            "means and above all its standard deviations should not be trusted. "
            f"Fit longer (call fit again), {richer}give positive or skewed variables a "
            "non-centred form, or use aq.sample(), which does not assume a Gaussian."
        )


def assess(log_ratios: np.ndarray, family: str = "mean-field") -> FitQuality:
    """Return the quality of a fit from ``log p(z) - log q(z)`` (n,) at independent draws of q.

    >>> assess(np.zeros(100)).pareto_k
    -inf
    """
    elbo = Estimate.of_mean(log_ratios)
    return FitQuality(_pareto_k(log_ratios), elbo, int(log_ratios.size), family)


def _pareto_k(log_ratios: np.ndarray) -> float:
    if np.isnan(log_ratios).any() or np.isposinf(log_ratios).any():
        return np.inf
    # A draw where the target is zero has weight zero: it does not lengthen the right tail.
    possible = log_ratios[np.isfinite(log_ratios)]
    if possible.size == 0:
        return np.inf
    if possible.size == log_ratios.size and np.ptp(possible) < EXACT_SPREAD:
        return -np.inf
    from arviz_stats.base.array import array_stats

    floor = np.where(np.isfinite(log_ratios), log_ratios, possible.min() - 100.0)
    # array_stats follows leave-one-out, whose log weights are minus what it is given.
    _, k = array_stats.psislw(-floor)
    return float(k) if np.isfinite(k) else np.inf


def preload() -> None:
    """Begin to import arviz_stats, which takes seconds, beside a compilation."""

    def load() -> None:
        import arviz_stats.base.array  # noqa: F401

    threading.Thread(target=load, name="aliquot-preload", daemon=True).start()
