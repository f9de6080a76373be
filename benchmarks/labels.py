"""Effective draws per second of each answer to label switching, and seconds to relabel.

    python benchmarks/labels.py            # 2 chains x (1,000 + 10,000), seven rounds
    python benchmarks/labels.py --quick    # three rounds

Two close Gaussians, 100 rows. In a round the routes run in turn, on the same seeds; each figure is
the median of all rounds, after a first that compiles. Effective draws are the least bulk ESS of the
two means. "Sampling" is warm-up and sampling; "all" what the user waits for: permuting, relabelling
and the diagnostics, too, and effective draws per second are by that. Chains that keep to one mode
each make the raw figure small; were all to stay in the same one, it would say nothing.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from arviz_stats.base import array_stats

import aliquot as aq

DRAWS, TUNE, CHAINS = 10_000, 1_000, 2
METHODS = ("ecr", "stephens", "pivot")
GALAXIES = Path(__file__).parents[1] / "docs" / "data" / "galaxies.csv"


def two_gaussians(*, ordered: bool) -> aq.Model:
    rng = np.random.default_rng(0)
    z = rng.integers(0, 2, 100)
    data = rng.normal(np.array([-1.0, 1.0])[z], 1.0)
    given: dict[str, Any] = (
        {"transform": aq.transforms.ordered, "initval": [-1, 1]} if ordered else {}
    )
    with aq.Model() as model:
        means = aq.Normal("means", mu=0, sigma=10, shape=2, **given)
        aq.NormalMixture("obs", w=[0.5, 0.5], mu=means, sigma=1, observed=data)
    return model


def galaxies(components: int = 6) -> aq.Model:
    velocities = np.loadtxt(GALAXIES, skiprows=1, delimiter=",", ndmin=2)[:, -1]
    if velocities.max() > 1_000:
        velocities = velocities / 1_000
    with aq.Model() as model:
        w = aq.Dirichlet("w", np.ones(components))
        means = aq.Normal("means", 20, 10, shape=components)
        sigma = aq.HalfNormal("sigma", 3, shape=components)
        aq.NormalMixture("obs", w, means, sigma, observed=velocities)
    return model


def drawn(model: aq.Model, seed: int, **given: Any) -> Any:
    return aq.sample(
        DRAWS, tune=TUNE, chains=CHAINS, model=model, random_seed=seed, progressbar=False, **given
    )


def timed(task: Callable[[], Any]) -> tuple[Any, float]:
    began = time.perf_counter()
    result = task()
    return result, time.perf_counter() - began


def least_ess(trace: Any) -> float:
    means = trace.posterior["means"].transpose("chain", "draw", ...).values
    return min(float(array_stats.ess(means[..., k], method="bulk")) for k in range(2))


def routes(rounds: int) -> None:
    unordered, ordered = two_gaussians(ordered=False), two_gaussians(ordered=True)
    found: dict[str, list[tuple[float, float, float]]] = {}

    def note(route: str, trace: Any, seconds: float) -> None:
        sampling = trace.attrs["warmup_time"] + trace.attrs["sampling_time"]
        found.setdefault(route, []).append((least_ess(trace), sampling, seconds))

    for seed in range(rounds + 1):
        if seed == 1:  # the first round compiled
            found.clear()
        raw, seconds = timed(lambda seed=seed: drawn(unordered, seed))
        note("unordered, raw", raw, seconds)
        note("permute", *timed(lambda seed=seed: drawn(unordered, seed, label_switching="permute")))
        for method in METHODS:
            done, more = timed(lambda m=method, raw=raw: aq.relabel(raw, unordered, method=m))
            note(f"unordered, then {method}", done, seconds + more)
        note("ordered", *timed(lambda seed=seed: drawn(ordered, seed)))
    print(
        f"{'route':<26} {'least ESS':>10} {'sampling, s':>12} {'all, s':>8} {'ESS per second':>15}"
    )
    for route, values in found.items():
        ess, sampling, seconds = np.median(values, axis=0)
        rate = np.median([e / s for e, _, s in values])
        print(f"{route:<26} {ess:>10,.0f} {sampling:>12.3f} {seconds:>8.3f} {rate:>15,.0f}")


def relabelling(rounds: int) -> None:
    model = galaxies()
    trace = aq.sample(
        1_000, tune=1_000, chains=4, model=model, random_seed=1, progressbar=False,
        label_switching="permute",
    )  # fmt: skip
    print("\nseconds to relabel 4,000 draws x 82 rows x 6 components")
    print(f"{'method':<26} {'first call':>10} {'median':>9} {'mean certainty':>15}")
    for method in METHODS:
        times = []
        for _ in range(rounds + 1):
            done, seconds = timed(lambda m=method: aq.relabel(trace, model, method=m))
            times.append(seconds)
        names = [name for name in done["relabelling"].data_vars if "certainty" in str(name)]
        sure = float(done["relabelling"][names[0]].mean())
        print(f"{method:<26} {times[0]:>10.2f} {np.median(times[1:]):>9.2f} {sure:>15.3f}")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--quick", action="store_true")
    rounds = 3 if parser.parse_args().quick else 7
    with warnings.catch_warnings():
        # That labels switch is what is compared.
        warnings.simplefilter("ignore")
        routes(rounds)
        relabelling(rounds)


if __name__ == "__main__":
    main()
