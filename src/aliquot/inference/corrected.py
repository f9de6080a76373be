"""Draws of an approximation, made draws of the posterior by Pareto-smoothed importance resampling.

Vehtari, Simpson, Gelman, Yao and Gabry (2024), Pareto smoothed importance sampling, JMLR 25.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from aliquot.errors import FitError
from aliquot.evidence.importance import weigh
from aliquot.evidence.proposal import fit_proposal
from aliquot.inference.folding import Folding
from aliquot.variational.gaussians.mixture import GaussianMixture
from aliquot.variational.gaussians.scale import dense
from aliquot.variational.importance import (
    GOOD_K,
    POOR_K,
    THIN_SHARE,
    Estimate,
    believable,
    effective_share,
    log_mean,
    resampled,
    smoothed,
)
from aliquot.variational.target import Target

if TYPE_CHECKING:
    from aliquot.inference.approximation import Approximation

# Degrees of freedom of the t that the first draws come from.
TAILS = 10.0
# A proposal is looked at with so many draws, and what is chosen from them makes a better one.
TRIED, CHOSEN = 4000, 2000
# It is made better once, where less of it than this counts, or Pareto k is above this;
FINE_SHARE, FINE_K = 0.9, 0.4
# Where this much of a proposal counts, it has seen nearly all of the posterior, whatever Pareto k.
SEEN_SHARE = 0.5
# but not where less than this counts: it may then have seen only a part of the posterior, and what
# is made from that part looks good to itself.
LEAST_SHARE = 0.2
# This part of a proposal that was made better is so many times as wide as what it was made from. On
# two close Gaussians, ordered, whose gap has a long tail, it takes a bias of 2% off the standard
# deviations, and 2 of 30 fits are refused in the place of 10.
DEFENCE, WIDER = 0.2, (2.0, 4.0, 8.0, 16.0)
# Draws are chosen from so many times as many at most, or from more where that is not worth as many.
TIMES = (2, 6)
STREAM = 0xC0


@dataclass(frozen=True, eq=False)
class Weighted:
    """Draws with weights that make them stand for the posterior, in one of its mirror modes."""

    points: np.ndarray  # (n, d)
    log_ratios: np.ndarray  # (n,) of the density to the proposal, -inf outside of the mode
    weights: np.ndarray  # (n,) of sum 1
    pareto_k: float
    evidence: Estimate  # the log evidence that the same weights give, all mirror modes counted

    @property
    def peak(self) -> float:
        """The largest weight, over the mean: of so many times as many none is chosen twice."""
        return float(self.weights.max() * len(self.points))

    @property
    def effective(self) -> float:
        """How many independent draws they are worth."""
        return self.share * len(self.points)

    @property
    def share(self) -> float:
        """Which part of them that is."""
        return effective_share(self.weights)

    @property
    def good(self) -> bool:
        """Whether what is computed from them can be believed."""
        return believable(self.pareto_k, self.share)


def corrected(
    approx: Approximation, q: GaussianMixture, draws: int, seed: int
) -> tuple[np.ndarray, Weighted]:
    """Return draws (draws, d) of the posterior, and the weighted ones that they were chosen from.

    A FitError where these cannot be believed.
    """
    rng = np.random.default_rng([seed, STREAM])
    density, folding = approx.density, approx.one_mode
    proposal, found = proposal_of(density, folding, q, rng)
    for times in (min(TIMES[0], found.peak), TIMES[1]):
        missing = int(np.ceil(times * draws)) - len(found.points)
        if found.good and missing > 0:
            found = weighted(density, folding, proposal, missing, rng, found)
        if not found.good or found.effective >= draws:
            break
    if not found.good:
        raise FitError(
            f"corrected=True: Pareto k of the {approx.method} fit as a proposal is "
            f"{found.pareto_k:.2f}, and {100 * found.share:.2g}% of its draws count. Above "
            f"{POOR_K}, or {GOOD_K} where less than {100 * THIN_SHARE:.0f}% count, no weights make "
            "draws those of the posterior. Use another method= in aq.fit, give positive or skewed "
            "variables a non-centred form, or use aq.sample(init=...) with this fit"
        )
    chosen = rng.permutation(resampled(found.weights, draws, rng))
    return found.points[chosen], found


def proposal_of(
    density: Target, folding: Folding, q: GaussianMixture, rng: np.random.Generator
) -> tuple[GaussianMixture, Weighted]:
    """Return a proposal with an approximation's shape, or a better one, and draws from it."""
    proposal = q.with_tails(min(q.tails, TAILS))
    first = weighted(density, folding, proposal, TRIED, rng)
    if first.share < LEAST_SHARE or (first.share >= FINE_SHARE and first.pareto_k <= FINE_K):
        return proposal, first
    chosen = first.points[resampled(first.weights, CHOSEN, rng)]
    better = defended(fit_proposal(chosen, rng), chosen)
    second = weighted(density, folding, better, TRIED, rng)
    # Where the first was poor its draws may have missed what the second does not see either, unless
    # most of them count.
    seen = first.good or first.share >= SEEN_SHARE or second.pareto_k <= FINE_K
    finer = second.share > first.share or second.pareto_k < first.pareto_k
    if seen and second.good and (finer or not first.good):
        return better, second
    return proposal, first


def defended(proposal: GaussianMixture, points: np.ndarray) -> GaussianMixture:
    """Put ever wider Gaussians beside a proposal that was fitted to points (n, d).

    What is far out is in none of the points, and weighs by itself as much as a thousand of them
    where a proposal has next to no density: Hesterberg (1995), Weighted average importance sampling
    and defensive mixture distributions, Technometrics 37.
    """
    size, many = proposal.size, len(WIDER)
    covariance = np.cov(points.T).reshape(size, size)
    wide = GaussianMixture(
        np.full(many, 1 / many),
        np.tile(points.mean(axis=0), (many, 1)),
        tuple(dense(width**2 * covariance) for width in WIDER),
    )
    return proposal.beside(wide, DEFENCE)


def weighted(
    density: Target,
    folding: Folding,
    proposal: GaussianMixture,
    n: int,
    rng: np.random.Generator,
    before: Weighted | None = None,
) -> Weighted:
    """Draw n points from a proposal and weigh them by the posterior in one mirror mode.

    They join those that were drawn from it `before`.
    """
    points, log_ratios = weigh(density, proposal, n, rng, folding.inside)
    if before is not None:
        points = np.concatenate([before.points, points])
        log_ratios = np.concatenate([before.log_ratios, log_ratios])
    one = log_mean(log_ratios)
    evidence = Estimate(one.value + float(np.log(folding.images)), one.mcse)
    return Weighted(points, log_ratios, *smoothed(log_ratios), evidence)
