"""The same numbers as a source of every kind."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.feather as feather
import pyarrow.parquet as pq
import zarr

from aliquot.rows import (
    ArrayRows,
    FeatherRows,
    NpyRows,
    ParquetRows,
    RowSource,
    TableRows,
    ZarrRows,
    array_rows,
    dataset_rows,
)


def column(values: np.ndarray) -> pa.Array:
    """Give values (rows, ...) as a column, of lists of one length where a row is an array."""
    array = pa.array(values.reshape(-1))
    for length in values.shape[:0:-1]:
        array = pa.FixedSizeListArray.from_arrays(array, length)
    return array


def table(values: np.ndarray) -> pa.Table:
    """Give a table of the values, `x`, between others that are not meant."""
    before = pa.array([f"row {at}" for at in range(len(values))], pa.string())
    return pa.table({"before": before, "x": column(values), "after": np.full(len(values), np.nan)})


def pieces(values: np.ndarray, sizes: list[int]) -> list[np.ndarray]:
    """Cut values into pieces of sizes that are repeated."""
    cuts = np.cumsum(np.resize(sizes, len(values)))
    return np.split(values, cuts[cuts < len(values)])


def parquet(values: np.ndarray, folder: Path, rows: int) -> RowSource:
    pq.write_table(table(values), folder / "d.parquet", row_group_size=rows)
    return ParquetRows(folder / "d.parquet", "x")


def many_parquet(values: np.ndarray, folder: Path) -> RowSource:
    parts = pieces(values, [7, 1, 0, 64, 13])
    for at, part in enumerate(parts):
        pq.write_table(table(part), folder / f"part-{at:04}.parquet", row_group_size=5)
    return ParquetRows(folder, "x")


def columns_of_parquet(values: np.ndarray, folder: Path) -> RowSource:
    # A row's numbers as columns, in another order than they are in the file.
    flat = values.reshape(len(values), int(np.prod(values.shape[1:])))
    names = [f"c{at}" for at in range(flat.shape[1])]
    content = {name: flat[:, at] for at, name in reversed(list(enumerate(names)))}
    pq.write_table(pa.table(content), folder / "d.parquet", row_group_size=31)
    return ParquetRows(folder / "d.parquet", names)


def in_memory(values: np.ndarray, folder: Path) -> RowSource:
    return TableRows(pa.concat_tables([table(part) for part in pieces(values, [3, 0, 50])]), "x")


def dataset(values: np.ndarray, folder: Path) -> RowSource:
    for at, part in enumerate(pieces(values, [40, 3, 0])):
        feather.write_feather(table(part), str(folder / f"p{at:04}.feather"), chunksize=9)
    return dataset_rows(ds.dataset(folder, format="feather"), "x")


def dataset_of_parquet(values: np.ndarray, folder: Path) -> RowSource:
    for at, part in enumerate(pieces(values, [40, 3])):
        pq.write_table(table(part), folder / f"p{at:04}.parquet", row_group_size=9)
    return dataset_rows(ds.dataset(folder), "x")


def one_feather(values: np.ndarray, folder: Path) -> RowSource:
    feather.write_feather(table(values), str(folder / "d.feather"), chunksize=17)
    return FeatherRows(folder / "d.feather", "x")


def npy(values: np.ndarray, folder: Path) -> RowSource:
    np.save(folder / "d.npy", values)
    return NpyRows(folder / "d.npy")


def npy_by_columns(values: np.ndarray, folder: Path) -> RowSource:
    np.save(folder / "d.npy", np.asfortranarray(values))
    return NpyRows(folder / "d.npy")


def npy_other_order(values: np.ndarray, folder: Path) -> RowSource:
    np.save(folder / "d.npy", values.astype(values.dtype.newbyteorder(">")))
    return NpyRows(folder / "d.npy")


def mapped(values: np.ndarray, folder: Path) -> RowSource:
    """A part of a mapping, which does not begin where the file's numbers do."""
    np.save(folder / "d.npy", np.concatenate([values[:3], values, values[:2]]))
    source = array_rows(np.load(folder / "d.npy", mmap_mode="r")[3:-2])
    assert isinstance(source, NpyRows)
    return source


def chunked(values: np.ndarray, folder: Path, rows: int, shards: int | None = None) -> RowSource:
    tail = values.shape[1:]
    array = zarr.create_array(
        folder / "d.zarr",
        shape=values.shape,
        chunks=(rows, *tail),
        shards=None if shards is None else (shards, *tail),
        dtype=values.dtype,
    )
    array[:] = values
    return ZarrRows(folder / "d.zarr")


KINDS: dict[str, Callable[[np.ndarray, Path], RowSource]] = {
    "array": lambda values, folder: ArrayRows(values),
    "array of strides": lambda values, folder: ArrayRows(np.repeat(values, 2, axis=0)[::2]),
    "npy": npy,
    "npy by columns": npy_by_columns,
    "npy of the other order of bytes": npy_other_order,
    "mapping": mapped,
    "parquet": lambda values, folder: parquet(values, folder, 23),
    "parquet, one row group": lambda values, folder: parquet(values, folder, 10**6),
    "parquet, many files": many_parquet,
    "parquet, columns": columns_of_parquet,
    "table": in_memory,
    "dataset": dataset,
    "dataset of parquet": dataset_of_parquet,
    "feather": one_feather,
    "zarr": lambda values, folder: chunked(values, folder, 19),
    "zarr, one chunk": lambda values, folder: chunked(values, folder, 1000),
    "zarr, shards": lambda values, folder: chunked(values, folder, 8, 24),
}
