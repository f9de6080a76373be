"""Fit hmmlearn's GaussianHMM to ``speed.csv``, and write what it finds into ``results.json``.

hmmlearn has published no fits to data that are at hand, so this one is made here, by maximum
likelihood (without its prior of variances), the best of twenty starts, in the peers' environment.
With three states there is no maximum: a state of one row has a variance of 0.

    .venv-peers/bin/python tests/published/by_hmmlearn.py
"""

from __future__ import annotations

import json
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from hmmlearn.hmm import GaussianHMM

HERE = Path(__file__).parent
RESULTS = HERE / "results.json"
TOLERANCE, STARTS, DIGITS = 1e-9, 20, 6


def texts(values: Any) -> Any:
    """Write numbers with as many digits as are kept, in lists as deep as they are."""
    if isinstance(values, list):
        return [texts(value) for value in values]
    return f"{values:.{DIGITS}f}"


def fitted(y: np.ndarray, states: int) -> GaussianHMM:
    """Give the fit of highest likelihood, states in ascending order of their means."""
    options = {"covars_prior": 0.0, "n_iter": 100_000, "tol": TOLERANCE}
    fits = [GaussianHMM(states, random_state=seed, **options).fit(y) for seed in range(STARTS)]
    return max(fits, key=lambda fit: fit.score(y))


def case(y: np.ndarray, states: int) -> dict[str, Any]:
    fit = fitted(y, states)
    order = np.argsort(fit.means_[:, 0])
    parameters = {
        "init": fit.startprob_[order],
        "P": fit.transmat_[np.ix_(order, order)],
        "mu": fit.means_[order, 0],
        "sigma": np.sqrt(fit.covars_[order, 0, 0]),
    }
    found = fit.score(y)
    return {
        "data": "speed.csv",
        "columns": ["rt"],
        "model": "hidden Markov chain, normal",
        "components": states,
        "source": f"hmmlearn {version('hmmlearn')}, GaussianHMM({states}), by by_hmmlearn.py",
        "log_likelihood": texts(found),
        "df": int(sum(fit._get_n_fit_scalars_per_param().values())),
        "AIC": texts(fit.aic(y)),
        "BIC": texts(fit.bic(y)),
        "n": len(y),
        "sizes": np.bincount(fit.predict_proba(y)[:, order].argmax(axis=1)).tolist(),
        # hmmlearn's is of the gain itself, not of its part of the log likelihood.
        "tolerance": TOLERANCE / abs(found),
        "parameters": {name: texts(value.tolist()) for name, value in parameters.items()},
    }


def main() -> None:
    """Put the cases behind the others, a line for each of their entries."""
    y = np.genfromtxt(HERE / "speed.csv", delimiter=",", skip_header=1, usecols=2)[:, None]
    made = {f"speed, {k} states, hmmlearn": case(y, k) for k in (2,)}
    text = RESULTS.read_text(encoding="utf-8")
    known = json.loads(text)
    old = next((name for name in known if name.endswith("hmmlearn")), None)
    kept = text[: text.index(f'"{old}"')] if old else text.rstrip()[:-1].rstrip() + ",\n"
    parts = []
    for name, entries in made.items():
        lines = [f"  {json.dumps(key)}: {json.dumps(value)}" for key, value in entries.items()]
        parts.append(f"{json.dumps(name)}: {{\n" + ",\n".join(lines) + "}")
    RESULTS.write_text(kept + ",\n".join(parts) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
