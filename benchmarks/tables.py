"""Seconds from a cold start for each command from a table to an answer, beside other libraries.

Each is a fresh process: of a command first one with nothing compiled, then one that finds the
first one's programs on the disk. Of each the elapsed seconds are measured, and the processor's: of
all threads and of all processes that it starts, which on a machine with other work say more.
scikit-learn's and hmmlearn's models are fitted to the same tables in a fresh process, with ten
starts each. They run in the environment of the peers where `make bench-peers` has made it.

    python benchmarks/tables.py [--repeats 3] [--only WORDS] [--write]

`--only mixture` runs what has these words in its name; `--write` puts what was measured into the
table of docs/compared.md, and leaves the other rows as they are, and those that could not be run.
"""

from __future__ import annotations

import argparse
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
TABLES = ROOT / "tests" / "published"
PAGE = ROOT / "docs" / "compared.md"
PEERS = ROOT / ".venv-peers" / "bin" / "python"
ALIQUOT = [sys.executable, "-c", "from aliquot.cli import main; main()"]
COMMANDS = {
    "mixture faithful.csv eruptions waiting": "mixture faithful.csv eruptions waiting",
    "mixture ... --components 2": "mixture faithful.csv eruptions waiting --components 2",
    "classes carcinoma.csv --classes 2": "classes carcinoma.csv --classes 2",
    "hmm speed.csv rt --states 2": "hmm speed.csv rt --states 2",
    "regression npreg.csv ... --components 2": "regression npreg.csv yn~x+I(x**2) --components 2",
}
GAUSSIANS = """
import numpy as np
from sklearn.mixture import GaussianMixture
X = np.genfromtxt("faithful.csv", delimiter=",", skip_header=1)
fits = [GaussianMixture(k, n_init=10, random_state=0).fit(X) for k in {numbers}]
best = min(fits, key=lambda fit: fit.bic(X))
best.predict_proba(X)
"""
VARIATIONAL = """
import numpy as np
from sklearn.mixture import BayesianGaussianMixture
X = np.genfromtxt("faithful.csv", delimiter=",", skip_header=1)
fit = BayesianGaussianMixture(n_components=8, n_init=10, max_iter=2000, random_state=0).fit(X)
fit.predict_proba(X)
"""
CHAIN = """
import numpy as np
from hmmlearn.hmm import GaussianHMM
X = np.genfromtxt("speed.csv", delimiter=",", skip_header=1, usecols=2)[:, None]
fits = [GaussianHMM(2, n_iter=500, random_state=seed).fit(X) for seed in range(10)]
max(fits, key=lambda fit: fit.score(X)).predict_proba(X)
"""
OTHERS = {
    "`GaussianMixture`, 1 to 6 components, the best by BIC": GAUSSIANS.format(
        numbers="range(1, 7)"
    ),
    "`GaussianMixture`, 2 components": GAUSSIANS.format(numbers="[2]"),
    "`BayesianGaussianMixture`, up to 8 components": VARIATIONAL,
    "hmmlearn's `GaussianHMM`, 2 states": CHAIN,
}
Times = tuple[float, float]


def measured(command: list[str], folder: Path, cache: str) -> Times:
    """Run a command as a whole process: elapsed seconds, and those of the processor.

    Raises
    ------
    RuntimeError
        Where it fails, with what it said.
    """
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    environment["ALIQUOT_CACHE_DIR"] = cache
    with tempfile.TemporaryFile() as said:
        began = time.perf_counter()
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=said
        )
        # Of the process and of all that it has waited for.
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        elapsed = time.perf_counter() - began
        if process.returncode:
            said.seek(0)
            lines = said.read().decode(errors="replace").strip().splitlines()
            raise RuntimeError(lines[-1] if lines else f"status {process.returncode}")
    return elapsed, used.ru_utime + used.ru_stime


def once(only: str) -> dict[str, Times | str]:
    """Run each of what has certain words in its name; a text says why one has failed."""
    found: dict[str, Times | str] = {}
    for name, words in COMMANDS.items():
        if only not in f"aliquot {name}":
            continue
        with tempfile.TemporaryDirectory() as scratch, tempfile.TemporaryDirectory() as cache:
            for table in TABLES.glob("*.csv"):
                (Path(scratch) / table.name).write_bytes(table.read_bytes())
            command = [*ALIQUOT, *words.split(), "--quiet"]
            for which in ("first", "again"):
                found[f"`aliquot {name}`, {which}"] = measured(command, Path(scratch), cache)
    for name, code in OTHERS.items():
        if only in name:
            found[name] = of_another(code)
    return found


def of_another(code: str) -> Times | str:
    """Run another library's fit where that library is: among the peers, or here."""
    why = ""
    for python in (str(PEERS), sys.executable):
        try:
            return measured([python, "-c", code], TABLES, "off")
        except (RuntimeError, FileNotFoundError) as error:
            why = str(error)
    return why


def _failed(runs: list[Times | str]) -> list[str]:
    """Give what those that could not be run have said."""
    return [each for each in runs if isinstance(each, str)]


def row(name: str, runs: list[Times | str]) -> str:
    """Give a row of the table: medians."""
    if failed := _failed(runs):
        return f"| {name} | not run: {failed[0]} | |"
    elapsed, used = (statistics.median(each) for each in zip(*runs, strict=True))
    return f"| {name} | {elapsed:.1f} | {used:.1f} |"


def written(page: str, rows: dict[str, str]) -> str:
    """Put rows into a page's table in the place of those of the same name."""
    for name, line in rows.items():
        page, count = re.subn(
            rf"^\| {re.escape(name)} \|.*$", lambda _, line=line: line, page, flags=re.MULTILINE
        )
        if count != 1:
            raise SystemExit(f"{PAGE.name} has {count} rows that begin with | {name} |")
    return page


def main() -> None:
    """Run everything in turns, so that a slow minute is shared, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--only", default="", metavar="WORDS")
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    runs: dict[str, list[Times | str]] = {}
    for _ in range(given.repeats):
        for name, times in once(given.only).items():
            runs.setdefault(name, []).append(times)
    rows = {name: row(name, times) for name, times in runs.items()}
    print("| | elapsed, s | processor, s |", "| --- | ---: | ---: |", *rows.values(), sep="\n")
    if given.write:
        ran = {name: rows[name] for name, times in runs.items() if not _failed(times)}
        PAGE.write_text(written(PAGE.read_text("utf-8"), ran), encoding="utf-8")


if __name__ == "__main__":
    main()
