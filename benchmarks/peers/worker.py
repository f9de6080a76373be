"""One process: one library, one case.

    python -m benchmarks.peers.worker LIBRARY CASE SEED BEGAN cold|warm DRAWS

BEGAN is the time (``time.time()``) at which the process was asked for. The last line of standard
output is a JSON object; with "warm" an earlier one, without the figures of the second run, stands
before it. Draws of the last run go to the file DRAWS.
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

from benchmarks.peers.case import Run
from benchmarks.peers.cases import CASES
from benchmarks.peers.libraries import module_name


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
        "gradients": run.gradients,
        "gradients_of": run.gradients_of,
        "extra": run.extra,
    }
    np.savez(draws, **run.draws)
    print(json.dumps(plain(found)), flush=True)


def main(library: str, name: str, seed: str, began: str, mode: str, draws: str) -> None:
    case = CASES[name]
    data = case.data()
    started = time.time()
    module = import_module(module_name(library))
    sampler = module.prepare(case, data)
    ready = time.time()
    run = sampler(int(seed))
    if case.kind == "nuts" and not getattr(module, "CHECKS", False):
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
    }
    tell(found, run, Path(draws))
    if mode == "warm":
        began_again = time.perf_counter()
        first = run.extra.get("path")
        run = sampler(int(seed) + 1)
        found["again_seconds"] = time.perf_counter() - began_again
        found |= memory()
        if first:
            run.extra["first_path"] = first
        tell(found, run, Path(draws))


if __name__ == "__main__":
    main(*sys.argv[1:])
