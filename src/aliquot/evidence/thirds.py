"""The integral of a density from draws of it: a proposal from one third, a bridge to the next.

A proposal that was fitted to the very draws it is compared with is nearer to them than to others,
and the estimate is biased. So draws are bridged to a proposal that was fitted to others: Overstall
and Forster (2010), Default Bayesian model determination methods for generalised linear mixed
models, Computational Statistics and Data Analysis 54; Wong, Forster and Smith (2020), Properties of
the bridge sampler with a focus on splitting the MCMC sample, Statistics and Computing 30.

Thirds, and not halves that change roles, whose errors are not independent. Where the density is
nearly of the proposal's family, the error is a product of what sampling made of the draws that were
fitted and of those that were bridged: T1'F T2, with halves that of the second estimate, too. With
thirds it is T1'F T2, T2'F T3 and T3'F T1, of which no two are correlated, so that each draw is used
once for either and errors add in squares.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from aliquot.evidence.bridge import Bridge, bridge
from aliquot.evidence.importance import Importance, Inside, importance, weigh
from aliquot.evidence.proposal import fit_proposal
from aliquot.variational.gaussians.mixture import GaussianMixture
from aliquot.variational.importance import Estimate
from aliquot.variational.target import Target

# Independent draws that autocorrelated ones (chains, draws) are worth, for their mean.
type EffectiveSize = Callable[[np.ndarray], float]

# A proposal is drawn from until as many are inside as it is bridged to, and no fewer than this, ...
FEWEST_INSIDE = 1000
# ... or so many times as many were drawn altogether.
MOST_DRAWN = 100


@dataclass(frozen=True, eq=False)
class Third:
    """What a third of the draws says, with a proposal that was fitted to another third."""

    bridge: Bridge
    function: np.ndarray  # (chains, draws): the bridge's function of the draws
    effective: float  # how many independent draws its mean is worth
    log_ratios: np.ndarray  # (n,), at the proposal's draws


class Together(NamedTuple):
    """What all thirds say."""

    bridge: Estimate
    importance: Importance
    effective: float
    converged: bool  # whether each iteration reached its fixed point
    apart: float  # sum of squares of their deviations from the mean, each in units of its error
    range: float  # how far apart they are, in nats


def thirds_of(
    target: Target,
    points: np.ndarray,
    heights: np.ndarray,
    effective_size: EffectiveSize,
    rng: np.random.Generator,
    inside: Inside,
) -> list[Third]:
    """Bridge draws (chains, draws, d) of a density that counts inside a region only.

    `heights` (chains, draws) are its logs. The three parts of each chain, one after another, are as
    good as independent.
    """
    parts = np.array_split(np.arange(points.shape[1]), 3)
    found = []
    for own, other in zip(parts, [parts[-1], *parts[:-1]], strict=True):
        proposal = fit_proposal(_rows(points[:, other]), rng)
        log_q = proposal.log_density(_rows(points[:, own])).reshape(heights[:, own].shape)
        wanted = max(FEWEST_INSIDE, log_q.size)
        log_ratios = _enough(target, proposal, wanted, rng, inside)
        found.append(_third(heights[:, own] - log_q, log_ratios, effective_size))
    return found


def together(thirds: Sequence[Third]) -> Together:
    """Put together what the thirds say, of which errors are as good as independent."""
    errors = np.array([third.bridge.error(third.effective) for third in thirds])
    values = np.array([third.bridge.value for third in thirds])
    with np.errstate(invalid="ignore", divide="ignore"):
        apart = float((((values - values.mean()) / errors) ** 2).sum())
    return Together(
        Estimate(float(values.mean()), float(np.sqrt((errors**2).sum()) / len(thirds))),
        importance(np.concatenate([third.log_ratios for third in thirds])),
        sum(third.effective for third in thirds),
        all(third.bridge.converged for third in thirds),
        apart,
        float(values.max() - values.min()),
    )


def _rows(points: np.ndarray) -> np.ndarray:
    return points.reshape(-1, points.shape[-1])


def _third(at_draws: np.ndarray, at_proposals: np.ndarray, effective_size: EffectiveSize) -> Third:
    worth = min(effective_size(at_draws), float(at_draws.size))
    made = bridge(at_draws.ravel(), at_proposals, worth)
    function = made.of_draws.reshape(at_draws.shape)
    return Third(made, function, effective_size(function), at_proposals)


def _enough(
    target: Target, proposal: GaussianMixture, wanted: int, rng: np.random.Generator, inside: Inside
) -> np.ndarray:
    """Draw from a proposal until enough is inside, or the most has been drawn: log ratios (n,)."""
    parts: list[np.ndarray] = []
    within = 0
    while within < wanted and len(parts) < MOST_DRAWN:
        parts.append(weigh(target, proposal, wanted, rng, inside)[1])
        within += int(np.isfinite(parts[-1]).sum())
    return np.concatenate(parts)
