"""Sources side by side in blocks: what comes, in several threads, and what is left afterwards."""

from __future__ import annotations

import gc
import os
import pickle
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from aliquot.errors import RowsError
from aliquot.rows import ArrayRows, Cursor, Feed, NpyRows, ParquetRows, RowSource
from tests.rows.kinds import KINDS

ROWS = 103


@pytest.fixture
def data(rng, tmp_path):
    """Numbers, and sources of them: columns of one file, another file, memory."""
    values = {
        "x": rng.normal(size=(ROWS, 2)),
        "y": rng.integers(0, 9, size=ROWS),
        "w": rng.normal(size=(ROWS, 3)),
        "seen": rng.random(ROWS) < 0.5,
    }
    a, b = values["x"].T
    table = pa.table({"a": a, "b": b, "y": values["y"]})
    pq.write_table(table, tmp_path / "d.parquet", row_group_size=10)
    np.save(tmp_path / "w.npy", values["w"])
    sources = {
        "x": ParquetRows(tmp_path / "d.parquet", ["a", "b"]),
        "y": ParquetRows(tmp_path / "d.parquet", "y"),
        "w": NpyRows(tmp_path / "w.npy"),
        "seen": ArrayRows(values["seen"]),
    }
    return values, sources


_before: set[threading.Thread] = set()


@pytest.fixture(autouse=True)
def _threads_of_this_test() -> None:
    """Leave out what other tests still read: objects in a cycle live until they are collected."""
    _before.clear()
    _before.update(threading.enumerate())


def reading() -> list[threading.Thread]:
    return [t for t in threading.enumerate() if t.name == "aliquot-rows" and t not in _before]


def open_files(folder: Path) -> list[str]:
    """The files in a folder that this process has open, where the system says so."""
    found = []
    for place in Path("/proc/self/fd").glob("*"):
        try:
            target = place.readlink()
        except OSError:
            continue
        if folder in target.parents:
            found.append(target.name)
    return found


