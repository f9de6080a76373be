"""How much memory a walk takes, in a process of its own."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as pq
import pytest
import zarr

# What a first pass over few rows takes, such as what libraries load, is not counted. Linux hands
# the peak of a parent on to its children in `ru_maxrss`, but not in /proc.
WALKED = """
import pathlib, resource, sys
import numpy as np
from aliquot.rows import Feed, NpyRows, ParquetRows, ZarrRows, FeatherRows

def peak():
    status = pathlib.Path("/proc/self/status")
    if status.exists():
        return 1024 * int(status.read_text().partition("VmHWM:")[2].split()[0])
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

def walk(name):
    path = f"{sys.argv[1]}/{name}.{sys.argv[2]}"
    source = {
        "parquet": lambda: ParquetRows(path, ["x", "y"]),
        "npy": lambda: NpyRows(path),
        "zarr": lambda: ZarrRows(path),
        "feather": lambda: FeatherRows(path, ["x", "y"]),
    }[sys.argv[2]]()
    total = 0.0
    with Feed({"x": source}, 50_000) as feed:
        for _ in range(2):
            for block in feed:
                total += float(block.arrays["x"][: block.counted].sum())
            del block
    return total

walk("small")
before = peak()
total = walk("large")
grown = peak() - before
# All in memory, for the measure to have something to show.
whole = np.ones((int(sys.argv[3]), 2))
print(grown, peak() - before, total)
"""

ROWS = 2_000_000


@pytest.mark.parametrize("kind", ["parquet", "npy", "zarr", "feather"])
def test_rows_are_never_in_memory_as_a_whole(rng, tmp_path, kind):
    values = rng.normal(size=(ROWS, 2))
    for name, part in [("small", values[:200_000]), ("large", values)]:
        table = pa.table({"x": part[:, 0], "y": part[:, 1]})
        if kind == "parquet":
            pq.write_table(table, tmp_path / f"{name}.parquet", row_group_size=ROWS)
        elif kind == "feather":
            feather.write_feather(table, str(tmp_path / f"{name}.feather"))
        elif kind == "npy":
            np.save(tmp_path / f"{name}.npy", part)
        else:
            array = zarr.create_array(
                tmp_path / f"{name}.zarr", shape=part.shape, chunks=(60_000, 2), dtype="f8"
            )
            array[:] = part
    done = subprocess.run(
        [sys.executable, "-c", WALKED, str(tmp_path), kind, str(ROWS)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    grown, whole, total = map(float, done.stdout.split())
    assert np.isclose(total, 2 * values.sum(), rtol=1e-6, atol=1e-3)
    assert grown < values.nbytes / 3
    assert whole > values.nbytes * 0.8
