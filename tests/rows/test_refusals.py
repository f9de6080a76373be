"""What cannot be read as rows of numbers, and what is said of it."""

from __future__ import annotations

import sys
from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.feather as feather
import pyarrow.parquet as pq
import pytest
import zarr

from aliquot.errors import RowsError
from aliquot.rows import (
    ArrayRows,
    FeatherRows,
    NpyRows,
    ParquetRows,
    TableRows,
    ZarrRows,
    dataset_rows,
)
from tests.rows.kinds import KINDS


def refused(make, *words: str) -> None:
    """Check that nothing comes of it, and that all of the words are said."""
    with pytest.raises(RowsError) as raised:
        make()
    for word in words:
        assert word in str(raised.value)


@pytest.fixture
def path(tmp_path):
    """A file of columns of every kind."""
    content = {
        "y": [1.0, 2.0, 3.0],
        "hole": [1.0, None, None],
        "nan": [1.0, 2.0, np.nan],
        "infinite": [1.0, -np.inf, 2.0],
        "text": ["a", "b", "a"],
        "factor": pa.array(["a", "b", "a"]).dictionary_encode(),
        "day": [date(2020, 1, 1)] * 3,
        "span": [timedelta(1)] * 3,
        "ragged": [[1.0], [], [2.0]],
        "pair": pa.array([[1.0, 2.0], [3.0, None], [1.0, 1.0]], pa.list_(pa.float64(), 2)),
        "nothing": pa.nulls(3),
        "large": pa.array([1, 2, 2**63], pa.uint64()),
        "bytes": [b"a", b"b", b"c"],
    }
    pq.write_table(pa.table(content), tmp_path / "data.parquet", row_group_size=2)
    return tmp_path / "data.parquet"


@pytest.mark.parametrize(
    ("column", "words"),
    [
        (
            "hole",
            ["no value (null) in row 1 (counted from 0)", "leave such rows out, or fill them"],
        ),
        ("nan", ["NaN in row 2 (counted from 0)", "no missing values"]),
        ("infinite", ["an infinite number (-inf) in row 1"]),
        ("text", ["is of type string", "integer codes", "astype('category').cat.codes"]),
        ("factor", ["is of type dictionary", "integer codes"]),
        ("bytes", ["is of type binary", "integer codes"]),
        ("day", ["is of type date32", "days since the first"]),
        ("span", ["is of type duration", "days since the first"]),
        ("ragged", ["is of type list", "pyarrow.list_(pyarrow.float64(), n)"]),
        ("pair", ["a list in row 1 (counted from 0) has no value (null)"]),
        ("nothing", ["is of type null", "holds no value at all"]),
        ("large", ["9,223,372,036,854,775,808 in row 2", "integer codes"]),
    ],
)
def test_columns_that_are_no_rows_of_numbers(path, column, words):
    where = f"column {column!r}"
    refused(lambda: ParquetRows(path, column), f"data.parquet, {where}", *words)
    refused(lambda: TableRows(pq.read_table(path), column), f"an Arrow table, {where}", *words)
    if column != "pair":
        refused(lambda: ParquetRows(path, ["y", column]), f"data.parquet, {where}", *words)


def test_columns_that_are_not_there(path):
    refused(
        lambda: ParquetRows(path, "nanny"),
        "data.parquet has no column 'nanny'; it has 'nan', ",
        "and 5 more",
    )
    refused(lambda: ParquetRows(path, []), "no column was chosen; it has 'y', 'hole'")
    refused(
        lambda: ParquetRows(path, ["y", "hole", "y"]), "'y' is among the columns more than once"
    )
    refused(
        lambda: TableRows(pa.table([[1], [2]], names=["y", "y"]), "y"),
        "an Arrow table has 2 columns that are called 'y': rename them",
    )
    pq.write_table(pa.table({"v": pa.array([[1.0]], pa.list_(pa.float64(), 1)), "x": [1]}), path)
    refused(lambda: ParquetRows(path, ["x", "v"]), "'v' holds lists of length 1", "read it alone")