@pytest.mark.parametrize("size", [1, 4, 10, 35, 51, 52, 102, 103, 104, 1000])
def test_blocks_side_by_side(data, size):
    values, sources = data
    with Feed(sources, size) as feed:
        assert (feed.rows, feed.blocks) == (ROWS, -(-ROWS // size))
        for _ in range(3):
            blocks = list(feed)
            assert [block.number for block in blocks] == list(range(feed.blocks))
            assert sum(block.counted for block in blocks) == ROWS
            for block in blocks:
                start = block.number * size
                assert list(block.arrays) == list(values)
                for name, array in block.arrays.items():
                    # Copies of the last row follow.
                    rows = np.minimum(np.arange(start, start + size), ROWS - 1)
                    assert np.array_equal(array, values[name][rows])
                    assert array.dtype == values[name].dtype
                    assert array.ctypes.data % 64 == 0
                    assert array.flags.c_contiguous
                    assert not array.flags.writeable
    assert reading() == []


@pytest.mark.parametrize(("first", "stop"), [(0, 4), (3, 11), (9, 11), (10, 11), (4, 4), (0, 0)])
def test_a_share(data, first, stop):
    values, sources = data
    with pickle.loads(pickle.dumps(Feed(sources, 10, first, stop))) as feed:
        assert feed.blocks == 11
        for _ in range(2):
            blocks = list(feed.walk())
            assert [block.number for block in blocks] == list(range(first, stop))
            for block in blocks:
                rows = slice(block.number * 10, block.number * 10 + block.counted)
                assert np.array_equal(block.arrays["y"][: block.counted], values["y"][rows])


@pytest.mark.parametrize("kind", KINDS)
def test_walks_at_once(rng, tmp_path, kind):
    values = rng.normal(size=(ROWS, 2))
    source = KINDS[kind](values, tmp_path)

    def walk(_: int) -> np.ndarray:
        return np.concatenate([block.arrays["x"][: block.counted] for block in feed.walk()])

    with Feed({"x": source}, 9) as feed, ThreadPoolExecutor(4) as pool:
        for found in pool.map(walk, range(12)):
            assert np.array_equal(found, values)
    assert reading() == []
    assert open_files(tmp_path) == []


def test_no_more_than_one_block_is_read_ahead():
    source = Watched(ROWS)
    walk = Feed({"x": source}, 10).walk()
    for number in range(3):
        next(walk)
        source.wait_for(number + 2)
        # And then there is no room. Were there any, it would be seen in less than this time.
        with source.condition:
            more = number + 3
            assert not source.condition.wait_for(lambda more=more: source.read >= more, 0.1)
    walk.close()


def test_files_are_kept_between_walks_and_closed_with_the_feed(data, tmp_path):
    _, sources = data
    feed = Feed(sources, 10)
    assert open_files(tmp_path) == []
    for _ in range(3):
        for _ in feed:
            pass
        if Path("/proc/self/fd").exists():  # else the system does not say
            assert sorted(open_files(tmp_path)) == ["d.parquet", "d.parquet", "w.npy"]
    feed.close()
    assert open_files(tmp_path) == []
    # It can still be walked over, and keeps nothing then.
    assert len(list(feed)) == 11
    assert open_files(tmp_path) == []


@pytest.mark.parametrize("how", ["close", "thrown away", "error", "never begun", "in a cycle"])
def test_a_walk_that_is_abandoned(data, tmp_path, how):
    _, sources = data
    feed = Feed(sources, 5)
    walk = feed.walk()
    if how != "never begun":
        next(walk)
        next(walk)
        assert len(reading()) == 1
    if how == "close":
        walk.close()
    elif how == "error":
        with pytest.raises(ZeroDivisionError):
            walk.throw(ZeroDivisionError())
    elif how == "in a cycle":
        cycle = [walk]
        cycle.append(cycle)
        del cycle
    del walk
    gc.collect()
    assert reading() == []
    assert open_files(tmp_path) == []
    assert len(list(feed)) == 21
    feed.close()


def test_a_walk_within_a_walk(data):
    _, sources = data
    with Feed(sources, 20) as feed:
        pairs = [(a.number, b.number) for a in feed for b in feed]
    assert pairs == [(a, b) for a in range(6) for b in range(6)]


class Watched(RowSource):
    """Rows that say how often they are read, and fail in one of them."""

    def __init__(self, rows: int, fails: int | None = None) -> None:
        self.name, self.rows, self.tail, self.dtype = "watched", rows, (), np.dtype(float)
        self.fails, self.read, self.opened, self.closed = fails, 0, 0, 0
        self.condition = threading.Condition()

    def wait_for(self, reads: int) -> None:
        with self.condition:
            assert self.condition.wait_for(lambda: self.read >= reads, timeout=60)

    def open(self) -> Cursor:
        self.opened += 1
        return WatchedCursor(self)


class WatchedCursor(Cursor):
    def __init__(self, source: Watched) -> None:
        super().__init__(source)
        self.source = source

    def _fill(self, start, out):
        if self.source.fails is not None and start <= self.source.fails < start + len(out):
            raise ZeroDivisionError("as itself")
        out[...] = start
        with self.source.condition:
            self.source.read += 1
            self.source.condition.notify_all()

    def close(self):
        self.source.closed += 1


@pytest.mark.parametrize("size", [10, 60])
def test_an_error_comes_as_itself(size):
    sources = {"a": Watched(ROWS), "b": Watched(ROWS, fails=87)}
    feed = Feed(sources, size)
    for walks in (1, 2):
        numbers = []
        with pytest.raises(ZeroDivisionError, match="as itself"):
            for block in feed:
                numbers.append(block.number)
        assert numbers == list(range(87 // size) if size == 10 else [])
        assert reading() == []
        for source in sources.values():
            assert (source.opened, source.closed) == (walks, walks)


def test_a_thread_that_cannot_begin(monkeypatch):
    def refuses(self):
        raise RuntimeError("can't start new thread")

    source = Watched(ROWS)
    monkeypatch.setattr("aliquot.background.Background.start", refuses)
    with pytest.raises(RuntimeError, match="can't start new thread"):
        list(Feed({"x": source}, 10))
    assert (source.opened, source.closed) == (1, 1)


@pytest.mark.parametrize("size", [52, 60, 103, 2000])
def test_what_fits_is_read_once(size):
    source = Watched(ROWS)
    with Feed({"x": source}, size) as feed, ThreadPoolExecutor(4) as pool:
        walks = list(pool.map(lambda _: list(feed), range(8)))
        assert reading() == []
    assert source.read == feed.blocks
    assert (source.opened, source.closed) == (1, 1)
    for walk in walks:
        assert walk == walks[0]


def test_a_feed_that_is_none(data):
    _, sources = data
    with pytest.raises(RowsError, match=r"'y' has 103 rows \(d\.parquet, column 'y'\), but 'z' 7 "):
        Feed({"y": sources["y"], "z": ArrayRows(np.zeros(7))}, 10)
    with pytest.raises(RowsError, match="one source of rows at least"):
        Feed({}, 10)
    with pytest.raises(ValueError, match="at least 1; got 0"):
        Feed(sources, 0)
    for first, stop in [(-1, 2), (3, 2), (0, 12)]:
        with pytest.raises(ValueError, match=f"first={first} and stop={stop} are no share of 11"):
            Feed(sources, 10, first, stop)


# Files that change --------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [10, 1000])
@pytest.mark.parametrize("kind", ["npy", "parquet", "feather", "zarr", "parquet, many files"])
def test_a_file_that_changes_between_walks(rng, tmp_path, monkeypatch, kind, size):
    values = rng.normal(size=ROWS)
    # Looked at every time: how long 0.2 seconds are is not for a test to say.
    monkeypatch.setattr("aliquot.rows.stamps.EVERY", 0)
    monkeypatch.setattr("aliquot.rows.stamps.SHARE", np.inf)
    with Feed({"x": KINDS[kind](values, tmp_path)}, size) as feed:
        for _ in range(2):
            list(feed)
        place = next(path for path in sorted(tmp_path.rglob("*")) if path.is_file())
        seen = place.stat()
        os.utime(place, ns=(seen.st_atime_ns, seen.st_mtime_ns + 10**9))
        with pytest.raises(RowsError, match=r"has changed .* written again, with the same size"):
            list(feed)
        with place.open("ab") as file:
            file.write(b"more")
        with pytest.raises(
            RowsError, match=r"has changed since.* bytes now, and had .* begin again"
        ):
            list(feed)
        place.unlink()
        with pytest.raises(RowsError, match=r"cannot be read now|files are in it now"):
            list(feed)


def test_files_are_not_looked_at_all_the_time(rng, tmp_path, monkeypatch):
    looked = []
    whole = Path.stat

    def watched(self, **options):
        if self.name == "d.npy":
            looked.append(self)
        return whole(self, **options)

    source = KINDS["npy"](rng.normal(size=20), tmp_path)
    monkeypatch.setattr("aliquot.rows.stamps.EVERY", 1e6)
    source._stamps.check(now=True)
    monkeypatch.setattr(Path, "stat", watched)
    with Feed({"x": source}, 10) as feed:
        for _ in range(100):
            list(feed)
    assert looked == []
    source._stamps.check(now=True)
    assert len(looked) == 1


def test_a_file_that_shrinks_under_a_cursor(rng, tmp_path):
    source = KINDS["npy"](rng.normal(size=1000), tmp_path)
    with source.open() as cursor:
        cursor.read(0, 10)
        os.truncate(tmp_path / "d.npy", 4000)
        with pytest.raises(RowsError, match=r"d\.npy ends before its last row: it was cut off"):
            cursor.read(10, 1000)


def test_another_file_under_the_same_name(rng, tmp_path):
    values = rng.normal(size=1000)
    source = KINDS["parquet"](values, tmp_path)
    pq.write_table(pa.table({"x": values[:700]}), tmp_path / "d.parquet")
    with source.open() as cursor, pytest.raises(RowsError, match="another number of rows"):
        cursor.read(0, 10)


# The end of the process ---------------------------------------------------------------------------

LEFT_BEHIND = """
import numpy as np
from aliquot.rows import ArrayRows, Feed
walk = Feed({"x": ArrayRows(np.arange(100.0))}, 3).walk()
print(next(walk).counted)
"""


def test_a_walk_that_is_left_does_not_keep_the_process_from_ending():
    done = subprocess.run(
        [sys.executable, "-c", LEFT_BEHIND],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "3\n", "")
