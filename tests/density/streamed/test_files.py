"""Files of all kinds under one density, and what becomes of it when they change."""

from __future__ import annotations

import os

import numpy as np
import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as pq
import pytest
import zarr

import aliquot as aq
from aliquot.rows import stamps
from tests.density.streamed.comparison import close, derivatives, points_of, small_blocks

N = 700


@pytest.fixture(autouse=True)
def _blocks(monkeypatch):
    small_blocks(monkeypatch)


def numbers():
    rng = np.random.default_rng(23)
    return rng.normal(size=N), rng.normal(size=(N, 2))


def write(y, x):
    b, sigma = aq.Normal("b", 0, 1, shape=2), aq.HalfNormal("sigma", 1)
    aq.Normal("obs", (x - x.mean(axis=0)) @ b, sigma, observed=y)


def parquet(folder, y, x):
    table, path = pa.table({"y": y, "a": x[:, 0], "b": x[:, 1]}), folder / "d.parquet"
    pq.write_table(table, path, row_group_size=99)
    write(aq.Data.from_parquet(path, "y"), aq.Data.from_parquet(path, ["a", "b"]))


def table_in_memory(folder, y, x):
    table = pa.table({"y": y, "a": x[:, 0], "b": x[:, 1]})
    write(aq.Data.from_arrow(table, "y"), aq.Data.from_arrow(table, ["a", "b"], name="x"))


def arrow_file(folder, y, x):
    path = folder / "d.feather"
    feather.write_feather(pa.table({"y": y, "a": x[:, 0], "b": x[:, 1]}), path, chunksize=64)
    write(aq.Data.from_arrow(path, "y"), aq.Data.from_arrow(path, ["a", "b"]))


def numpy_files(folder, y, x):
    np.save(folder / "y.npy", y)
    np.save(folder / "x.npy", x)
    mapped = np.load(folder / "x.npy", mmap_mode="r")
    write(aq.Data.from_numpy(folder / "y.npy", name="y"), aq.Data.from_numpy(mapped, name="x"))


def zarr_arrays(folder, y, x):
    for name, array in (("y", y), ("x", x)):
        chunks = (100, *array.shape[1:])
        made = zarr.create_array(folder / name, shape=array.shape, chunks=chunks, dtype="f8")
        made[:] = array
    write(aq.Data.from_zarr(folder / "y", name="y"), aq.Data.from_zarr(folder / "x", name="x"))


KINDS = [parquet, table_in_memory, arrow_file, numpy_files, zarr_arrays]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_kind(kind, tmp_path):
    y, x = numbers()
    with aq.Model() as memory:
        write(y, aq.Data("x", x))
    with aq.Model() as disk:
        kind(tmp_path, y, x)
    expected, density = memory.density(), disk.density()
    points, _ = points_of(expected)
    close(density.host.gradients(points), derivatives(expected, points))


def test_files_that_change_are_refused_when_they_are_read(tmp_path, monkeypatch):
    monkeypatch.setattr(stamps, "EVERY", 0.0)  # how seldom files are looked at
    monkeypatch.setattr(stamps, "SHARE", np.inf)
    y, x = numbers()
    with aq.Model() as model:
        numpy_files(tmp_path, y, x)
    density = model.density()
    points, _ = points_of(density)
    density.host.gradients(points)
    np.save(tmp_path / "y.npy", y + 1.0)
    os.utime(tmp_path / "y.npy", ns=(1, 1))
    with pytest.raises(aq.RowsError, match=r"y\.npy"):
        density.host.gradients(points)
    with pytest.raises(aq.RowsError, match=r"y\.npy"):
        density.evaluate(points[0])


def test_truncated_files_are_refused(tmp_path):
    y, x = numbers()
    with aq.Model() as model:
        numpy_files(tmp_path, y, x)
    density = model.density()
    with (tmp_path / "y.npy").open("r+b") as file:
        file.truncate(2000)
    with pytest.raises(aq.RowsError, match=r"y\.npy"):
        density.evaluate(density.start)
