"""Going through all rows: block by block, points side by side, sums joined in a fixed order.

Blocks are of a fixed size and are counted from the first row. Neighbouring blocks make a segment,
of which there are as many whatever goes through them, and the sums of segments are joined in pairs.
So the result is the same to the last bit for any number of threads or processes.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import jax
import numpy as np

from aliquot.precision import float64
from aliquot.rows import Feed

# So many sums are kept apart at most until all rows have been gone through.
SEGMENTS = 60

_pool: ThreadPoolExecutor | None = None


def segment_of(block: int, blocks: int) -> int:
    """Say to which segment a block belongs.

    >>> [segment_of(block, 5) for block in range(5)]
    [0, 1, 2, 3, 4]
    """
    return block * segments_in(blocks) // blocks


def segments_in(blocks: int) -> int:
    """Say how many segments so many blocks make.

    >>> segments_in(5), segments_in(1000)
    (5, 60)
    """
    return min(blocks, SEGMENTS)


def joined(segments: np.ndarray) -> np.ndarray:
    """Add up the sums of segments (segments, ...), in pairs.

    >>> joined(np.array([[1.0], [2.0], [4.0]])).tolist()
    [7.0]
    """
    while len(segments) > 1:
        even = len(segments) // 2 * 2
        pairs = segments[0:even:2] + segments[1:even:2]
        segments = np.concatenate([pairs, segments[even:]])
    return np.asarray(segments[0])


def sums_over(
    feed: Feed, program: Callable[..., Any], points: Sequence[Any], width: int
) -> np.ndarray:
    """Add up, for each point, what a program of a block of rows gives.

    ``program(point, arrays, counted, first)`` gives a tree of arrays, of so many numbers as
    `width`. The result has them in a row for each segment and point, shape (segments, points,
    width); segments of blocks that are not in the feed's share are zero.
    """
    result = np.zeros((segments_in(feed.blocks), len(points), width))

    def one(block: Any) -> tuple[int, np.ndarray]:
        with float64():
            at = np.int64(block.counted), np.int64(block.number * feed.size)
            found = [flat(program(point, block.arrays, *at)) for point in points]
        return segment_of(block.number, feed.blocks), np.stack(found)

    for segment, found in _in_order(one, feed):
        result[segment] += found
    return result


def flat(tree: Any) -> np.ndarray:
    """Put the numbers of a tree in a row."""
    return np.concatenate([np.ravel(leaf) for leaf in jax.tree.leaves(tree)])


def _in_order(one: Callable[[Any], Any], feed: Feed) -> Any:
    """Compute something of each block, of two at once where there are cores, in their order."""
    if feed.blocks == 1 or (os.cpu_count() or 1) == 1:
        for block in feed.walk():
            yield one(block)
        return
    waiting: list[Future[Any]] = []
    for block in feed.walk():
        waiting.append(_threads().submit(one, block))
        if len(waiting) == 2:
            yield waiting.pop(0).result()
    for future in waiting:
        yield future.result()


def _threads() -> ThreadPoolExecutor:
    """Give the threads in which programs of blocks run, as many as there are cores."""
    global _pool
    if _pool is None:
        _pool = ThreadPoolExecutor(os.cpu_count() or 1, thread_name_prefix="aliquot-rows")
    return _pool
