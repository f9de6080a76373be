"""The warm-up: rounds of doubling length, after each of which ladder, metrics and steps adapt."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aliquot.mcmc.metric import factor_from_draws
from aliquot.mcmc.settings import Metric
from aliquot.tempering.ladder import barriers, equalised, nearest, rungs_for

# Of fewer draws little is learned.
SHORTEST = 16
# The part of the warm-up that is left to the step sizes, on the ladder as it will be.
LAST = 0.15
# Moves of a round and rung, over all chains, from which its metric is made, at most.
MOST_MOVES = 1000


def rounds(tune: int) -> list[int]:
    """Return how many draws each round of the warm-up has.

    >>> rounds(1000), rounds(40), rounds(5), rounds(0)
    ([26, 27, 53, 106, 213, 425, 150], [17, 17, 6], [4, 1], [])
    """
    last = int(np.ceil(LAST * tune))
    left, lengths = tune - last, [last]
    while left >= 2 * SHORTEST:
        lengths.insert(0, left - left // 2)
        left //= 2
    return [length for length in (left, *lengths) if length]


@dataclass(frozen=True, eq=False)
class Ladder:
    """A ladder of R rungs, the reference first, and how each above it moves."""

    betas: np.ndarray  # (R,), from 0 to 1
    scales: np.ndarray  # (R - 1, d) or (R - 1, d, d): the metrics, see :mod:`aliquot.mcmc.metric`
    steps: np.ndarray  # (R - 1,): step sizes

    @property
    def rungs(self) -> int:
        """The number of rungs."""
        return len(self.betas)


@dataclass(frozen=True, eq=False)
class Learned:
    """What a round of all chains has shown."""

    rejections: np.ndarray  # (R - 1,): mean rejection of the swaps of each pair
    moves: np.ndarray  # (n, R - 1, d): by how much each rung moved in some scans
    steps: np.ndarray  # (R - 1,): step sizes as dual averaging has left them


def adapted(ladder: Ladder, learned: Learned, metric: Metric) -> Ladder:
    """Return the ladder for the next round.

    A metric is half the mean square of what its rung moved by in a scan, and not the covariance of
    where it was: of draws that are as good as independent within a mode it is the covariance
    within modes, whatever is between them.
    """
    scales = np.stack(
        [
            _scale(learned.moves[:, rung], ladder.scales[rung], metric)
            for rung in range(ladder.rungs - 1)
        ]
    )
    # The steps were those of other metrics, in units of which they will be about the same.
    size = ladder.scales.shape[1]
    steps = learned.steps * np.exp((_log_volume(ladder.scales) - _log_volume(scales)) / size)
    rungs = rungs_for(float(barriers(learned.rejections).sum()))
    betas = equalised(ladder.betas, learned.rejections, rungs)
    places = nearest(betas, ladder.betas)
    return Ladder(betas, scales[places], steps[places])


def _scale(moves: np.ndarray, before: np.ndarray, metric: Metric) -> np.ndarray:
    both = np.concatenate([moves, -moves]) / np.sqrt(2.0)
    if metric == "adapt_full":
        return factor_from_draws(both, before)
    squares = (both**2).mean(axis=0)
    return np.where((squares > 0) & np.isfinite(squares), np.sqrt(squares), before)


def _log_volume(scales: np.ndarray) -> np.ndarray:
    diagonal = scales if scales.ndim == 2 else np.diagonal(scales, axis1=1, axis2=2)
    return np.asarray(np.log(diagonal).sum(axis=1))
