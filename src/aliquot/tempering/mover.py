"""Calls of the compiled program: blocks of a chain's rungs, and points whose heights are asked."""

from __future__ import annotations

import time
from typing import Any

import jax
import numpy as np

from aliquot.compilation import Compiled
from aliquot.mcmc.schedule import Flag
from aliquot.mcmc.settings import NUTSSettings
from aliquot.precision import float64
from aliquot.tempering.chain import TemperedChain
from aliquot.tempering.program import RUNGS, TRANSITIONS, RungBlock, Scanned, empty_block
from aliquot.tempering.rounds import Ladder

# The part of the warm-up in which trajectories are kept short: metrics may be far from fitting.
EARLY = 0.15


class BlockMover:
    """Calls of the program, with what all calls of a round share."""

    def __init__(self, program: Compiled, device: Any, settings: NUTSSettings) -> None:
        self._program = program
        self._data, self._reference = device
        self._settings = settings
        self._target = np.float64(settings.target_accept)
        self._scales: dict[int, Any] = {}
        self._seconds, self._moved = 0.0, 0

    @property
    def seconds(self) -> float:
        """Roughly how long a rung's scan takes, since metrics were set; 0 where none was made."""
        return self._seconds / max(self._moved, 1)

    def set(self, ladder: Ladder, blocks: list[tuple[int, int]]) -> None:
        """Take the metrics of a ladder, cut into blocks."""
        self._seconds, self._moved = 0.0, 0
        with_reference = np.concatenate([ladder.scales[:1], ladder.scales])
        with float64():
            self._scales = {
                first: jax.device_put(_filled(with_reference[first:last])) for first, last in blocks
            }

    def move(self, chain: TemperedChain, block: RungBlock, first: int, last: int) -> Scanned:
        """Move a block of a chain."""
        flag, done, tune = Flag.NONE, chain.done, self._settings.tune
        if done < tune:
            flag = Flag.ADAPT_STEP | (Flag.SHORT if done < EARLY * tune else Flag.NONE)
        began = time.perf_counter()
        made = self._call(block, self._scales[first], int(flag), last - first)
        self._seconds += time.perf_counter() - began
        self._moved += last - first
        return made

    def log_ratios(self, points: np.ndarray) -> np.ndarray:
        """Compute the log ratio of target to reference at points (n, d), shape (n,)."""
        size = points.shape[1]
        dense = [size] * (self._settings.metric == "adapt_full")
        scales = np.zeros((RUNGS, size, *dense))
        found = np.zeros((len(points), 2))
        with float64():
            for first in range(0, len(points), RUNGS):
                part = points[first : first + RUNGS]
                block = empty_block(size)
                block.positions[: len(part)] = part
                made = self._call(block, scales, 0, len(part))
                found[first : first + RUNGS] = made.heights[: len(part)]
        with np.errstate(invalid="ignore"):
            return np.asarray(found[:, 0] - found[:, 1])

    def _call(self, block: RungBlock, scales: Any, flag: int, count: int) -> Scanned:
        flags = np.full(TRANSITIONS, flag, np.int32)
        made = self._program.call(
            block, scales, flags, np.int32(count), self._data, self._reference, self._target
        )
        return Scanned(*(np.asarray(leaf) for leaf in made))


def _filled(scales: np.ndarray) -> np.ndarray:
    """Put the metrics of a block's rungs at the beginning of an array for `RUNGS` of them."""
    whole = np.zeros((RUNGS, *scales.shape[1:]))
    whole[: len(scales)] = scales
    return whole
