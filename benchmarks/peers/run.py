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
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.peers.case import Case
from benchmarks.peers.cases import CASES
from benchmarks.peers.elbo import reached
from benchmarks.peers.fingerprint import case_print, current
from benchmarks.peers.judge import close, has_reference, judge, judge_sets
from benchmarks.peers.libraries import LIBRARIES, libraries_of, ours
from benchmarks.peers.machine import machine
from benchmarks.peers.summary import fastest, summarise

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
    # What is only counted after the clocks have been read may be late.
    done = found.pop("done", False)
    if late and not done:
        found["failed"] = f"not finished in {case.limit:g} s"
    elif not late and child.returncode != 0:
        found["failed"] = said[-1] if said else f"exit status {child.returncode}"
    return found


def first(python: str, library: str, case: Case, seed: int, folder: Path) -> Row:
    """Measure a library on a case in a process with empty caches: cold, then once compiled."""
    caches, draws = folder / "caches", folder / "draws.npz"
    (caches / "xdg").mkdir(parents=True)
    row: Row = {"case": case.name, "library": library}
    row |= process(python, library, case, seed, "warm", caches, draws)
    if draws.exists() and "sampling_seconds" in row:
        with np.load(draws) as file:
            row |= judged(case, {name: file[name] for name in file.files}, row)
        draws.unlink()
    return row | {
        "case_print": case_print(case.name, library),
        "measured": time.strftime("%Y-%m-%d"),
        "machine": machine(),
    }


def second(python: str, library: str, case: Case, seed: int, folder: Path) -> Row:
    """Measure a process that finds the caches that the first one filled."""
    draws = folder / "draws.npz"
    found = process(python, library, case, seed, "cold", folder / "caches", draws)
    row: Row = {"second_seconds": found.get("cold_seconds"), "second_failed": found.get("failed")}
    if case.kind == "advi" and found.get("extra"):
        row["second_target_seconds"] = _to_target(case, found)
    return row


def judged(case: Case, draws: dict[str, np.ndarray], row: Row) -> Row:
    """Judge the draws of a NUTS case, or the path of an ADVI case."""
    if row["library"] in LIBRARIES["fit"]:
        return asdict(close(case, draws, row["extra"]["pareto_k"], row["extra"]["importance_ess"]))
    if case.kind == "nuts":
        return asdict(judge(case, draws))
    if case.kind == "sets":
        return asdict(judge_sets(case, draws["means"]))
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


def add(row: Row, replaced: Callable[[Row], bool]) -> None:
    """Append a row. What does not count any more goes, and what the row replaces."""
    old = [r for r in read(row["case"]) if current(r) and not replaced(r)]
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
    fresh: bool = False,
    pythons: dict[str, str] | None = None,
) -> None:
    """Measure every library on every case, in turns, `repeats` times."""
    for name in cases:
        if not has_reference(CASES[name]):
            raise FileNotFoundError(
                f"nothing is known of {name}: make what to judge by with "
                f".venv-peers/bin/python -m benchmarks.peers reference {name}"
            )
    began = time.strftime("%Y-%m-%dT%H:%M:%S")
    late: set[tuple[str, str]] = set()
    for repeat in range(repeats):
        for name in cases:
            case = CASES[name]
            chosen = [
                x
                for x in libraries_of(case)
                if (not libraries or x in libraries) and (name, x) not in late
            ]
            # Each repeat begins with another one.
            start = repeat % max(len(chosen), 1)
            chosen = [*chosen[start:], *chosen[:start]]
            rows = _turn(case, chosen, f"{began}#{repeat}", repeat, fresh, pythons or {})
            # Who has not finished once is not waited for again.
            late |= {
                (name, x) for x, row in rows.items() if "not finished" in row.get("failed", "")
            }


def _turn(
    case: Case, libraries: list[str], turn: str, repeat: int, fresh: bool, pythons: dict[str, str]
) -> dict[str, Row]:
    """Measure libraries on a case once, one after another.

    Second processes are those of Aliquot and of the fastest peers, by what is known so far.
    """
    seed = 1_000 * (repeat + 1)
    rows: dict[str, Row] = {}
    with tempfile.TemporaryDirectory() as folder:
        for library in libraries:
            where = Path(folder) / library
            row = first(_python(library, pythons), library, case, seed, where)
            rows[library] = row | {"turn": turn, "repeat": repeat}
            add(
                rows[library],
                lambda r, x=library: fresh and r["library"] == x and r["turn"][:19] < turn[:19],
            )
            print(line(rows[library]), file=sys.stderr, flush=True)
        fast = fastest(summarise([r for r in read(case.name) if current(r)]), case)
        for library in libraries:
            if (ours(library) or library in fast) and "failed" not in rows[library]:
                where = Path(folder) / library
                found = second(_python(library, pythons), library, case, seed + 1, where)
                rows[library] |= found
                add(rows[library], lambda r, x=library: (r["library"], r["turn"]) == (x, turn))
                print(line(rows[library], ("second_seconds",)), file=sys.stderr, flush=True)
    return rows


CLOCKS = ("cold_seconds", "again_seconds", "sampling_seconds", "target_seconds")


def line(row: Row, clocks: tuple[str, ...] = CLOCKS) -> str:
    """Say in a line what was found."""

    def number(key: str, unit: str, digits: int = 2) -> str:
        value = row.get(key)
        return "" if value is None else f"  {key.replace('_seconds', '')} {value:.{digits}f}{unit}"

    text = f"{row['case']:>26} {row['library']:<13} #{row['repeat']}"
    for key in clocks:
        text += number(key, " s")
    if clocks == CLOCKS:
        text += number("ess", "", 0) + number("right_sets", "", 0) + number("off", " errors", 1)
        text += number("gap", "", 3) + number("mean_error", "", 3) + number("sd_error", "", 3)
    for key in ("failed", "wrong", "second_failed"):
        text += f"  {key}: {row[key]}" if row.get(key) else ""
    if not current(row):
        text += "  of other code or versions than those here: the page will leave it out"
    return text
