"""Rows on a disk: what a gradient takes, and how much memory, by rows and by processes.

    python benchmarks/scale.py [--rows 1e5 1e6 1e7] [--processes 1 2] [--json FILE]

A mixture of two Gaussians, its rows in a Parquet file that is written in blocks. For each number of
rows the model is measured twice, with its rows on the disk and in memory, each in a process of its
own: how long it takes until the density is there (with the one pass that looks at the file), the
median time of the log density with its gradient, in turns with those of the other process, and
what memory the process took at most. Then the same gradient by several processes on this machine,
with the numbers that go between them.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

AT_ONCE = 1_000_000
TIMES = 9


def write(path: Path, rows: int) -> None:
    """Write the file, block by block."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    rng = np.random.default_rng(rows)
    with pq.ParquetWriter(path, pa.schema([("y", pa.float64())])) as writer:
        for begin in range(0, rows, AT_ONCE):
            n = min(AT_ONCE, rows - begin)
            y = np.where(rng.random(n) < 0.4, -1.0, 2.0) + rng.normal(size=n)
            writer.write_table(pa.table({"y": y}))


def density_of(path: str, kind: str) -> Any:
    """Write the model, with its rows on the disk or in memory, and compile what is timed."""
    import aliquot as aq

    with aq.Model() as model:
        w = aq.Dirichlet("w", np.ones(2))
        means = aq.Normal("means", 0, 5, shape=2, transform=aq.transforms.ordered)
        sigma = aq.HalfNormal("sigma", 1)
        if kind == "memory":
            import pyarrow.parquet as pq

            y: Any = aq.Data("y", pq.read_table(path, columns=["y"])["y"].to_numpy())
        else:
            y = aq.Data.from_parquet(path, "y")
        aq.NormalMixture("obs", w=w, mu=means, sigma=sigma, observed=y)
    return model.density()


def gradient_of(density: Any) -> Any:
    """Compile the log density with its gradient, as samplers do."""
    import jax

    from aliquot.compilation import lazily
    from aliquot.kernel import rewritten

    return lazily(rewritten(jax.value_and_grad(density.log_density)))


def serve(path: str, kind: str) -> None:
    """Time a gradient whenever a line comes, and say at the end how much memory it took."""
    began = time.perf_counter()
    density = density_of(path, kind)
    gradient = gradient_of(density)
    np.asarray(gradient(density.start, density.data)[0])
    print(json.dumps(time.perf_counter() - began), flush=True)
    for _ in sys.stdin:
        began = time.perf_counter()
        np.asarray(gradient(density.start, density.data)[0])
        print(json.dumps(time.perf_counter() - began), flush=True)
    print(json.dumps(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024), flush=True)


def together(path: str) -> None:
    """Time gradients of a team's rank 0."""
    import aliquot as aq

    aq.distributed.initialize()
    density = density_of(path, "disk")
    gradient = gradient_of(density)
    np.asarray(gradient(density.start, density.data)[0])
    times = []
    for _ in range(TIMES):
        began = time.perf_counter()
        np.asarray(gradient(density.start, density.data)[0])
        times.append(time.perf_counter() - began)
    # What is announced, and one sum for each segment of blocks.
    segments = min(density.feed.blocks, 60)
    numbers = density.size + segments * (
        1 + sum(v.aval.size for v in density.host.programs.parts.free)
    )
    print(json.dumps([statistics.median(times), numbers * 8]))


def in_turns(path: str) -> dict[str, dict[str, float]]:
    """Measure both ways, in turns."""
    started = {}
    found: dict[str, dict[str, float]] = {}
    for kind in ("memory", "disk"):
        started[kind] = subprocess.Popen(
            [sys.executable, __file__, "--serve", path, kind],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        found[kind] = {"ready": json.loads(_line(started[kind]))}
    times: dict[str, list[float]] = {kind: [] for kind in started}
    for _ in range(TIMES):
        for kind, process in started.items():
            assert process.stdin is not None
            process.stdin.write("\n")
            process.stdin.flush()
            times[kind].append(json.loads(_line(process)))
    for kind, process in started.items():
        assert process.stdin is not None
        process.stdin.close()
        found[kind]["MB"] = json.loads(_line(process))
        found[kind]["gradient"] = statistics.median(times[kind])
        process.wait()
    ratios = [d / m for d, m in zip(times["disk"], times["memory"], strict=True)]
    found["disk"]["ratio"] = statistics.median(ratios)
    return found


def _line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline()


def main() -> None:
    """Measure, and print two tables."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=float, nargs="*", default=[1e5, 1e6, 1e7])
    parser.add_argument("--processes", type=int, nargs="*", default=[1, 2])
    parser.add_argument("--json", type=Path)
    parser.add_argument("--serve", nargs=2)
    parser.add_argument("--together")
    asked = parser.parse_args()
    if asked.serve:
        return serve(*asked.serve)
    if asked.together:
        return together(asked.together)
    results: list[dict[str, Any]] = []
    print("      rows  until ready (s)   gradient (ms)    disk /    most memory (MB)")
    print("            memory    disk   memory    disk   memory    memory    disk")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.parquet"
        for rows in map(int, asked.rows):
            write(path, rows)
            found = in_turns(str(path))
            m, d = found["memory"], found["disk"]
            print(
                f"{rows:>10,}  {m['ready']:6.2f}  {d['ready']:6.2f}  {1e3 * m['gradient']:7.2f} "
                f"{1e3 * d['gradient']:7.2f}  {d['ratio']:7.2f}  {m['MB']:8.0f} {d['MB']:7.0f}",
                flush=True,
            )
            results.append({"rows": rows, **found})
        print("\nprocesses  gradient (ms)  bytes that a call is about")
        for count in asked.processes:
            command = [str(Path(sys.executable).parent / "aliquot"), "launch", "-n", str(count)]
            done = subprocess.run(
                [*command, __file__, "--together", str(path)],
                capture_output=True,
                text=True,
                check=True,
                env=os.environ,
            )
            seconds, size = json.loads(done.stdout.strip().splitlines()[-1])
            print(f"{count:>9}  {1e3 * seconds:13.2f}  {size:,}", flush=True)
            results.append({"processes": count, "gradient": seconds, "bytes": size})
    if asked.json:
        asked.json.write_text(json.dumps(results, indent=1), encoding="utf-8")
    return None


if __name__ == "__main__":
    main()
