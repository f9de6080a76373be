"""One process: one library, one case.

    python -m benchmarks.peers.worker LIBRARY CASE SEED BEGAN cold|warm DRAWS

BEGAN is the time (``time.time()``) at which the process was asked for. The last line of standard
output is a JSON object, with what is known by then: with "warm" there is one before it, without the
figures of the second run, and there may be one behind it, with what has been counted. Draws of the
last run go to the file DRAWS.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.peers.case import Case, Data, Run, Sampler
from benchmarks.peers.cases import CASES
from benchmarks.peers.fingerprint import library_print
from benchmarks.peers.libraries import module_name

SETS_SECONDS = 120.0


def check(run: Run) -> None:
    """Look at R-hat and ESS of all that was drawn, as users of the library would."""
    import arviz_base
    import arviz_stats

    tree = arviz_base.from_dict({"posterior": run.draws})
    arviz_stats.rhat(tree)
    arviz_stats.ess(tree)


def memory() -> dict[str, float]:
    """Give the peak of this process, and of the largest of its children, in MB."""
    unit = 1e6 if sys.platform == "darwin" else 1e3
    who = {"memory_mb": resource.RUSAGE_SELF, "children_mb": resource.RUSAGE_CHILDREN}
    return {name: resource.getrusage(whose).ru_maxrss / unit for name, whose in who.items()}


def plain(value: Any) -> Any:
    """Make what NumPy and JAX give fit for JSON."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, str | int | float) or value is None:
        return value
    return np.asarray(value).tolist()


def tell(found: dict[str, Any], run: Run, draws: Path) -> None:
    """Print what is known, after the clocks have been read."""
    found |= {
        "sampling_seconds": run.sampling_seconds,
        "chain_seconds": run.chain_seconds,
        "gradients": run.gradients,
        "gradients_of": run.gradients_of,
        "extra": run.extra,
    }
    np.savez(draws, **run.draws)
    print(json.dumps(plain(found)), flush=True)


def of_sets(case: Case, prepared: Any, data: Data) -> Sampler:
    """Make a sampler that goes through data sets: the first one in its first call, then all.

    It ends after `SETS_SECONDS`; how many it did is how many there are draws of.
    """
    calls = 0

    def sampler(seed: int) -> Run:
        nonlocal calls
        calls += 1
        began, drawn = time.perf_counter(), []
        for i, y in enumerate(data["y"] if calls > 1 else data["y"][:1]):
            drawn.append(prepared(seed + i, y))
            if time.perf_counter() - began > SETS_SECONDS:
                break
        seconds = time.perf_counter() - began
        return Run({"means": np.stack(drawn, axis=2)}, seconds)

    return sampler


def main(library: str, name: str, seed: str, began: str, mode: str, draws: str) -> None:
    case = CASES[name]
    data = case.data()
    started = time.time()
    module = import_module(module_name(library))
    if case.kind == "sets":
        sampler = of_sets(case, module.prepare_sets(case, data), data)
    else:
        sampler = module.prepare(case, data)
    ready = time.time()
    run = sampler(int(seed))
    if case.kind != "advi" and not getattr(module, "CHECKS", False):
        check(run)
    ended = time.time()
    found: dict[str, Any] = {
        "version": module.VERSION(),
        "settings": module.SETTINGS,
        "cold_seconds": ended - float(began),
        "prepare_seconds": ready - started,
        "first_call_seconds": ended - ready,
        "before_call_seconds": ready - float(began),
        **memory(),
        "library_print": library_print(library, as_installed=True),
    }
    found["done"] = mode == "cold"
    tell(found, run, Path(draws))
    if mode == "warm":
        began_again = time.perf_counter()
        first = run.extra.get("path")
        run = sampler(int(seed) + 1)
        found["again_seconds"] = time.perf_counter() - began_again
        found |= memory()
        if first:
            run.extra["first_path"] = first
        found["done"] = True
        tell(found, run, Path(draws))
        if run.count is not None:
            found |= run.count()
            print(json.dumps(plain(found)), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
