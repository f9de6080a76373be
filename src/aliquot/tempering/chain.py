"""One chain of a tempered run: a replica at each rung, moved and swapped scan by scan."""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np

from aliquot.mcmc import step_size
from aliquot.mcmc.machine import STATS
from aliquot.mcmc.momentum import Momenta
from aliquot.mcmc.result import ChainProgress, Phase
from aliquot.mcmc.trajectory import DIVERGED
from aliquot.tempering.program import RUNGS, TRANSITIONS, RungBlock, Scanned, empty_block
from aliquot.tempering.reference import LadderReference
from aliquot.tempering.rounds import MOST_MOVES, Ladder
from aliquot.tempering.swaps import Replicas, acceptances

# Scans for each draw that is kept: it takes a replica about ten to come through.
SCANS = 3
# Draws of the reference that are made at once.
DRAWN = 256
# Numbers a chain's streams apart: of start points, draws of the reference, and swaps.
START, REFERENCE, SWAPS = 101, 102, 103

_COLUMN = {name: i for i, name in enumerate(STATS)}
# What a draw says of all its transitions, where that is not what the last one says.
_SUMMARIES: dict[str, Callable[[np.ndarray], Any]] = {
    "n_steps": np.sum,
    "acceptance_rate": np.mean,
    "tree_depth": np.max,
}


