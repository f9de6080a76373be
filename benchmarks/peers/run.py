"""Run the comparison: libraries in turns, each measurement in processes of its own."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.peers.case import Case
from benchmarks.peers.cases import CASES
from benchmarks.peers.elbo import reached
from benchmarks.peers.judge import REFERENCES, close, judge
from benchmarks.peers.libraries import LIBRARIES, libraries_of, ours
from benchmarks.peers.machine import machine

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
RESULTS = Path(os.environ.get("BENCHMARK_RESULTS", HERE / "results"))
Row = dict[str, Any]


def environment(library: str, caches: Path) -> dict[str, str]:
    """Give a process everything as it is, but caches of its own."""
    given = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    flags = [f for f in given.get("PYTENSOR_FLAGS", "").split(",") if f]
    flags = [f for f in flags if not f.startswith("base_compiledir")]
    given |= {
        "PYTENSOR_FLAGS": ",".join([*flags, f"base_compiledir={caches / 'pytensor'}"]),
        "NUMBA_CACHE_DIR": str(caches / "numba"),
        "ALIQUOT_CACHE_DIR": str(caches / "aliquot"),
        "XDG_CACHE_HOME": str(caches / "xdg"),
        "PYTHONPATH": "",
        # Matplotlib's list of fonts has nothing to do with models.
        "MPLCONFIGDIR": str(Path(tempfile.gettempdir()) / "benchmarks-matplotlib"),
    }
    if not ours(library):  # which has to do with what it does by itself
        given["JAX_COMPILATION_CACHE_DIR"] = str(caches / "jax")
    return given


def process(
    python: str, library: str, case: Case, seed: int, mode: str, caches: Path, draws: Path
) -> Row:
    """Run one worker, and read what it printed; what goes wrong is under "failed"."""
    command = [python, "-m", "benchmarks.peers.worker", library, case.name, str(seed)]
    command += [str(time.time()), mode, str(draws)]
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as errors:
        child = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment(library, caches),
            stdout=out,
            stderr=errors,
            text=True,
            start_new_session=True,
        )
        late = False
        try:
            child.wait(case.limit)
        except subprocess.TimeoutExpired:
            late = True
        finally:
            # What it may have started goes with it.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
            child.wait()
        out.seek(0)
        errors.seek(0)
        lines = [line for line in out.read().splitlines() if line.startswith("{")]
        said = [line.strip() for line in errors.read().splitlines() if line.strip()]
    found: Row = json.loads(lines[-1]) if lines else {}
    if late:
        found["failed"] = f"not finished in {case.limit:g} s"
    elif child.returncode != 0:
        found["failed"] = said[-1] if said else f"exit status {child.returncode}"
    return found


def measure(python: str, library: str, case: Case, repeat: int, only: str | None) -> Row:
    """Measure a library on a case once: cold and once compiled, then a second process."""
    row: Row = {"case": case.name, "library": library, "repeat": repeat, "only": only}
    seed = 1_000 * (repeat + 1)
    with tempfile.TemporaryDirectory() as folder:
        caches, draws = Path(folder) / "caches", Path(folder) / "draws.npz"
        (caches / "xdg").mkdir(parents=True)
        mode = "cold" if only == "cold" else "warm"
        row |= process(python, library, case, seed, mode, caches, draws)
        if draws.exists() and "sampling_seconds" in row:
            with np.load(draws) as file:
                row |= judged(case, {name: file[name] for name in file.files}, row)
        if only != "warm" and "failed" not in row:
            second = process(python, library, case, seed + 1, "cold", caches, draws)
            row["second_seconds"] = second.get("cold_seconds")
            if case.kind == "advi" and second.get("extra"):
                row["second_target_seconds"] = _to_target(case, second)
            row["second_failed"] = second.get("failed")
    row |= {"measured": time.strftime("%Y-%m-%d"), "machine": machine()}
    return row


def judged(case: Case, draws: dict[str, np.ndarray], row: Row) -> Row:
    """Judge the draws of a NUTS case, or the path of an ADVI case."""
    if row["library"] in LIBRARIES["fit"]:
        return asdict(close(case, draws, row["extra"]["pareto_k"], row["extra"]["importance_ess"]))
    if case.kind == "nuts":
        return asdict(judge(case, draws))
    path = row["extra"].pop("path")
    seconds, gap = reached(case, path)
    compiling = row["extra"].get("compiling_seconds")
    if seconds is not None and compiling is not None and "again_seconds" in row:
        seconds -= compiling
    wrong = None if seconds is not None else f"ended {gap:.2f} nats from the best ELBO"
    found: Row = {"target_seconds": seconds, "gap": gap, "wrong": wrong, "snapshots": len(path)}
    first = row["extra"].pop("first_path", None)
    if first:
        seconds, _ = reached(case, first)
        found["cold_target_seconds"] = (
            None if seconds is None else row["before_call_seconds"] + seconds
        )
    return found


def _to_target(case: Case, second: Row) -> float | None:
    seconds, _ = reached(case, second["extra"]["path"])
    return None if seconds is None else second["before_call_seconds"] + seconds


def read(case: str) -> list[Row]:
    """Read what has been measured of a case."""
    path = RESULTS / f"{case}.json"
    return json.loads(path.read_text()) if path.exists() else []


def write(case: str, rows: list[Row]) -> None:
    """Write it, one row a line, so that nothing is lost if it is stopped half-way."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{case}.json"
    text = ",\n".join(json.dumps(row, sort_keys=True) for row in rows)
    new = path.with_suffix(".new")
    new.write_text(f"[\n{text}\n]\n")
    new.replace(path)


