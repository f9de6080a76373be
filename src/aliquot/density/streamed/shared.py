"""Passes over rows that several processes share: each goes through its segments of blocks.

The others are sent the program of a block, as rank 0 runs it, and where the rows are. Sums are
joined in the order of the segments, whoever had which: so the result is the same to the last bit
for any number of processes.
"""

from __future__ import annotations

import hashlib
import pickle
import weakref
from collections.abc import Sequence
from typing import Any

import jax
import numpy as np
from jax import export

from aliquot.compilation import lazily
from aliquot.density.streamed.passes import segment_of, segments_in, sums_over
from aliquot.distributed import Team
from aliquot.precision import float64
from aliquot.rows import Feed


def share_of(feed: Feed, rank: int, size: int) -> Feed:
    """Give the part of a feed that is one process's: whole segments, about as many for each.

    >>> from aliquot.rows import array_rows
    >>> feed = Feed({"y": array_rows(np.zeros(10), "y")}, 2)
    >>> [(part.first, part.stop) for part in (share_of(feed, rank, 2) for rank in (0, 1))]
    [(0, 2), (2, 5)]
    """
    segments = segments_in(feed.blocks)
    begin, end = rank * segments // size, (rank + 1) * segments // size
    of_block = [segment_of(block, feed.blocks) for block in range(feed.blocks)]
    first = int(np.searchsorted(of_block, begin))
    return Feed(feed.sources, feed.size, first, int(np.searchsorted(of_block, end)))


class SharedPass:
    """What a process does of a pass: the task that rank 0 sends to the others.

    Parameters
    ----------
    programs : dict from str to bytearray
        The program of a block, "whole" and "in part", as JAX exports them.
    structure : _Structure
        Of a point.
    feed : Feed
        All rows.
    width : int
        How many numbers a block gives for each point.
    """

    def __init__(
        self, programs: dict[str, bytearray], structure: Any, feed: Feed, width: int
    ) -> None:
        self._programs, self._structure, self._width = programs, structure, width
        self._feed = feed

    def prepare(self, rank: int, size: int) -> None:
        """Get ready in a worker: read only its share."""
        self._feed = share_of(self._feed, rank, size)
        made = {name: export.deserialize(blob) for name, blob in self._programs.items()}
        self._whole = lazily(made["whole"].call)
        self._in_part = lazily(made["in part"].call)

    def __call__(self, *leaves: np.ndarray) -> np.ndarray:
        """Give the sums of this process's segments, and zero for the others."""
        points = [
            self._structure.unflatten([leaf[i] for leaf in leaves]) for i in range(len(leaves[0]))
        ]
        return sums_over(self._feed, self._program, points, self._width)

    def _program(self, point: Any, arrays: Any, counted: Any, first: Any) -> Any:
        if counted == self._feed.size:
            return self._whole(point, arrays, first)
        return self._in_part(point, arrays, counted, first)


class TeamPasses:
    """The passes of one density, shared with a team's workers."""

    def __init__(self, team: Team, feed: Feed) -> None:
        self._team, self._feed = team, feed
        self._own = share_of(feed, 0, team.size)
        self._keys: dict[str, str] = {}

    def sums(self, name: str, program: Any, points: Sequence[Any], width: int) -> np.ndarray:
        """Add up, for each point, what all blocks give; shape (segments, points, width)."""
        leaves = [jax.tree.leaves(point) for point in points]
        arrays = [
            np.stack([np.asarray(each) for each in column]) for column in zip(*leaves, strict=True)
        ]
        if name not in self._keys:
            self._keys[name] = self._define(name, program, points[0], width)
        shape = (segments_in(self._feed.blocks), len(points), width)
        total = self._team.call(
            self._keys[name], arrays, lambda: sums_over(self._own, program, points, width)
        )
        return total.reshape(shape)

    def _define(self, name: str, program: Any, point: Any, width: int) -> str:
        given = jax.tree.map(_struct, point)
        rows = {
            key: jax.ShapeDtypeStruct((self._feed.size, *source.tail), source.dtype)
            for key, source in self._feed.sources.items()
        }
        number = jax.ShapeDtypeStruct((), np.int64)
        with float64():
            blobs = {
                "whole": export.export(jax.jit(program.whole))(given, rows, number).serialize(),
                "in part": export.export(jax.jit(program.in_part))(
                    given, rows, number, number
                ).serialize(),
            }
        task = pickle.dumps(SharedPass(blobs, _Structure(given), self._feed, width))
        key = f"{name} {hashlib.blake2b(task, digest_size=8).hexdigest()}"
        self._team.define(key, task)
        weakref.finalize(self, self._team.forget, key)
        return key


class _Structure:
    """How a point's numbers stand in it; unlike JAX's own, it can be sent."""

    def __init__(self, like: Any) -> None:
        self._like = jax.tree.map(lambda _: 0, like)

    def unflatten(self, leaves: Sequence[Any]) -> Any:
        """Put arrays in their places."""
        return jax.tree.unflatten(jax.tree.structure(self._like), leaves)


def _struct(leaf: Any) -> jax.ShapeDtypeStruct:
    array = np.asarray(leaf)
    return jax.ShapeDtypeStruct(array.shape, array.dtype)