class TemperedChain:
    """A chain: of each scan it gives the blocks to be moved, and swaps when all are back.

    What it draws is a function of the seed, of its number, and of what the rounds have learned. Of
    every `SCANS` scans the last gives a draw; `total` and `tune` count draws.
    """

    def __init__(
        self, number: int, total: int, tune: int, size: int, seed: int, reference: LadderReference
    ) -> None:
        self.number, self.total, self.tune, self.size = number, total, tune, size
        self.scanned = 0
        self.leapfrogs = 0
        self.divergences = 0
        self._clock = time.perf_counter()
        self.positions = np.zeros((total, size))
        self.columns = np.zeros((total, len(STATS)))
        self.trips = np.zeros(total, np.int64)
        self.betas = np.zeros(0)
        self._seed, self._reference = seed, reference
        self._momenta = Momenta(seed, number, size)
        self._drawn = 0  # momenta used
        self._swaps = np.random.default_rng([seed, number, SWAPS])
        self._references = np.zeros((0, size))

    def begin(self, ladder: Ladder, points: np.ndarray, draws: int) -> None:
        """Begin a round of so many draws on a ladder, with a replica (R, d) at each rung."""
        rungs, scans = ladder.rungs, draws * SCANS
        self.betas, self.points = ladder.betas, points
        self.steps = np.zeros((rungs, len(step_size.StepSize._fields)))
        for rung, step in enumerate(ladder.steps, start=1):
            self.steps[rung] = step_size.initial(float(step), searched=True)
        self.replicas = Replicas(rungs)
        self._accepted = np.zeros(rungs - 1)
        self.log_ratios = np.zeros((scans, rungs))
        self.at = np.zeros((draws, rungs), np.int16)
        self._began = self.scanned
        self._end = self.scanned + scans
        kept = max(MOST_MOVES // 4, 1)
        self._every = max(-(-scans // kept), 1)
        self.moves = np.zeros((-(-scans // self._every), rungs - 1, self.size))
        self._stats: list[np.ndarray] = []
        self._heights = np.zeros((rungs, 2))
        self._rows = np.zeros((rungs, TRANSITIONS, self.size + len(STATS)))
        self.scan()

    @property
    def complete(self) -> bool:
        """Whether the round's scans are done."""
        return self.scanned == self._end

    @property
    def done(self) -> int:
        """Draws that are done, those of the warm-up included."""
        return self.scanned // SCANS

    def scan(self) -> None:
        """Begin a scan: a fresh draw of the reference, and the random numbers of all moves."""
        batch, place = divmod(self.scanned, DRAWN)
        if place == 0 or not len(self._references):
            stream = (self._seed, self.number, batch, REFERENCE)
            self._references = self._reference.draw(DRAWN, stream)
        self.points[0] = self._references[place]
        rungs = len(self.betas)
        first, count = self._drawn, (rungs - 1) * TRANSITIONS
        normals, keys = self._momenta.draws(first, first + count)
        self._drawn += count
        self._normals = normals.reshape(rungs - 1, TRANSITIONS, self.size)
        self._keys = keys.reshape(rungs - 1, TRANSITIONS)

    def block(self, first: int, last: int) -> RungBlock:
        """Return some rungs of the scan, to be moved."""
        block = empty_block(self.size)
        count = last - first
        block.positions[:count] = self.points[first:last]
        block.steps[:count] = self.steps[first:last]
        block.betas[:count] = self.betas[first:last]
        moving = int(first == 0)  # the reference does not move, and has no random numbers here
        block.momenta[moving:count] = self._normals[first + moving - 1 : last - 1]
        block.keys[moving:count] = self._keys[first + moving - 1 : last - 1]
        return block

    def absorb(self, first: int, last: int, made: Scanned) -> None:
        """Take what a call has made of a block, all NumPy. Of blocks that differ, at any time."""
        count = last - first
        self._rows[first:last] = made.rows[:count]
        self._heights[first:last] = made.heights[:count]
        moved = max(first, 1)
        self.steps[moved:last] = made.steps[moved - first : count]

    def swap(self) -> None:
        """End the scan once all blocks are back: keep what is to be kept, then swap."""
        scan = self.scanned - self._began
        after = self._rows[1:, -1, : self.size]
        if scan % self._every == 0:
            self.moves[scan // self._every] = after - self.points[1:]
        self.points[1:] = after
        self._keep(self._rows[-1, :, self.size :])
        log_ratios = self._heights[:, 0] - self._heights[:, 1]
        self.log_ratios[scan] = np.where(np.isnan(log_ratios), -np.inf, log_ratios)
        chance = acceptances(self.betas, self.log_ratios[scan])
        self._accepted += chance
        # Even pairs and odd pairs in turn; the numbers are drawn for all.
        uniform = self._swaps.random(len(chance))
        pairs = np.arange(scan % 2, len(chance), 2)
        self.points = self.points[self.replicas.swap(pairs[uniform[pairs] < chance[pairs]])]
        self.at[scan // SCANS] = self.replicas.at
        self.trips[self.done] = self.replicas.trips
        self.scanned += 1

    @property
    def rejections(self) -> np.ndarray:
        """Mean rejection of the swaps of each pair in this round, as if all were tried always."""
        return 1.0 - self._accepted / max(self.scanned - self._began, 1)

    def progress(self) -> ChainProgress:
        """Return where the chain stands."""
        phase: Phase = "warm-up" if self.done < self.tune else "sampling"
        return ChainProgress(
            chain=self.number,
            done=self.done,
            total=self.total,
            phase="done" if self.done == self.total else phase,
            draws_per_second=self.done / max(time.perf_counter() - self._clock, 1e-9),
            step_size=float(np.exp(self.steps[-1, 0])),
            divergences=self.divergences,
            leapfrogs=self.leapfrogs,
        )

    def _keep(self, stats: np.ndarray) -> None:
        """Keep where the target's rung is, with what all scans of this draw did."""
        draw = self.done
        self.positions[draw] = self.points[-1]
        so_far = self._stats
        so_far.extend(stats)
        self.leapfrogs += int(stats[:, _COLUMN["n_steps"]].sum())
        if len(so_far) < SCANS * TRANSITIONS:
            return
        every = np.array(so_far)
        so_far.clear()
        kept = every[-1]
        for name, summary in _SUMMARIES.items():
            kept[_COLUMN[name]] = summary(every[:, _COLUMN[name]])
        diverged = bool((every[:, _COLUMN["status"]] == DIVERGED).any())
        if diverged:
            kept[_COLUMN["status"]] = DIVERGED
        self.columns[draw] = kept
        self.divergences += int(diverged and draw >= self.tune)


def blocks_of(rungs: int, at_least: int) -> list[tuple[int, int]]:
    """Cut rungs into blocks for calls, as few as there can be but `at_least` so many.

    >>> blocks_of(10, 1), blocks_of(4, 3)
    ([(0, 10)], [(0, 1), (1, 2), (2, 4)])
    """
    count = min(max(-(-rungs // RUNGS), at_least), rungs)
    edges = np.linspace(0, rungs, count + 1).astype(int).tolist()
    return list(pairwise(edges))
