"""Every kind of source against NumPy on the same numbers."""

from __future__ import annotations

import decimal
import pickle

import numpy as np
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest
import zarr

from aliquot.errors import RowsError
from aliquot.rows import (
    ArrayRows,
    DatasetRows,
    NpyRows,
    ParquetRows,
    RowSource,
    TableRows,
    ZarrRows,
    array_rows,
    dataset_rows,
)
from tests.rows.kinds import KINDS, parquet

ROWS = 211


def drawn(rng: np.random.Generator, kind: str, tail: tuple[int, ...]) -> np.ndarray:
    values = rng.normal(size=(ROWS, *tail)) * 50
    return values > 0 if kind == "bool" else values.astype(kind)


def check(source: RowSource, values: np.ndarray) -> None:
    """Compare all that a source says and reads with the values."""
    read_as = {"f": np.float64, "i": np.int64, "u": np.int64, "b": np.bool_}[values.dtype.kind]
    values = values.astype(read_as)
    assert (source.rows, source.tail, source.dtype) == (len(values), values.shape[1:], read_as)
    found = source.summary
    for extreme, at, expected in [
        (found.least, found.least_at, values.min(axis=0)),
        (found.greatest, found.greatest_at, values.max(axis=0)),
    ]:
        assert extreme.dtype == read_as
        assert np.array_equal(extreme, expected)
        assert np.array_equal(at, (values == expected).argmax(axis=0))
        assert at.shape == values.shape[1:]
    assert found.digest == ArrayRows(values).summary.digest
    with source.open() as cursor:
        for size in (1, 7, 64, ROWS):
            for start in range(0, len(values), size):
                check_read(cursor.read(start, min(start + size, len(values))), values, start)
        # Anywhere, back and forth, nothing, and on from there.
        for start, stop in [
            (100, 140),
            (3, 4),
            (ROWS, ROWS),
            (60, 190),
            (190, 211),
            (0, 1),
            (1, 9),
        ]:
            block = cursor.read(start, stop)
            assert len(block) == stop - start
            check_read(block, values, start)
        with pytest.raises(IndexError, match="no rows 200 to 212 of 211"):
            cursor.read(200, 212)


def check_read(block: np.ndarray, values: np.ndarray, start: int) -> None:
    assert block.dtype == values.dtype
    assert np.array_equal(block, values[start : start + len(block)])
    assert block.flags.c_contiguous
    assert block.flags.writeable
    assert not np.shares_memory(block, values)
    assert not block.size or block.ctypes.data % 64 == 0


@pytest.mark.parametrize("tail", [(), (3,)], ids=["one", "several"])
@pytest.mark.parametrize("dtype", ["f8", "f4", "i8", "i2", "u4", "bool"])
@pytest.mark.parametrize("kind", KINDS)
def test_numbers_are_those_of_the_array(rng, tmp_path, kind, dtype, tail):
    if kind == "parquet, columns" and not tail:
        tail = (1,)
    values = drawn(rng, dtype, tail)
    source = KINDS[kind](values, tmp_path)
    check(source, values)
    source.unchanged()


@pytest.mark.parametrize(
    "kind", ["array", "npy", "npy by columns", "mapping", "parquet", "table", "feather", "zarr"]
)
def test_rows_that_are_matrices(rng, tmp_path, kind):
    values = drawn(rng, "f8", (4, 2))
    check(KINDS[kind](values, tmp_path), values)


@pytest.mark.parametrize("kind", KINDS)
def test_a_source_can_be_sent_away(rng, tmp_path, monkeypatch, kind):
    values = drawn(rng, "f8", (2,))
    source = pickle.loads(pickle.dumps(KINDS[kind](values, tmp_path)))
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    check(source, values)


@pytest.mark.parametrize("write", ["parquet", "npy", "zarr"])
def test_a_relative_path_is_meant_from_where_it_was_given(rng, tmp_path, monkeypatch, write):
    values = drawn(rng, "f8", ())
    KINDS[write](values, tmp_path)
    monkeypatch.chdir(tmp_path)
    source = {
        "parquet": lambda: ParquetRows("d.parquet", "x"),
        "npy": lambda: NpyRows("d.npy"),
        "zarr": lambda: ZarrRows("d.zarr"),
    }[write]()
    monkeypatch.chdir("/")
    check(source, values)


