"""What many fits take: `aq.fit_many` over data sets of many lengths, and `aq.calibrate`.

The model is two Gaussians with known weights. Each fit is 2 chains of 200 + 200 draws; calibration
takes its defaults. Besides the wall time, what the first call of a fresh process takes is in it.

    python benchmarks/many_fits.py [data sets] [simulations]
"""

from __future__ import annotations

import sys
import time
import warnings
from pathlib import Path

import numpy as np

import aliquot as aq
from aliquot.compilation import counts


def mixture(data: np.ndarray) -> None:
    """Write two Gaussians with known weights."""
    means = aq.Normal("means", 0, 10, shape=2)
    aq.NormalMixture("obs", w=[0.5, 0.5], mu=means, sigma=1, observed=data)


def resident() -> float:
    """Give the memory of this process in MB."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6


def fits(number: int) -> None:
    """Fit so many data sets of 80 to 100 points."""
    rng = np.random.default_rng(0)
    data = [
        rng.normal(np.array([-2.0, 2.0])[rng.integers(0, 2, n)], 1.0)
        for n in rng.integers(80, 101, number)
    ]
    for cores in (1, None):
        began, before = time.perf_counter(), sum(counts()[:2])
        aq.fit_many(
            mixture,
            data,
            draws=200,
            tune=200,
            chains=2,
            cores=cores,
            random_seed=1,
            progressbar=False,
        )
        seconds = time.perf_counter() - began
        where = "one core" if cores else "all cores"
        print(
            f"fit_many, {number:,} data sets of {len({len(d) for d in data})} lengths, {where}: "
            f"{seconds:.1f} s, {seconds / number * 1e3:.0f} ms each, "
            f"{sum(counts()[:2]) - before} programs compiled or loaded here, {resident():.0f} MB"
        )


def calibration(simulations: int) -> None:
    """Calibrate the model with 100 points."""
    with aq.Model() as model:
        means = aq.Normal("means", 0, 2, shape=2)
        aq.NormalMixture("obs", w=[0.5, 0.5], mu=means, sigma=1, observed=np.zeros(100))
    began = time.perf_counter()
    found = aq.calibrate(model, simulations=simulations, random_seed=1, progressbar=False)
    print(f"calibrate, {simulations:,} simulations: {time.perf_counter() - began:.1f} s. {found}")


def main(number: int = 1000, simulations: int = 500) -> None:
    """Run both."""
    warnings.simplefilter("ignore")
    fits(number)
    calibration(simulations)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
