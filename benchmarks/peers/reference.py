"""What cases are judged by where nothing exact or published is known.

That is the case's own implementation in NumPy where it has one, else a long run of a peer. Run with
the peers' Python: ``.venv-peers/bin/python -m benchmarks.peers reference CASE``.
"""

from __future__ import annotations

import json
from dataclasses import replace
from importlib import import_module

from benchmarks.peers.case import Case
from benchmarks.peers.importance import rounded
from benchmarks.peers.judge import REFERENCES, statistics
from benchmarks.peers.libraries import module_name

DRAWS, TUNE, CHAINS = 5_000, 2_000, 4
PEERS = {"hmm-3x2000": "numpyro", "mixture-5d": "numpyro"}
"""By whom, where it is not nutpie: these take it long."""


def make(case: Case) -> None:
    """Write what a case is judged by: moments of draws, or the best ELBO."""
    REFERENCES.mkdir(exist_ok=True)
    if case.independent is not None:
        found = case.independent(case.data())
    elif case.kind == "advi":
        found = _best_elbo(case)
    else:
        found = _moments(case)
    (REFERENCES / f"{case.name}.json").write_text(json.dumps(found, indent=1) + "\n")


def _best_elbo(case: Case) -> dict[str, object]:
    from benchmarks.peers.elbo import optimum

    return optimum(case)


def _moments(case: Case) -> dict[str, object]:
    peer = PEERS.get(case.name, "nutpie")
    library = import_module(module_name(peer))
    long = replace(case, draws=DRAWS, tune=TUNE, chains=CHAINS, target_accept=0.9)
    run = library.prepare(long, case.data())(2026)
    quantities, worst = {}, 0.0
    for name in case.quantities:
        values = run.draws[name].reshape(CHAINS, DRAWS, -1)
        _, rhat, mcse = statistics(values)
        worst = max(worst, float(rhat.max()))
        flat = values.reshape(CHAINS * DRAWS, -1)
        rows = {"mean": flat.mean(0), "sd": flat.std(0, ddof=1), "mcse": mcse}
        quantities[name] = {key: rounded(value) for key, value in rows.items()}
    if not worst < 1.01:
        raise RuntimeError(f"{case.name}: the long run has R-hat {worst:.3f}: nothing to judge by")
    source = f"{peer} {library.VERSION()}, {CHAINS} chains of {DRAWS:,} draws"
    return {"source": source, "rhat": round(worst, 5), "quantities": quantities}
