"""Batches of shuffled rows: each row once in an epoch, the same for the same seed, well mixed."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aliquot.errors import RowsError
from aliquot.rows import ArrayRows, NpyRows, ShuffledBatches


def sources(rows: int) -> dict[str, Any]:
    y = np.arange(rows)
    return {"y": ArrayRows(y), "x": ArrayRows(np.stack([y * 2.0, y * 3.0], axis=1))}


# Rows, of a batch, of a block, blocks together: one pool and several, batches beyond a pool.
SHAPES = [
    (10, 4, 100, 8),
    (1003, 17, 20, 3),
    (1003, 300, 20, 3),
    (1003, 1003, 20, 3),
    (1000, 10, 100, 10),
    (64, 8, 8, 1),
    (7, 1, 3, 2),
]


def epoch_of(batches: ShuffledBatches, epoch: int) -> np.ndarray:
    """The rows of an epoch in their order; that all sources agree is checked, too."""
    seen = []
    for batch in range(batches.batches):
        arrays, counted = batches.take(epoch * batches.batches + batch, 1)
        assert (arrays["x"][0] == arrays["y"][0][:, None] * [2.0, 3.0]).all()
        seen.append(arrays["y"][0, : counted[0]])
    return np.concatenate(seen)


@pytest.mark.parametrize(("rows", "size", "block", "together"), SHAPES)
def test_each_row_comes_once_in_an_epoch(rows: int, size: int, block: int, together: int) -> None:
    batches = ShuffledBatches(sources(rows), size, 1, block=block, together=together)
    epochs = [epoch_of(batches, epoch) for epoch in range(3)]
    for seen in epochs:
        assert np.array_equal(np.sort(seen), np.arange(rows))
    if rows >= 64:
        assert not np.array_equal(epochs[0], epochs[1])
    batches.close()


@pytest.mark.parametrize(("rows", "size", "block", "together"), SHAPES)
def test_batches_have_as_many_rows_give_or_take_one(
    rows: int, size: int, block: int, together: int
) -> None:
    batches = ShuffledBatches(sources(rows), size, 1, block=block, together=together)
    _, counted = batches.take(0, batches.batches)
    assert counted.sum() == rows
    assert counted.max() <= size
    assert counted.max() - counted.min() <= 1
    assert batches.batches == -(-rows // size)
    batches.close()


@pytest.mark.parametrize(("rows", "size", "block", "together"), SHAPES)
def test_the_order_is_a_function_of_seed_and_epoch(
    rows: int, size: int, block: int, together: int
) -> None:
    def made(seed: int) -> ShuffledBatches:
        return ShuffledBatches(sources(rows), size, seed, block=block, together=together)

    one, other = made(5), made(5)
    whole, counted = one.take(0, 3 * one.batches)
    for first in np.random.default_rng(0).permutation(3 * one.batches)[:8]:  # from anywhere
        found, count = other.take(int(first), 1)
        assert count[0] == counted[first]
        assert all((found[name][0] == whole[name][first]).all() for name in found)
    if rows >= 64:
        assert not np.array_equal(epoch_of(made(6), 0), epoch_of(one, 0))


def test_a_file_sorted_by_group_is_mixed_within_batches(tmp_path: Path) -> None:
    """Of 100 blocks, each of one group, 10 are shuffled together: a batch has several groups."""
    group = np.repeat(np.arange(20), 500)
    np.save(tmp_path / "g.npy", group)
    batches = ShuffledBatches({"g": NpyRows(tmp_path / "g.npy")}, 50, 3, block=100, together=10)
    arrays, _ = batches.take(0, batches.batches)
    batches.close()
    assert np.array_equal(np.sort(arrays["g"].ravel()), group)
    several = [len(np.unique(batch)) for batch in arrays["g"]]
    # 50 rows of 10 blocks at random: of blocks of fewer than 4 groups there are none to speak of.
    assert min(several) >= 4
    # In the order of the file a batch has one.
    assert len(np.unique(group[:50])) == 1


def test_all_orders_of_what_is_shuffled_as_a_whole_are_as_likely() -> None:
    """Of 4 rows there are 24 orders: chi-squared of 2,400 epochs."""
    batches = ShuffledBatches({"y": ArrayRows(np.arange(4))}, 4, 2)
    arrays, _ = batches.take(0, 2400)
    _, counts = np.unique(arrays["y"], axis=0, return_counts=True)
    assert len(counts) == 24
    assert ((counts - 100) ** 2 / 100).sum() < 64  # beyond it once in 100,000, with 23 degrees


def test_no_more_rows_are_in_memory_than_of_two_pools(monkeypatch: pytest.MonkeyPatch) -> None:
    """What has been read never is more than two pools ahead of what has been taken."""
    from aliquot.rows.arrays import _ArrayCursor

    read = [0]
    fill = _ArrayCursor._fill

    def counted(self: Any, start: int, out: np.ndarray) -> None:
        read[0] += len(out)
        fill(self, start, out)

    monkeypatch.setattr(_ArrayCursor, "_fill", counted)
    source = {"y": ArrayRows(np.arange(1000))}
    read[0] = 0
    batches = ShuffledBatches(source, 10, 1, block=10, together=4)
    for batch in range(100):
        batches.take(batch, 1)
        assert read[0] <= 10 * (batch + 1) + 2 * 40
    batches.close()


def test_closing_ends_the_thread_and_what_is_asked_next_begins_again() -> None:
    def threads() -> int:
        return sum(
            each.name == "aliquot-rows" and each.is_alive() for each in threading.enumerate()
        )

    before = threads()
    batches = ShuffledBatches(sources(1003), 17, 1, block=20, together=3)
    first, _ = batches.take(5, 2)
    assert threads() == before + 1
    batches.close()
    assert threads() == before
    batches.close()
    again, _ = batches.take(5, 2)
    assert (first["x"] == again["x"]).all()
    batches.close()


def test_a_file_that_changes_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aliquot.rows.stamps.EVERY", 0.0)  # looked at each time
    monkeypatch.setattr("aliquot.rows.stamps.SHARE", np.inf)
    path = tmp_path / "y.npy"
    np.save(path, np.arange(100.0))
    batches = ShuffledBatches({"y": NpyRows(path)}, 10, 1, block=10, together=2)
    batches.take(0, 1)
    batches.close()
    np.save(path, np.arange(101.0))
    with pytest.raises(RowsError, match=r"y\.npy"):
        batches.take(0, 20)
    batches.close()
