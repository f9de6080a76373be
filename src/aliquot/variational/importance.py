"""Did it work? Importance ratios of the target over the approximation, and what they say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from aliquot.variational.pareto import psis

POOR_K = 0.7
# Methods that may do better than one with these families.
RICHER = {"mean-field": ("fullrank",), "Laplace": ("fullrank", "pathfinder")}
# Where less than this share of the draws counts, Pareto k has to be good, and not just passable:
# few draws make the tail, and what they have not seen has no part in it.
THIN_SHARE, GOOD_K = 0.25, 0.4
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
        if a ratio is not a number. Of mirror modes one is enough.
    elbo
        The evidence lower bound in nats, with its Monte Carlo error.
    draws
        How many draws of q were used.
    family
        The name of the family that q is from, such as "mean-field".
    evidence
        The log evidence in nats by the same draws, all mirror modes counted. Where Pareto k is
        above 0.7, neither it nor its error can be believed.
    images
        How many mirror modes there are, of which q is to cover one.
    left
        What was left to gain where the optimisation ended, in nats; None for a stochastic one.
    draws_error
        Of a fit over fixed draws: by how many standard deviations of the posterior, at most, a
        mean or the log of a standard deviation is off because they are few (one standard error).
    modes
        How many modes that are no mirror images of each other were found; None where they were
        not looked for.
    climbs, reached
        How many climbs looked for modes, and how many of them ended as high as the best.
    share
        Which part of the draws counts: how many independent draws of the posterior their smoothed
        weights make of each.
    tried
        Other methods that have been tried, and were no better.

    References
    ----------
    Yao, Vehtari, Simpson and Gelman (2018), Yes, but did it work? Evaluating variational
    inference.
    """

    pareto_k: float
    elbo: Estimate
    draws: int
    family: str = "mean-field"
    evidence: Estimate | None = None
    images: int = 1
    left: float | None = None
    draws_error: float | None = None
    modes: int | None = None
    climbs: int | None = None
    reached: int | None = None
    share: float = 1.0
    tried: tuple[str, ...] = ()

    @property
    def good(self) -> bool:
        """Whether Pareto k is at most 0.7; 0.4 where less than a quarter of the draws counts."""
        return believable(self.pareto_k, self.share)

    @property
    def gap(self) -> float:
        """How far the ELBO is below the evidence of one mirror mode, in nats.

        It is the divergence of the posterior from q, there.
        """
        if self.evidence is None:
            return np.nan
        return self.evidence.value - float(np.log(self.images)) - self.elbo.value

    @property
    def message(self) -> str:
        """What Pareto k says and what to do about it."""
        found = f"Pareto k of the variational fit is {self.pareto_k:.2f}"
        if self.good:
            return f"{found} (at most {POOR_K} is good)."
        above = f"above {POOR_K}"
        if self.pareto_k <= POOR_K:
            above = f"above {GOOD_K}, and only {100 * self.share:.2g}% of its draws count"
        others = [repr(name) for name in RICHER.get(self.family, ()) if name not in self.tried]
        richer = f"try aq.fit with method={' or '.join(others)}, " if others else ""
        longer = "Fit longer (call fit again), " if self.left is None else ""
        advice = (
            f"{longer}{richer}give positive or skewed variables a non-centred form, or use "
            "aq.sample(), which does not assume a Gaussian (init= takes this fit)."
        )
        return (
            f"{found}, {above}: the approximation misses part of the posterior, and its "
            "means and above all its standard deviations should not be trusted. "
            f"{advice[0].upper()}{advice[1:]}"
        )


def assess(
    log_ratios: np.ndarray,
    family: str = "mean-field",
    inside: np.ndarray | None = None,
    images: int = 1,
) -> FitQuality:
    """Return the quality of a fit from ``log p(z) - log q(z)`` (n,) at independent draws of q.

    `inside` says which of them are in the one of `images` cells that mirror modes divide the space
    into: only these count for Pareto k and the evidence.

    >>> assess(np.zeros(100)).pareto_k
    -inf
    """
    elbo = Estimate.of_mean(log_ratios)
    counted = log_ratios if inside is None else np.where(inside, log_ratios, -np.inf)
    evidence = log_mean(counted)
    whole = Estimate(evidence.value + float(np.log(images)), evidence.mcse)
    weights, k = smoothed(counted)
    share = effective_share(weights)
    return FitQuality(k, elbo, int(log_ratios.size), family, whole, images, share=share)


def effective_share(weights: np.ndarray) -> float:
    """Return how many independent draws weighted ones (n,) are worth, for each of them.

    >>> effective_share(np.array([0.5, 0.5, 0.0, 0.0]))
    0.5
    """
    return float(1.0 / (weights**2).sum() / weights.size)


def believable(pareto_k: float, share: float) -> bool:
    """Say whether what is computed from weighted draws can be believed."""
    return pareto_k <= (GOOD_K if share < THIN_SHARE else POOR_K)


def log_mean(log_ratios: np.ndarray) -> Estimate:
    """Return the log of the mean of ratios given by their logs (n,), with its standard error.

    >>> log_mean(np.log([1.0, 3.0]))
    0.69 ± 0.50
    """
    top = log_ratios.max()
    if not np.isfinite(top):
        return Estimate(float(top), np.nan)
    ratios = np.exp(log_ratios - top)
    mean = ratios.mean()
    error = ratios.std(ddof=1) / mean / np.sqrt(ratios.size)
    return Estimate(float(top + np.log(mean)), float(error))


def smoothed(log_ratios: np.ndarray) -> tuple[np.ndarray, float]:
    """Return Pareto-smoothed weights (n,) of sum 1, and Pareto k, of log ratios (n,).

    Vehtari, Simpson, Gelman, Yao and Gabry (2024), Pareto smoothed importance sampling, JMLR 25.
    """
    equal = np.full(log_ratios.size, 1.0 / log_ratios.size)
    if np.isnan(log_ratios).any() or np.isposinf(log_ratios).any():
        return equal, np.inf
    # A draw where the target is zero has weight zero: it does not lengthen the right tail.
    positive = np.isfinite(log_ratios)
    possible = log_ratios[positive]
    if possible.size == 0:
        return equal, np.inf
    if np.ptp(possible) < EXACT_SPREAD:
        weights = np.where(positive, 1.0, 0.0)
        return weights / weights.sum(), -np.inf if positive.all() else 0.0
    floor = np.where(positive, log_ratios, possible.min() - 100.0)
    log_weights, k = psis(floor)
    weights = np.where(positive, np.exp(log_weights), 0.0)
    return weights / weights.sum(), k


def resampled(weights: np.ndarray, n: int, rng: np.random.Generator) -> np.ndarray:
    """Draw n indices with weights (m,) of sum 1, by systematic resampling.

    None comes twice whose weight is at most 1 / n.

    >>> resampled(np.array([0.5, 0.0, 0.5]), 4, np.random.default_rng(1))
    array([0, 0, 2, 2])
    """
    places = (np.arange(n) + rng.random()) / n
    ends = np.cumsum(weights)
    return np.searchsorted(ends / ends[-1], places, side="right")
