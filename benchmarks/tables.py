"""Seconds from a cold start for each command from a table to an answer, beside other libraries.

Each repeat is a fresh process: first with nothing compiled, then one that finds the first one's
programs on the disk. scikit-learn's mixture of Gaussians is fitted to the same table in a fresh
process, with ten starts for each number of components, the best by BIC. hmmlearn's is run where
it is installed.

    python benchmarks/tables.py [repeats]
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

TABLES = Path(__file__).parents[1] / "tests" / "published"
ALIQUOT = [sys.executable, "-c", "from aliquot.cli import main; main()"]
COMMANDS = {
    "mixture, number by evidence": ["mixture", "faithful.csv", "eruptions", "waiting"],
    "mixture, 2 components": ["mixture", "faithful.csv", "eruptions", "waiting", "-k", "2"],
    "classes, 2": ["classes", "carcinoma.csv", "--classes", "2"],
    "hmm, 2 states": ["hmm", "speed.csv", "rt", "--states", "2"],
    "regression, 2 components": ["regression", "npreg.csv", "yn ~ x + I(x**2)", "-k", "2"],
}
GAUSSIANS = """
import numpy as np
from sklearn.mixture import GaussianMixture
X = np.genfromtxt("faithful.csv", delimiter=",", skip_header=1)
fits = [GaussianMixture(k, n_init=10, random_state=0).fit(X) for k in {numbers}]
best = min(fits, key=lambda fit: fit.bic(X))
best.predict_proba(X)
"""
CHAIN = """
import numpy as np
from hmmlearn.hmm import GaussianHMM
X = np.genfromtxt("speed.csv", delimiter=",", skip_header=1, usecols=2)[:, None]
fits = [GaussianHMM(2, n_iter=500, random_state=seed).fit(X) for seed in range(10)]
max(fits, key=lambda fit: fit.score(X)).predict_proba(X)
"""
OTHERS = {
    "scikit-learn's GaussianMixture, 1 to 6": GAUSSIANS.format(numbers="range(1, 7)"),
    "scikit-learn's GaussianMixture, 2": GAUSSIANS.format(numbers="[2]"),
    "hmmlearn's GaussianHMM, 2 states": CHAIN,
}


def seconds(command: list[str], folder: Path, cache: str) -> float | None:
    """Time a command as a whole process; None where it fails."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    environment["ALIQUOT_CACHE_DIR"] = cache
    began = time.perf_counter()
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, check=False)
    return time.perf_counter() - began if done.returncode == 0 else None


def line(name: str, times: list[float | None]) -> str:
    """Give the median and the range of what did not fail."""
    known = [each for each in times if each is not None]
    if len(known) < len(times):
        return f"{name:48} not run, or failed"
    return f"{name:48} {statistics.median(known):6.1f} s  ({min(known):.1f} to {max(known):.1f})"


def main(repeats: int = 3) -> None:
    """Run everything in turns, so that a slow minute is shared, and print a table."""
    found: dict[str, list[float | None]] = {}
    for _ in range(repeats):
        for name, arguments in COMMANDS.items():
            with tempfile.TemporaryDirectory() as scratch, tempfile.TemporaryDirectory() as cache:
                for table in TABLES.glob("*.csv"):
                    (Path(scratch) / table.name).write_bytes(table.read_bytes())
                command = [*ALIQUOT, *arguments, "--quiet"]
                for which in ("cold", "again"):
                    took = seconds(command, Path(scratch), cache)
                    found.setdefault(f"aliquot {name}, {which}", []).append(took)
        for name, code in OTHERS.items():
            took = seconds([sys.executable, "-c", code], TABLES, "off")
            found.setdefault(name, []).append(took)
    print(*(line(name, times) for name, times in found.items()), sep="\n")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