def test_files_that_are_not_there(path, tmp_path):
    (tmp_path / "empty").mkdir()
    refused(lambda: ParquetRows(tmp_path / "date.parquet", "y"), "'data.parquet' in", "meant?")
    refused(lambda: ParquetRows(tmp_path / "no" / "d.parquet", "y"), "there is no folder")
    refused(lambda: ParquetRows(tmp_path / "empty", "y"), "holds no files that end in .parquet")
    refused(lambda: ParquetRows(f"{tmp_path}/x*.parquet", "y"), "no file matches", "x*.parquet")
    refused(lambda: ParquetRows([], "y"), "no file in it")
    refused(lambda: ParquetRows([path, tmp_path / "other"], "y"), "there is no file")
    refused(lambda: NpyRows(tmp_path / "x.npy"), "there is no file", "data.parquet")
    refused(lambda: ZarrRows(tmp_path / "x.zarr"), "there is no file")
    refused(lambda: FeatherRows(tmp_path / "x.feather", "y"), "there is no file")


@pytest.mark.parametrize("kind", sorted(set(KINDS) - {"mapping"}))
def test_no_rows(tmp_path, kind):
    # Files of pieces are none at all where there are no rows.
    message = "is empty: it has no rows|no files that end|is empty|has no column 'x'"
    with pytest.raises(RowsError, match=message):
        KINDS[kind](np.empty((0, 2)), tmp_path)


@pytest.mark.parametrize("at", [0, 1234, 299_999])
def test_numbers_that_are_not_finite_are_found(rng, at):
    values = rng.normal(size=(300_000, 2))
    values[at, 1] = np.inf
    refused(
        lambda: ArrayRows(values, "y"), f"y: an infinite number (+inf) in place [1] of row {at:,} "
    )
    values[at:, 0] = np.nan
    refused(lambda: ArrayRows(values, "y"), f"y: NaN in place [0] of row {at:,} (counted from 0)")


def test_arrays_of_other_types(tmp_path):
    refused(lambda: ArrayRows(np.array(["a", "b"]), "who"), "who is of type <U1", "integer codes")
    refused(lambda: ArrayRows(np.array([1, None])), "holds Python objects")
    refused(lambda: ArrayRows(np.array([1j])), "complex numbers")
    refused(lambda: ArrayRows(np.array(["2020"], "M8[Y]")), "days since the first")
    refused(lambda: ArrayRows(np.zeros(2, [("a", int)])), "holds records")
    refused(lambda: ArrayRows(np.array([1.0, np.nan])), "NaN in row 1")
    refused(lambda: ArrayRows(np.array(3.0), "y"), "y is a single number")
    refused(lambda: ArrayRows(np.array([[0, 1], [2**63, 0]], np.uint64)), "in row 1 ")
    np.save(tmp_path / "d.npy", np.array([[0, 1], [2**63, 0]], np.uint64))
    refused(lambda: NpyRows(tmp_path / "d.npy"), "d.npy: 9,223,372,036,854,775,808 in row 1 ")
    np.save(tmp_path / "d.npy", np.array([1, None]), allow_pickle=True)
    refused(lambda: NpyRows(tmp_path / "d.npy"), "cannot be read as a .npy file of numbers")
    np.savez(tmp_path / "d.npz", a=np.ones(3), b=np.ones(2))
    refused(lambda: NpyRows(tmp_path / "d.npz"), "several arrays ('a', 'b')", "numpy.save")
    (tmp_path / "d.npy").write_bytes(b"")
    refused(lambda: NpyRows(tmp_path / "d.npy"), "d.npy is empty")
    refused(lambda: NpyRows(tmp_path), "is a folder")


def test_zarr_that_is_no_array(tmp_path):
    group = zarr.create_group(tmp_path / "g.zarr")
    refused(lambda: ZarrRows(tmp_path / "g.zarr"), "is a group of Zarr arrays, and it is empty")
    group.create_array("y", shape=(), dtype="f8")
    refused(lambda: ZarrRows(tmp_path / "g.zarr"), "'y'. Give the path of one", "g.zarr/y")
    refused(lambda: ZarrRows(tmp_path / "g.zarr" / "y"), "y is a single number")
    (tmp_path / "other").mkdir()
    refused(lambda: ZarrRows(tmp_path / "other"), "other cannot be read as a Zarr array")


