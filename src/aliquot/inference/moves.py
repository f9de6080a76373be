"""What independence steps propose between draws by NUTS, where that pays."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np

from aliquot.errors import ModelError
from aliquot.evidence.importance import weigh
from aliquot.evidence.proposal import fit_proposal
from aliquot.inference.exploring import Explored
from aliquot.inference.folding import Folding
from aliquot.mcmc.independence import Standing, Warmed
from aliquot.variational.gaussians.mixture import GaussianMixture
from aliquot.variational.heights import affordable, log_densities
from aliquot.variational.importance import effective_share, smoothed
from aliquot.variational.modes.weights import weighed

# Fresh points that decide; a proposal has to dominate the posterior: of weights with a Pareto k of
# less than a half the variance is finite.
FRESH, FEWEST_FRESH, GOOD_K = 1000, 300, 0.5
# A proposal of which less than this counts stays where it is too often.
LEAST_SHARE = 0.3
# Where there are several modes, several tries for a step make up for a poorer one, that together
# count for so many draws; of weights with a Pareto k of .7 or more the mean cannot be trusted.
TOGETHER, MOST_TRIES, TOLERABLE_K = 2.0, 32, 0.7
# With this much of it the warm-up has told all that it can.
ENOUGH_SHARE = 0.5
# Of one mode NUTS alone gives more effective draws a second, 1.3 to 8 times as many with 10,000 to
# 120,000 numbers in the data, and as many with a million. From so many on a run ends sooner with
# these steps.
WORTH = 500_000
MOST_COORDINATES = 64
# So much of the proposal is of what was found before the chains began.
EXPLORED = 0.2
FEWEST_DRAWS = 100
STREAM = 0xE1


@dataclass(frozen=True, eq=False)
class Chosen:
    """The proposal of a run, and what fresh points said of it."""

    pareto_k: float
    share: float
    members: int
    tries: int  # for one step


class FoldedProposal:
    """A mixture of t's in one cell of the space; mirror images are folded into it."""

    def __init__(self, density: Any, q: GaussianMixture, folding: Folding, chosen: Chosen) -> None:
        self._density, self._q, self._folding = density, q, folding
        self.chosen = chosen

    @property
    def tries(self) -> int:
        """How many points are proposed for one step."""
        return self.chosen.tries

    def draw(self, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return points (n, d) in the cell, their log density and its ratio to the proposal's."""
        points, log_q = self._q.draw(n, rng)
        heights = log_densities(self._density, points)
        heights = np.where(np.isfinite(heights) & self._folding.inside(points), heights, -np.inf)
        return points, heights, heights - log_q

    def locate(self, position: np.ndarray, log_density: float) -> Standing:
        """Say how a position (d,) looks from the cell, and how to get back to where it is."""
        found = self._folding.located(position)
        if found is None:
            ratio = log_density - float(self._q.log_density(position[None])[0])
            return Standing(ratio, lambda points, heights: (points, heights))
        home, back = found
        height = float(log_densities(self._density, home[None])[0])
        ratio = height - float(self._q.log_density(home[None])[0])

        def away(points: np.ndarray, _: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            there = back(points)
            return there, log_densities(self._density, there)

        return Standing(ratio, away)


def after_warmup(
    density: Any,
    explored: Explored | None,
    positions: np.ndarray,
    folding: Callable[[], Folding],
    seed: int,
    *,
    moves: bool,
) -> tuple[Warmed, FoldedProposal | None]:
    """Say what comes after some draws of warm-up (chains, tune, d).

    What independence steps propose is made from the later half of the draws and from what was found
    before them, and fresh points say whether it is good enough. So they say whether the metric that
    chains began with is: then no more warm-up is needed than what settles the step size.
    """
    d = positions.shape[-1]
    several = explored is not None and len(explored.modes) > 1
    worth = moves and d <= MOST_COORDINATES and (several or density.numbers_read >= WORTH)
    proposal = _proposal(density, explored, positions, folding, seed) if worth else None
    described = explored is not None and explored.dominates
    if proposal is not None:
        # Few draws say little of what the proposal misses: the modes alone have to be enough.
        seen = described or positions.shape[1] >= FEWEST_DRAWS
        return Warmed(proposal, seen and proposal.chosen.share >= ENOUGH_SHARE), proposal
    enough = described and not several and positions.shape[1] >= FEWEST_DRAWS
    return Warmed(None, enough), None


def _proposal(
    density: Any,
    explored: Explored | None,
    positions: np.ndarray,
    folding: Callable[[], Folding],
    seed: int,
) -> FoldedProposal | None:
    """Give a proposal where it is good enough."""
    _, tune, d = positions.shape
    several = explored is not None and len(explored.modes) > 1
    rng = np.random.default_rng([seed, STREAM])
    try:
        cell = explored.folding if explored is not None else folding()
    except ModelError:  # more mirror images than can be told apart
        return None
    members = [] if explored is None or not explored.modes else [explored.q]
    if tune >= FEWEST_DRAWS:
        later = positions[:, tune // 2 :].reshape(-1, d)
        with suppress(np.linalg.LinAlgError):  # chains that have not moved
            members.append(fit_proposal(cell.folded(later), rng))
    if not members:
        return None
    q = _together(members)
    if len(q.weights) > 1 and several:
        q = weighed(density, q, rng, cell.inside, draws=affordable(density, FRESH, 50))
    n = affordable(density, FRESH, FEWEST_FRESH)
    _, log_ratios = weigh(density, q, n, rng, cell.inside)
    weights, k = smoothed(log_ratios)
    share = effective_share(weights)
    if k <= GOOD_K and share >= LEAST_SHARE:
        tries = 1
    elif several and k <= TOLERABLE_K and share >= TOGETHER / MOST_TRIES:
        tries = int(np.ceil(TOGETHER / share))
    else:
        return None
    return FoldedProposal(density, q, cell, Chosen(k, share, len(q.weights), tries))


def _together(members: list[GaussianMixture]) -> GaussianMixture:
    """Put what was explored beside what is fitted to draws, with the farther tails of the two."""
    if len(members) == 1:
        return members[0].with_tails(min(members[0].tails, 10.0))
    explored, fitted = members
    return fitted.beside(explored, EXPLORED).with_tails(min(fitted.tails, 10.0))