def test_digests_tell_data_apart(rng):
    values = rng.normal(size=(50, 2))
    same = ArrayRows(values.copy(order="F")).summary.digest
    assert ArrayRows(values).summary.digest == same
    others = [values[::-1], values.reshape(-1), values.reshape(25, 4), values[:-1], values + 1e-9]
    integers = np.arange(4)
    arrays = [*others, integers, integers.astype(float), integers > 0]
    digests = {ArrayRows(array).summary.digest for array in arrays}
    assert len(digests) == len(arrays)
    assert same not in digests


def test_extremes_are_where_they_are_first_attained():
    # In several blocks of the pass, with ties within and across them.
    values = np.tile(np.arange(5.0), 100_000)
    found = ArrayRows(np.column_stack([values, -values])).summary
    assert found.least.tolist() == [0, -4]
    assert found.least_at.tolist() == [0, 4]
    assert found.greatest_at.tolist() == [4, 0]
    # One column goes on to be less where the other is as before.
    pair = np.column_stack([values, -np.arange(500_000.0)])
    found = ArrayRows(pair).summary
    assert found.least_at.tolist() == [0, 499_999]
    assert ArrayRows(-pair).summary.greatest_at.tolist() == [0, 499_999]
    values[300_002], values[400_003] = -1, 9
    found = ArrayRows(values).summary
    assert (int(found.least_at), int(found.greatest_at)) == (300_002, 400_003)


# Parquet and Arrow --------------------------------------------------------------------------------


@pytest.mark.parametrize("rows", [1, 2, 209, 210, 211, 1000])
def test_row_groups_of_any_size(rng, tmp_path, rows):
    values = drawn(rng, "f8", ())
    check(parquet(values, tmp_path, rows), values)


def test_row_groups_larger_than_what_is_unpacked_at_once(rng, tmp_path):
    values = rng.normal(size=200_000)
    source = parquet(values, tmp_path, 150_000)
    assert source.summary.digest == ArrayRows(values).summary.digest
    with source.open() as cursor:
        for start, stop in [
            (140_000, 160_000),
            (70_001, 200_000),
            (0, 200_000),
            (149_999, 150_001),
        ]:
            assert np.array_equal(cursor.read(start, stop), values[start:stop])


@pytest.mark.parametrize("given", ["folder", "pattern", "list", "deep pattern"])
def test_many_files(rng, tmp_path, given):
    values = rng.normal(size=30)
    for at, part in enumerate(np.split(values, [4, 4, 20])):
        (tmp_path / f"day={at}").mkdir()
        pq.write_table(pa.table({"x": part}), tmp_path / f"day={at}" / "d.parquet")
    (tmp_path / "_temporary").mkdir()
    (tmp_path / "_temporary" / "d.parquet").write_bytes(b"half")
    paths = {
        "folder": tmp_path,
        "pattern": str(tmp_path / "day=*" / "*.parquet"),
        "deep pattern": str(tmp_path / "day*" / "**" / "*.parquet"),
        "list": [tmp_path / f"day={at}" / "d.parquet" for at in (3, 2, 1, 0)],
    }[given]
    source = ParquetRows(paths, "x")
    if given == "list":  # in its order
        values = np.concatenate(np.split(values, [4, 4, 20])[::-1])
    with source.open() as cursor:
        assert np.array_equal(cursor.read(0, 30), values)
        assert np.array_equal(cursor.read(25, 30), values[25:])
    assert "(4 files), column 'x'" in source.name


def test_only_the_files_that_are_needed_are_opened(rng, tmp_path, monkeypatch):
    values = rng.normal(size=50)
    for at, part in enumerate(np.split(values, 5)):
        pq.write_table(pa.table({"x": part}), tmp_path / f"{at}.parquet")
    source = ParquetRows(tmp_path, "x")
    opened = []
    whole = pa.OSFile

    def watched(path, mode):
        opened.append(path[-len("0.parquet")])
        return whole(path, mode)

    monkeypatch.setattr(pa, "OSFile", watched)
    with source.open() as cursor:
        assert opened == []
        assert np.array_equal(cursor.read(22, 29), values[22:29])
        assert np.array_equal(cursor.read(29, 35), values[29:35])
    assert opened == ["2", "3"]


