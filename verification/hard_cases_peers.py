"""The same verdicts on NumPyro's and PyMC's NUTS, by their default settings, on some hard cases.

By hand, once ``make .venv-peers/.ready`` has made their environment:
``python -m verification.hard_cases_peers --seeds 5``. A run counts as announced where R-hat is
above 1.01 for any number, or a draw after tuning diverged.
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
from pathlib import Path

import numpy as np

from aliquot.diagnostics.statistics import rhat
from aliquot.variational.heights import log_densities
from verification.hard_cases import CASES
from verification.hard_cases_oracle import oracle_of
from verification.hard_cases_peers_worker import CASES as COMPARED
from verification.hard_cases_peers_worker import DRAWS as LIBRARIES
from verification.hard_cases_verdict import Verdict, wrongs

HERE = Path(__file__).parent
PYTHON = HERE.parent / ".venv-peers" / "bin" / "python"
RHAT_MOST = 1.01


def verdict_on(library: str, name: str, seed: int, python: Path) -> Verdict:
    """Let a library sample a case, and judge the draws in the coordinates of ours."""
    model, truth = CASES[name](seed)
    density = model.density()
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "data.npz", Path(folder) / "draws.npz"
        np.savez(source, **truth.data)
        worker = HERE / "hard_cases_peers_worker.py"
        command = [str(python), str(worker), library, name, str(seed), str(source), str(target)]
        subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
        with np.load(target) as file:
            values = dict(file)
    divergences, seconds = int(values.pop("_divergences")), float(values.pop("_seconds"))
    flat = {key: value.reshape(-1, *value.shape[2:]) for key, value in values.items()}
    points = density.unconstrain_draws(flat)
    chains = next(iter(values.values())).shape[0]
    lp = log_densities(density, points).reshape(chains, -1)
    oracle = oracle_of(model, truth, seed, list(points.reshape(*lp.shape, -1)[:, -1]))
    wrong = wrongs(values, lp, oracle)
    numbers = [np.moveaxis(v.reshape(*v.shape[:2], -1), -1, 0) for v in values.values()]
    most = max(float(np.nanmax(rhat(each))) for each in numbers)
    announced = most > RHAT_MOST or divergences > 0
    note = "; ".join([oracle.note, f"R-hat {most:.2f}, {divergences} divergences", *wrong])
    return Verdict(density.size, not wrong, announced, seconds, oracle.against, note)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--libraries", nargs="*", default=list(LIBRARIES))
    parser.add_argument("--cases", nargs="*", default=list(COMPARED))
    parser.add_argument("--python", type=Path, default=PYTHON, help="of the peers' environment")
    given = parser.parse_args()
    print("| library | case | right | announced | silent | seconds |")
    print("| --- | --- | ---: | ---: | ---: | ---: |")
    for name in given.cases:
        for library in given.libraries:
            found = [verdict_on(library, name, s, given.python) for s in range(given.seeds)]
            right = sum(v.right for v in found)
            silent = sum(v.silent for v in found)
            seconds = np.median([v.seconds for v in found])
            counts = f"{right} | {len(found) - right - silent} | {silent}"
            print(f"| {library} | {name} | {counts} | {seconds:.1f} |", flush=True)


if __name__ == "__main__":
    main()
