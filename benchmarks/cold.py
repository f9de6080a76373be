"""Time from a fresh process to a checked posterior, and once compiled, on the classic model.

The model is two Gaussians with ordered means, n = 100, 2 chains of 2,000 + 10,000 draws,
``target_accept=0.95``. Each repeat is a fresh process with nothing compiled, for one fit with its
convergence checks; a second one that finds the first one's programs on the disk; and another one
that fits again with another seed: the time once compiled. Quote medians: machines are noisy.

    python benchmarks/cold.py [repeats]
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

DRAWS, TUNE, CHAINS = 10_000, 2_000, 2


def one_process(once: bool) -> None:
    """Run the model in this process, once or three times, and print what it took as JSON."""
    began = time.perf_counter()
    import numpy as np

    import aliquot as aq

    imported = time.perf_counter()
    rng = np.random.default_rng(0)
    data = rng.normal(np.array([-1.0, 1.0])[rng.integers(0, 2, 100)], 1.0)
    with aq.Model():
        means = aq.Normal("means", 0, 10, shape=2, transform=aq.transforms.ordered)
        aq.NormalMixture("obs", w=[0.5, 0.5], mu=means, sigma=1, observed=data)
        settings = {"tune": TUNE, "chains": CHAINS, "target_accept": 0.95, "progressbar": False}
        aq.sample(DRAWS, random_seed=1, **settings)
        first = time.perf_counter()
        if once:
            return
        tree = aq.sample(DRAWS, random_seed=2, **settings)
        second = time.perf_counter()
        # The same draws once more, to count the leapfrog steps of the warm-up too.
        counted = aq.sample(DRAWS, random_seed=2, keep_warmup=True, **settings)

    import arviz_stats

    steps = sum(
        counted[group]["n_steps"].sum("draw") for group in ("sample_stats", "warmup_sample_stats")
    )

    size = float(arviz_stats.ess(tree, var_names=["means"])["means"].min())
    sampling = tree.attrs["sampling_time"]
    print(
        json.dumps(
            {
                "import aliquot, s": imported - began,
                "first aq.sample, s": first - imported,
                "second aq.sample, s": second - first,
                "of which sampling, s": sampling,
                "us per leapfrog and chain": sampling / float(steps.max()) * 1e6,
                "min bulk ESS / s of sampling": size / sampling,
            }
        )
    )


def run(option: str, environment: dict[str, str]) -> str:
    """Run this file in a fresh process and return what it printed."""
    command = [sys.executable, __file__, option]
    return subprocess.run(
        command, env=environment, capture_output=True, text=True, check=True
    ).stdout


def main(repeats: int = 5) -> None:
    """Run fresh processes, and print the median and the range of each figure."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    rows = []
    for _ in range(repeats + 1):
        row = {}
        with tempfile.TemporaryDirectory() as folder:
            environment["ALIQUOT_CACHE_DIR"] = folder
            for name in ("whole process, one fit, s", "second process, one fit, s"):
                began = time.perf_counter()
                run("--once", environment)
                row[name] = time.perf_counter() - began
        with tempfile.TemporaryDirectory() as folder:
            environment["ALIQUOT_CACHE_DIR"] = folder
            rows.append(row | json.loads(run("--more", environment)))
    rows = rows[1:]  # the first one fills the file cache and writes byte code
    print(f"classic model, {CHAINS} chains x ({TUNE} + {DRAWS}), {repeats} processes")
    for name in rows[0]:
        values = [row[name] for row in rows]
        low, middle, high = min(values), statistics.median(values), max(values)
        print(f"{name:>30}  {middle:10.3f}  ({low:.3f} to {high:.3f})")


if __name__ == "__main__":
    if sys.argv[1:] in (["--once"], ["--more"]):
        one_process(once=sys.argv[1] == "--once")
    else:
        main(*map(int, sys.argv[1:2]))