def test_a_file_is_read_from_the_row_group_on_that_is_asked_for(rng, tmp_path, monkeypatch):
    values = rng.normal(size=55)
    source = parquet(values, tmp_path, 10)
    asked = []
    whole = pq.ParquetFile.iter_batches

    def watched(self, *, row_groups, **options):
        asked.append(row_groups)
        return whole(self, row_groups=row_groups, **options)

    monkeypatch.setattr(pq.ParquetFile, "iter_batches", watched)
    with source.open() as cursor:
        for start, stop in [(43, 47), (47, 52), (30, 31), (29, 31), (31, 55), (0, 1)]:
            assert np.array_equal(cursor.read(start, stop), values[start:stop])
    # What follows what was read before is no new beginning.
    assert [groups[0] for groups in asked] == [4, 3, 2, 0]


def test_columns_of_several_types_side_by_side(tmp_path):
    path = tmp_path / "d.parquet"
    content = {"b": [True, False], "i": [3, 4], "f": pa.array([0.5, 1.5], pa.float32())}
    pq.write_table(pa.table(content), path)
    for names, dtype, expected in [
        (["f", "b", "i"], np.float64, [[0.5, 1, 3], [1.5, 0, 4]]),
        (["b", "i"], np.int64, [[1, 3], [0, 4]]),
        (["b"], np.bool_, [[True], [False]]),
    ]:
        source = ParquetRows(path, names)
        with source.open() as cursor:
            block = cursor.read(0, 2)
        assert block.dtype == source.dtype == dtype
        assert block.tolist() == expected


def test_columns_that_are_kept_in_other_ways(tmp_path):
    numbers = [decimal.Decimal("1.25"), decimal.Decimal("-3.10"), decimal.Decimal("0.01")]
    halves = np.array([1.5, 2.5, -4], np.float16)
    content = {
        "decimal": pa.array(numbers),
        "dictionary": pa.array([7, -2, 7]).dictionary_encode(),
        "half": pa.array(halves),
        "unsigned": pa.array([1, 2, 2**63 - 1], pa.uint64()),
        "a.b": [1.0, 2.0, 3.0],
    }
    pq.write_table(pa.table(content), tmp_path / "d.parquet")
    expected = {
        "decimal": np.array([1.25, -3.10, 0.01]),
        "dictionary": np.array([7, -2, 7]),
        "half": halves.astype(float),
        "unsigned": np.array([1, 2, 2**63 - 1]),
        "a.b": np.array([1.0, 2, 3]),
    }
    for name, values in expected.items():
        for source in (
            ParquetRows(tmp_path / "d.parquet", name),
            TableRows(pa.table(content), name),
        ):
            with source.open() as cursor:
                block = cursor.read(0, 3)
            assert block.dtype == values.dtype
            assert np.array_equal(block, values), name


def test_text_as_codes(rng, tmp_path):
    texts = rng.choice(["b", "a", "ü", ""], size=100)
    content = {"s": texts.tolist(), "d": pa.array(texts.tolist()).dictionary_encode()}
    pq.write_table(pa.table(content), tmp_path / "d.parquet", row_group_size=9)
    for name in content:
        source = ParquetRows(tmp_path / "d.parquet", name, codes=True)
        assert source.levels == tuple(dict.fromkeys(texts.tolist()))
        assert source.dtype == np.int64
        with pickle.loads(pickle.dumps(source)).open() as cursor:
            for start, stop in [(50, 100), (0, 100)]:
                codes = cursor.read(start, stop)
                assert [source.levels[code] for code in codes] == texts[start:stop].tolist()


def test_texts_that_were_not_there(tmp_path):
    path = tmp_path / "d.parquet"
    pq.write_table(pa.table({"s": ["a", "b"]}), path)
    source = ParquetRows(path, "s", codes=True)
    pq.write_table(pa.table({"s": ["b", "c"]}), path)
    with source.open() as cursor:
        assert cursor.read(0, 1).tolist() == [1]
        with pytest.raises(RowsError, match=r"d\.parquet, column 's': 'c' was not there when"):
            cursor.read(1, 2)


