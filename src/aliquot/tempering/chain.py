"""One chain of a tempered run: a replica at each rung, moved and swapped scan by scan."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any

import numpy as np

from aliquot.mcmc import step_size
from aliquot.mcmc.machine import STATS
from aliquot.mcmc.momentum import Momenta
from aliquot.mcmc.recorder import NewDraws
from aliquot.mcmc.result import ChainProgress, Phase
from aliquot.mcmc.rows import FEW, ChainRows
from aliquot.mcmc.settings import NUTSSettings
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
# What is kept of each draw after the warm-up: the log ratios of target to reference at all rungs,
# in each of its scans; which replica is at each rung; how many have come through so far.
LOG_RATIO, REPLICA, ROUND_TRIPS = "log_ratio", "replica", "round_trips"

# What a chain carries on besides its ladder, its replicas and its draws.
_CARRIED = (
    *("round", "scanned", "leapfrogs", "divergences", "points", "steps"),
    *("_drawn", "_accepted", "_began", "_every"),
)
_LADDER = ("betas", "scales", "steps")

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
    every `SCANS` scans the last gives a draw; `total`, `tune`, `pause` and `done` count draws.
    Between two swaps nothing changes of what a snapshot holds.
    """

    def __init__(
        self,
        number: int,
        settings: NUTSSettings,
        size: int,
        seed: int,
        reference: LadderReference,
        *,
        recorded: bool = False,
    ) -> None:
        self.number, self.tune, self.size = number, settings.tune, size
        self.total = settings.tune + settings.draws
        self.pause = self.total  # the draw before which the chain stops for the time being
        self.round = -1
        self.scanned = 0
        self.leapfrogs = 0
        self.divergences = 0
        # Where draws are recorded elsewhere, there need not be room for all.
        self.rows = ChainRows(size, settings.tune + FEW if recorded else self.total)
        self.lock = threading.Lock()  # held while the chain changes
        self._clock, self._done_before = time.perf_counter(), 0
        self._seed, self._reference = seed, reference
        self._momenta = Momenta(seed, number, size)
        self._drawn = 0  # momenta used
        self._swaps = np.random.default_rng([seed, number, SWAPS])
        self._references = np.zeros((0, size))

    def begin(self, number: int, ladder: Ladder, points: np.ndarray, pause: int) -> None:
        """Begin a round that goes to draw `pause`, with a replica (R, d) at each rung."""
        rungs = ladder.rungs
        self.round, self.ladder, self.points, self.pause = number, ladder, points, pause
        self.steps = np.zeros((rungs, len(step_size.StepSize._fields)))
        for rung, step in enumerate(ladder.steps, start=1):
            self.steps[rung] = step_size.initial(float(step), searched=True)
        self.replicas = Replicas(rungs)
        self._accepted = np.zeros(rungs - 1)
        self._began = self.scanned
        kept = max(MOST_MOVES // 4, 1)
        self._every = max(-(-(pause - self.done) * SCANS // kept), 1)
        self._moves: list[np.ndarray] = []
        # Of the scans of the draw under way.
        self._stats: list[np.ndarray] = []
        self._log_ratios: list[np.ndarray] = []
        self._make_room()

    def snapshot(self) -> dict[str, np.ndarray]:
        """Return all that the chain carries on, but for its draws, as arrays by name."""
        rungs = self.ladder.rungs
        return {
            **{name: np.array(getattr(self, name)) for name in _CARRIED},
            **{f"ladder {name}": np.array(getattr(self.ladder, name)) for name in _LADDER},
            **{f"replicas {name}": a for name, a in self.replicas.snapshot().items()},
            "moves": self.moves,
            "stats": np.array(self._stats).reshape(-1, len(STATS)),
            "log ratios": np.array(self._log_ratios).reshape(-1, rungs),
        }

    def restore(self, snapshot: Mapping[str, np.ndarray]) -> None:
        """Go on where a snapshot was taken; the settings are as they were, but for the draws."""
        for name in _CARRIED:
            value = snapshot[name]
            setattr(self, name, value.copy() if value.ndim else value.item())
        self.ladder = Ladder(*(snapshot[f"ladder {name}"] for name in _LADDER))
        self.replicas = Replicas.of(
            {name: snapshot[f"replicas {name}"] for name in Replicas.CARRIED}
        )
        self._moves = list(snapshot["moves"])
        self._stats, self._log_ratios = list(snapshot["stats"]), list(snapshot["log ratios"])
        self._swaps.bit_generator.advance(self._drawn // TRANSITIONS)  # type: ignore[attr-defined]
        self._done_before = self.done
        self.rows.begin_at(self.done)
        self._make_room()

    def since(self, begin: int) -> NewDraws:
        """Return copies of the draws from `begin` on, with a snapshot."""
        return NewDraws.of(self.number, self.tune, self.rows, begin, self.done, self.snapshot())

    @property
    def paused(self) -> bool:
        """Whether all draws before the pause are done."""
        return self.done >= self.pause

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
        moving = self.ladder.rungs - 1
        normals, keys = self._momenta.draws(self._drawn, self._drawn + moving * TRANSITIONS)
        self._normals = normals.reshape(moving, TRANSITIONS, self.size)
        self._keys = keys.reshape(moving, TRANSITIONS)

    def block(self, first: int, last: int) -> RungBlock:
        """Return some rungs of the scan, to be moved."""
        block = empty_block(self.size)
        count = last - first
        block.positions[:count] = self.points[first:last]
        block.steps[:count] = self.steps[first:last]
        block.betas[:count] = self.ladder.betas[first:last]
        moving = int(first == 0)  # the reference does not move, and has no random numbers here
        block.momenta[moving:count] = self._normals[first + moving - 1 : last - 1]
        block.keys[moving:count] = self._keys[first + moving - 1 : last - 1]
        return block

    def absorb(self, first: int, last: int, made: Scanned) -> None:
        """Take what a call has made of a block, all NumPy. Of blocks that differ, at any time."""
        count = last - first
        self._made[first:last] = made.rows[:count]
        self._heights[first:last] = made.heights[:count]
        self._stepped[first:last] = made.steps[:count]

    def swap(self) -> None:
        """End the scan once all blocks are back: keep what is to be kept, then swap."""
        after = self._made[1:, -1, : self.size]
        if self.done < self.tune and (self.scanned - self._began) % self._every == 0:
            self._moves.append(after - self.points[1:])
        self.points[1:] = after
        self.steps[1:] = self._stepped[1:]
        position = self.points[-1].copy()
        log_ratios = self._heights[:, 0] - self._heights[:, 1]
        log_ratios = np.where(np.isnan(log_ratios), -np.inf, log_ratios)
        self._stats.extend(self._made[-1, :, self.size :].copy())
        self._log_ratios.append(log_ratios)
        chance = acceptances(self.ladder.betas, log_ratios)
        self._accepted += chance
        # Even pairs and odd pairs in turn; the numbers are drawn for all.
        uniform = self._swaps.random(len(chance))
        pairs = np.arange((self.scanned - self._began) % 2, len(chance), 2)
        self.points = self.points[self.replicas.swap(pairs[uniform[pairs] < chance[pairs]])]
        self._drawn += len(chance) * TRANSITIONS
        if len(self._log_ratios) == SCANS:
            self._keep(position)
        self.scanned += 1

    @property
    def moves(self) -> np.ndarray:
        """By how much each rung moved in some scans of this round, (n, R - 1, d)."""
        return np.array(self._moves).reshape(-1, self.ladder.rungs - 1, self.size)

    @property
    def rejections(self) -> np.ndarray:
        """Mean rejection of the swaps of each pair in this round, as if all were tried always."""
        return 1.0 - self._accepted / max(self.scanned - self._began, 1)

    def progress(self) -> ChainProgress:
        """Return where the chain stands."""
        phase: Phase = "warm-up" if self.done < self.tune else "sampling"
        seconds = max(time.perf_counter() - self._clock, 1e-9)
        return ChainProgress(
            chain=self.number,
            done=self.done,
            total=self.total,
            phase="done" if self.done == self.total else phase,
            draws_per_second=(self.done - self._done_before) / seconds,
            step_size=float(np.exp(self.steps[-1, 0])),
            divergences=self.divergences,
            leapfrogs=self.leapfrogs,
        )

    def _make_room(self) -> None:
        """Make room for what comes back of a scan, and for what is kept of draws."""
        rungs = self.ladder.rungs
        self._made = np.zeros((rungs, TRANSITIONS, self.size + len(STATS)))
        self._heights = np.zeros((rungs, 2))
        self._stepped = np.zeros_like(self.steps)
        if self.done >= self.tune:
            self.rows.add(LOG_RATIO, np.zeros((SCANS, rungs)))
            self.rows.add(REPLICA, np.zeros(rungs, np.int16))
            self.rows.add(ROUND_TRIPS, np.array(0))

    def _keep(self, position: np.ndarray) -> None:
        """Keep where the target's rung is, with what all scans of this draw did."""
        every = np.array(self._stats)
        kept = every[-1].copy()
        for name, summary in _SUMMARIES.items():
            kept[_COLUMN[name]] = summary(every[:, _COLUMN[name]])
        diverged = bool((every[:, _COLUMN["status"]] == DIVERGED).any())
        if diverged:
            kept[_COLUMN["status"]] = DIVERGED
        further: dict[str, Any] = {}
        if self.done >= self.tune:
            further = {
                LOG_RATIO: np.array(self._log_ratios),
                REPLICA: self.replicas.at,
                ROUND_TRIPS: self.replicas.trips,
            }
        self.rows.put(self.done, position[None], kept[None], further=further)
        self.leapfrogs += int(every[:, _COLUMN["n_steps"]].sum())
        self.divergences += int(diverged and self.done >= self.tune)
        self._stats, self._log_ratios = [], []


def blocks_of(rungs: int, at_least: int) -> list[tuple[int, int]]:
    """Cut rungs into blocks for calls, as few as there can be but `at_least` so many.

    >>> blocks_of(10, 1), blocks_of(4, 3)
    ([(0, 10)], [(0, 1), (1, 2), (2, 4)])
    """
    count = min(max(-(-rungs // RUNGS), at_least), rungs)
    edges = np.linspace(0, rungs, count + 1).astype(int).tolist()
    return list(pairwise(edges))