def add(row: Row, fresh: bool) -> None:
    """Append a row; the first of a fresh set replaces the older ones of its library."""
    old = read(row["case"])
    if fresh and row["repeat"] == 0:
        old = [r for r in old if r["library"] != row["library"]]
    write(row["case"], [*old, row])


def _python(library: str, chosen: dict[str, str]) -> str:
    """Give the Python that runs a library: one that was named, or that of its environment."""
    shared, folder = ("aliquot", ".venv") if ours(library) else ("peers", ".venv-peers")
    return chosen.get(library) or chosen.get(shared) or str(ROOT / folder / "bin" / "python")


def run(
    cases: list[str],
    libraries: list[str] | None,
    repeats: int,
    *,
    only: str | None = None,
    fresh: bool = False,
    pythons: dict[str, str] | None = None,
) -> None:
    """Measure every library on every case, in turns, `repeats` times."""
    chosen = pythons or {}
    for name in cases:
        if CASES[name].reference is None and not (REFERENCES / f"{name}.json").exists():
            raise FileNotFoundError(
                f"nothing is known of {name}: make a long run by "
                f".venv-peers/bin/python -m benchmarks.peers reference {name}"
            )
    for repeat in range(repeats):
        for name in cases:
            case = CASES[name]
            for library in libraries_of(case):
                if libraries and library not in libraries:
                    continue
                row = measure(_python(library, chosen), library, case, repeat, only)
                add(row, fresh)
                print(line(row), file=sys.stderr, flush=True)


def line(row: Row) -> str:
    """Say in a line what was found."""

    def number(key: str, unit: str, digits: int = 2) -> str:
        value = row.get(key)
        return "" if value is None else f"  {key.replace('_seconds', '')} {value:.{digits}f}{unit}"

    text = f"{row['case']:>26} {row['library']:<13} #{row['repeat']}"
    for key in ("cold_seconds", "second_seconds", "again_seconds", "sampling_seconds"):
        text += number(key, " s")
    text += number("target_seconds", " s") + number("ess", "", 0) + number("off", " errors", 1)
    text += number("gap", "", 3) + number("mean_error", "", 3) + number("sd_error", "", 3)
    for key in ("failed", "wrong", "second_failed"):
        text += f"  {key}: {row[key]}" if row.get(key) else ""
    return text