# Damage -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("left", [0, 3, 100, 0.5, 0.999])
def test_files_that_are_cut_off(rng, tmp_path, left):
    table = pa.table({"x": rng.normal(size=1000)})
    pq.write_table(table, tmp_path / "d.parquet")
    feather.write_feather(table, str(tmp_path / "d.feather"))
    np.save(tmp_path / "d.npy", table["x"].to_numpy())
    for path in tmp_path.iterdir():
        content = path.read_bytes()
        path.write_bytes(content[: left if isinstance(left, int) else int(left * len(content))])
    word = "cut off" if left else "d."
    refused(lambda: ParquetRows(tmp_path / "d.parquet", "x"), "d.parquet", word)
    refused(lambda: FeatherRows(tmp_path / "d.feather", "x"), "d.feather", word)
    refused(lambda: NpyRows(tmp_path / "d.npy"), "d.npy", word)


def test_files_of_another_kind(tmp_path):
    path = tmp_path / "d.parquet"
    path.write_text("x,y\n1,2\n", encoding="utf-8")
    refused(lambda: ParquetRows(path, "x"), "d.parquet is no Parquet file", "to_parquet")
    refused(lambda: FeatherRows(path, "x"), f"{path} cannot be read (", "copy it anew")
    refused(lambda: NpyRows(path), "d.parquet cannot be read as a .npy file of numbers")
    refused(lambda: FeatherRows(tmp_path, "x"), "is a folder: a Feather file was expected")


def test_pages_that_are_damaged(rng, tmp_path):
    path = tmp_path / "d.parquet"
    pq.write_table(pa.table({"x": np.repeat(rng.normal(size=500), 100)}), path)
    content = bytearray(path.read_bytes())
    content[4:2000] = b"\xff" * 1996
    path.write_bytes(content)
    refused(lambda: ParquetRows(path, "x"), f"{path} cannot be read (", "damaged", "copy it anew")


def test_chunks_that_are_damaged(rng, tmp_path):
    array = zarr.create_array(tmp_path / "d.zarr", shape=100, chunks=10, dtype="f8")
    array[:] = rng.normal(size=100)
    chunk = tmp_path / "d.zarr" / "c" / "3"
    chunk.write_bytes(chunk.read_bytes()[:20])
    refused(lambda: ZarrRows(tmp_path / "d.zarr"), "d.zarr: rows 0 to 99 cannot be read", "chunk")


# Files that are read together ---------------------------------------------------------------------


def test_files_unlike_the_first(tmp_path):
    pq.write_table(pa.table({"x": [1.0], "y": [1]}), tmp_path / "a.parquet")
    pq.write_table(pa.table({"x": [1], "z": ["only here"]}), tmp_path / "b.parquet")
    refused(
        lambda: ParquetRows(tmp_path, "x"),
        "b.parquet, column 'x': it is of type int64, but in a.parquet it is of type double",
    )
    refused(lambda: ParquetRows(tmp_path, "y"), "b.parquet, column 'y': it is not there")


def test_datasets_with_a_filter(tmp_path):
    pq.write_table(pa.table({"x": [1.0, 2.0, 3.0]}), tmp_path / "a.parquet")
    dataset = ds.dataset(tmp_path)
    assert dataset_rows(dataset, "x").rows == 3
    refused(
        lambda: dataset_rows(dataset.filter(ds.field("x") > 1), "x"),
        "a.parquet has a filter",
        "write_dataset",
    )
    refused(lambda: dataset_rows(dataset, "y"), "has no column 'y'; it has 'x'")


# Without the libraries ----------------------------------------------------------------------------


def test_without_pyarrow(path, monkeypatch):
    table = pa.table({"x": [1.0]})
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    for make in (
        lambda: ParquetRows(path, "y"),
        lambda: FeatherRows(path, "y"),
        lambda: TableRows(table, "x"),
    ):
        refused(make, "needs pyarrow", "pip install 'aliquot[arrow]'")


def test_without_zarr(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "zarr", None)
    refused(lambda: ZarrRows(tmp_path), "needs zarr", "pip install 'aliquot[zarr]'")