@pytest.mark.parametrize("kind", ["parquet, columns", "parquet, many files", "feather", "dataset"])
def test_a_cursor_that_failed_begins_anew(rng, tmp_path, monkeypatch, kind):
    values = rng.normal(size=(ROWS, 3))
    source = KINDS[kind](values, tmp_path)
    whole = type(source.columns).write
    calls = []

    def fails(self, *arguments):
        calls.append(None)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return whole(self, *arguments)

    with source.open() as cursor:
        cursor.read(0, 2)
        monkeypatch.setattr(type(source.columns), "write", fails)
        with pytest.raises(KeyboardInterrupt):
            cursor.read(2, ROWS)
        assert np.array_equal(cursor.read(2, ROWS), values[2:])


def test_a_partition_is_a_column_of_a_dataset(rng, tmp_path):
    values = np.column_stack([rng.normal(size=120), np.sort(rng.integers(0, 3, size=120))])
    for year in range(3):
        (tmp_path / f"year={year}").mkdir()
        part = values[values[:, 1] == year, 0]
        pq.write_table(
            pa.table({"x": part}), tmp_path / f"year={year}" / "d.parquet", row_group_size=7
        )
    partitioning = ds.partitioning(pa.schema([("year", pa.int64())]), flavor="hive")
    source = dataset_rows(ds.dataset(tmp_path, partitioning=partitioning), ["x", "year"])
    assert isinstance(source, DatasetRows)
    with source.open() as cursor:
        for start, stop in [(0, 120), (50, 55), (55, 119), (13, 15), (7, 8), (119, 120)]:
            assert np.array_equal(cursor.read(start, stop), values[start:stop])


def test_a_dataset_of_another_format(tmp_path):
    (tmp_path / "a.csv").write_text("x,who\n1,b\n2,a\n", encoding="utf-8")
    (tmp_path / "b.csv").write_text("x,who\n3,a\n", encoding="utf-8")
    dataset = ds.dataset(tmp_path, format="csv")
    with dataset_rows(dataset, "x").open() as cursor:
        assert cursor.read(0, 3).tolist() == [1, 2, 3]
    source = dataset_rows(dataset, "who", codes=True)
    assert source.levels == ("b", "a")
    with source.open() as cursor:
        assert cursor.read(1, 3).tolist() == [1, 1]


def test_a_dataset_in_memory(rng):
    values = drawn(rng, "f8", ())
    check(dataset_rows(ds.dataset(pa.table({"x": values})), "x"), values)


def test_zarr_array_in_memory(rng):
    values = drawn(rng, "f8", ())
    array = zarr.create_array(zarr.storage.MemoryStore(), shape=ROWS, chunks=10, dtype="f8")
    array[:] = values
    check(ZarrRows(array), values)


@pytest.mark.parametrize("rows", [19, 64])
def test_a_chunk_is_unpacked_once_in_a_pass(rng, tmp_path, monkeypatch, rows):
    values = rng.normal(size=100)
    array = zarr.create_array(tmp_path / "d.zarr", shape=100, chunks=rows, dtype="f8")
    array[:] = values
    source = ZarrRows(tmp_path / "d.zarr")
    read = []
    whole = type(source.array).__getitem__

    def watched(self, selection):
        read.append((selection.start, selection.stop))
        return whole(self, selection)

    monkeypatch.setattr(type(source.array), "__getitem__", watched)
    with source.open() as cursor:
        for start in range(0, 100, 7):
            block = cursor.read(start, min(start + 7, 100))
            assert np.array_equal(block, values[start : start + 7])
    assert read == [(start, min(start + rows, 100)) for start in range(0, 100, rows)]


def test_mappings_whose_numbers_are_not_in_the_file(rng, tmp_path):
    values = rng.normal(size=20)
    np.save(tmp_path / "d.npy", values)
    private = np.load(tmp_path / "d.npy", mmap_mode="c")
    private[3] = 5
    for array in (private, np.load(tmp_path / "d.npy", mmap_mode="r")[::2]):
        source = array_rows(array)
        assert isinstance(source, ArrayRows)
        with source.open() as cursor:
            assert np.array_equal(cursor.read(0, len(array)), array)
