"""Independence Metropolis steps between NUTS transitions.

A proposal that does not depend on where the chain stands can be drawn and evaluated ahead, in
blocks, and carries the chain from mode to mode: Tierney (1994), "Markov chains for exploring
posterior distributions", Annals of Statistics 22, section 2.3.3. Where the proposal has next to no
density it is of no use, and a chain that is there stays: so every few draws one is by NUTS, which
needs no proposal. Which draws these are depends on their number alone, so that each transition
leaves the posterior as it is.

A proposal of which little counts can be tried several times for one step: Martino (2018), "A review
of multiple try MCMC algorithms for signal processing", Digital Signal Processing 75, table 4. One
of the tries is chosen in proportion to its ratio of the density to the proposal's, and accepted by
the sum of all ratios over that with the chain's own in the place of the chosen one's. Of one try
this is the Metropolis step.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol

import numpy as np

# Of so many draws the first is by NUTS.
CYCLE = 10
BLOCK = 256
_STREAM = 0x1D


class Standing(NamedTuple):
    """Where a chain stands, as the proposal sees it."""

    log_ratio: float  # of the density to the proposal's
    # From points (n, d) of the proposal to where the chain would stand, with their log density.
    back: Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]


class IndependenceProposal(Protocol):
    """What is proposed. It must not change while chains run."""

    @property
    def tries(self) -> int:
        """How many points are proposed for one step."""
        ...

    def draw(self, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return points (n, d), their log density (n,), and the log ratio (n,) to the proposal's.

        A point that must not be reached has a ratio of -inf.
        """
        ...

    def locate(self, position: np.ndarray, log_density: float) -> Standing:
        """Say how a position (d,) looks to the proposal."""
        ...


class Warmed(NamedTuple):
    """What is to come after so many draws of warm-up."""

    proposal: IndependenceProposal | None  # of independence steps; None: there are none
    enough: bool  # whether the warm-up can end here


class Steps(NamedTuple):
    """Some steps of a chain."""

    positions: np.ndarray  # (n, d)
    log_densities: np.ndarray  # (n,)
    acceptance: np.ndarray  # (n,): the probability with which each step was accepted


class Metropolis:
    """The independence steps of one chain: a function of the seed and of its number.

    >>> class Uniform:
    ...     "Proposals for a standard normal, uniform from -5 to 5."
    ...     tries = 1
    ...     def draw(self, n, rng):
    ...         points = rng.uniform(-5, 5, (n, 1))
    ...         heights = -0.5 * points[:, 0] ** 2
    ...         return points, heights, heights
    ...     def locate(self, position, log_density):
    ...         return Standing(log_density, lambda points, heights: (points, heights))
    >>> steps = Metropolis(Uniform(), seed=1, chain=0).steps(np.zeros(1), 0.0, 2000)
    >>> bool(abs(steps.positions.mean()) < 0.3), bool(abs(steps.positions.var() - 1) < 0.3)
    (True, True)
    """

    def __init__(self, proposal: IndependenceProposal, seed: int, chain: int) -> None:
        self._proposal = proposal
        self._key = [seed, chain, _STREAM]
        self._block = 0
        self._next = BLOCK
        self._drawn: tuple[np.ndarray, ...]

    @property
    def place(self) -> tuple[int, int]:
        """How far the steps have come: blocks drawn, and steps of the last one taken."""
        return self._block, self._next

    def go_on(self, blocks: int, taken: int) -> None:
        """Go on from a `place`."""
        if blocks:
            self._block = blocks - 1
            self._draw()
        self._next = taken

    def steps(self, position: np.ndarray, log_density: float, count: int) -> Steps:
        """Take so many steps from a position (d,)."""
        place = self._proposal.locate(position, log_density)
        current, which = place.log_ratio, -1
        chosen = np.empty(count, int)
        acceptance = np.empty(count)
        points: list[np.ndarray] = []
        heights: list[float] = []
        for step in range(count):
            if self._next == BLOCK:
                self._draw()
            proposed, height, ratio, total, others, threshold = (
                each[self._next] for each in self._drawn
            )
            self._next += 1
            change = total - np.logaddexp(others, current) if np.isfinite(total) else -np.inf
            acceptance[step] = np.exp(min(0.0, change))
            if threshold < change:
                current, which = ratio, len(points)
                points.append(proposed)
                heights.append(height)
            chosen[step] = which
        if not points:
            return Steps(np.tile(position, (count, 1)), np.full(count, log_density), acceptance)
        there, lps = place.back(np.stack(points), np.array(heights))
        # The last place, which -1 reads, is where the chain stood.
        there, lps = np.vstack([there, position]), np.append(lps, log_density)
        return Steps(there[chosen], lps[chosen], acceptance)

    def _draw(self) -> None:
        """Draw the tries of a block of steps, and choose one of each step's."""
        rng = np.random.default_rng([*self._key, self._block])
        tries = self._proposal.tries
        points, heights, ratios = self._proposal.draw(BLOCK * tries, rng)
        thresholds, ratios = rng.random(BLOCK), ratios.reshape(BLOCK, tries)
        rows, first = np.arange(BLOCK), np.zeros(BLOCK, int)
        # In proportion to the ratios: the largest, with noise.
        best = (ratios + rng.gumbel(size=ratios.shape)).argmax(axis=1) if tries > 1 else first
        without = ratios.copy()
        without[rows, best] = -np.inf
        place = rows * tries + best
        with np.errstate(divide="ignore"):
            self._drawn = (
                points[place],
                heights[place],
                ratios[rows, best],
                np.logaddexp.reduce(ratios, axis=1),
                np.logaddexp.reduce(without, axis=1),
                np.log(thresholds),
            )
        self._block += 1
        self._next = 0
