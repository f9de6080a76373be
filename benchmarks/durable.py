"""What `store=` costs, and what going on with a run costs; in pairs, one after the other.

The classic model (two Gaussians, n = 100) and one with 1,000 parameters, each drawn without and
with a store in turn, in one process, once everything is compiled. The ratio is of the whole call of
``aq.sample``, checks included; quote medians.

    python benchmarks/durable.py [repeats]
"""

from __future__ import annotations

import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import aliquot as aq


def classic() -> aq.Model:
    rng = np.random.default_rng(0)
    data = rng.normal(np.array([-1.0, 1.0])[rng.integers(0, 2, 100)], 1.0)
    with aq.Model() as model:
        means = aq.Normal("means", 0, 10, shape=2, transform=aq.transforms.ordered)
        aq.NormalMixture("obs", w=[0.5, 0.5], mu=means, sigma=1, observed=data)
    return model


def thousand() -> aq.Model:
    rng = np.random.default_rng(0)
    with aq.Model() as model:
        scale = aq.HalfNormal("scale", 1)
        x = aq.Normal("x", 0, scale, shape=999)
        aq.Normal("y", x, 1.0, observed=rng.normal(0, 1.5, 999))
    return model


CASES: dict[str, tuple[Callable[[], aq.Model], dict[str, Any]]] = {
    "classic, 2 x (2,000 + 10,000) draws": (
        classic,
        {"draws": 10_000, "tune": 2_000, "chains": 2, "target_accept": 0.95},
    ),
    "classic, 4 x 200,000 draws": (classic, {"draws": 200_000}),
    "1,000 parameters, 4 x (1,000 + 1,000) draws": (thousand, {}),
    "1,000 parameters, 4 x (1,000 + 10,000) draws": (thousand, {"draws": 10_000}),
}


def seconds(call: Callable[..., Any], *arguments: Any, **options: Any) -> float:
    began = time.perf_counter()
    call(*arguments, **options)
    return time.perf_counter() - began


def case(name: str, folder: Path, repeats: int) -> None:
    build, options = CASES[name]
    model = build()
    options = options | {"progressbar": False, "model": model, "random_seed": 1}
    aq.sample(**options | {"draws": 100})  # compiles
    plain, stored, resumed = [], [], []
    for number in range(repeats):
        store = folder / f"{number}.zarr"
        plain.append(seconds(aq.sample, **options))
        stored.append(seconds(aq.sample, **options, store=store))
        resumed.append(seconds(aq.resume, store, model=model, progressbar=False))
        shutil.rmtree(store)
    ratio = statistics.median(b / a for a, b in zip(plain, stored, strict=True))
    print(
        f"{name} | {statistics.median(plain):.2f} | {statistics.median(stored):.2f} | "
        f"{ratio:.3f} | {statistics.median(resumed):.2f}",
        flush=True,
    )


def main(repeats: int) -> None:
    folder = Path(tempfile.mkdtemp())
    print("case | without, s | with a store, s | ratio, median of pairs | resume at its end, s")
    for name in CASES:
        case(name, folder, repeats)
    shutil.rmtree(folder)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
