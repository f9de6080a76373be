"""What a further model of the same structure costs beyond sampling, in time and in memory.

Each model is written anew in a loop, with 100 other points, and sampled by 2 chains of 200 + 200
draws. Beyond sampling is all that the chains' own loop does not take: writing, finding what an
earlier model has compiled, exploring, judging, the tree. Resident memory, machine code and
pieces of memory (of which a process on Linux may have 65,530) are looked at while the loop runs.

    python benchmarks/many_models.py [models] [mixture|labels|both] [init]
"""

from __future__ import annotations

import gc
import statistics
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import numpy as np

import aliquot as aq
from aliquot.compilation import counts

POINTS, DRAWS, TUNE, CHAINS = 100, 200, 200, 2
FIRST = 10  # models after which what is compiled once, and Python's own memory, are there


def mixture(data: np.ndarray) -> None:
    """Write two Gaussians with known weights."""
    means = aq.Normal("means", 0, 10, shape=2)
    aq.NormalMixture("obs", w=[0.5, 0.5], mu=means, sigma=1, observed=data)


def labels(data: np.ndarray) -> None:
    """Write two Gaussians with hidden labels and unknown weights."""
    w = aq.Dirichlet("w", np.ones(2))
    means = aq.Normal("means", 0, 10, shape=2)
    z = aq.Categorical("z", p=w, shape=len(data))
    aq.Normal("obs", means[z], 1, observed=data)


def memory() -> tuple[float, int, int]:
    """Give the resident memory in MB, the number of executables, and that of pieces of memory."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    pieces = Path("/proc/self/maps").read_bytes().count(b"\n")
    return pages * 4096 / 1e6, len(jax.devices()[0].client.live_executables()), pieces


def loop(write: Callable[[np.ndarray], Any], models: int, **options: Any) -> None:
    """Write and sample so many models, and print what each took."""
    rng = np.random.default_rng(0)
    beyond, sampling, processor = [], [], []
    looked_at = {FIRST, models // 10, models // 2, models} - {0}
    print(f"{write.__name__}, {models:,} models of {POINTS} points {options or ''}")
    for number in range(1, models + 1):
        data = rng.normal(np.array([-2.0, 2.0])[rng.integers(0, 2, POINTS)], 1.0)
        began, used = time.perf_counter(), time.process_time()
        with aq.Model():
            write(data)
            trace = aq.sample(
                DRAWS, tune=TUNE, chains=CHAINS, random_seed=number, progressbar=False, **options
            )
        seconds = time.perf_counter() - began
        if number > 1:
            sampling.append(trace.attrs["sampling_time"])
            beyond.append(seconds - sampling[-1])
            processor.append(time.process_time() - used)
        else:
            print(f"  the first: {seconds:.2f} s")
        if number in looked_at:
            resident, executables, pieces = memory()
            print(
                f"  after {number:5,}: {resident:7.1f} MB, {executables} executables, "
                f"{pieces:,} pieces of memory, compiled or loaded {sum(counts()[:2])}"
            )
    for name, values in (
        ("beyond sampling", beyond),
        ("sampling", sampling),
        ("all of it on the processor", processor),
    ):
        low, middle, high = np.quantile(values, [0.05, 0.5, 0.95]) * 1e3
        mean = statistics.fmean(values) * 1e3
        print(
            f"  {name}, ms a model: median {middle:.1f} ({low:.1f} to {high:.1f}), mean {mean:.1f}"
        )


def main(models: int = 1000, which: str = "both", init: str = "auto") -> None:
    """Run the loop over models of one kind or both."""
    warnings.simplefilter("ignore")  # so few draws
    for write in (mixture, labels):
        if which in (write.__name__, "both"):
            loop(write, models, **({} if init == "auto" else {"init": init}))


if __name__ == "__main__":
    main(*(int(a) if a.isdigit() else a for a in sys.argv[1:]))
