"""Whether a sample of a hard case is right, wrong but announced, or neither."""

from __future__ import annotations

import time
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

import aliquot as aq
from aliquot.diagnostics import Diagnosis
from aliquot.errors import ConvergenceWarning
from aliquot.inference.labels import judge
from verification.hard_cases import CASES
from verification.hard_cases_oracle import Oracle, oracle_of

# So far a chain's median log density may be from that of draws about a mode with mass, in nats.
NATS = 10.0
# Shares of draws may be off by so many standard deviations of as many independent draws as
# `aq.check` is content with, and those of one chain by its part of them: chance explains more in
# one of 10 million shares.
DEVIATIONS, INDEPENDENT, ROUNDING = 5.5, 400, 1e-6
# One draw in so many is enough to compute shares from.
THIN = 5


@dataclass(frozen=True)
class Verdict:
    """What became of one run."""

    size: int  # unconstrained coordinates
    right: bool
    announced: bool  # whether anything but labels was said to be wrong
    seconds: float
    against: str  # what it was judged by
    note: str

    @property
    def silent(self) -> bool:
        """Whether it was wrong, and nothing said so."""
        return not self.right and not self.announced


def verdict_of(name: str, seed: int) -> Verdict:
    """Sample a case by default settings and judge the draws."""
    model, truth = CASES[name](seed)
    began = time.perf_counter()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        trace = aq.sample(random_seed=seed, progressbar=False, model=model)
    seconds = time.perf_counter() - began
    said = [str(w.message) for w in caught if issubclass(w.category, ConvergenceWarning)]
    density = model.density()
    announced = alarmed(said, judge(trace, density, model.symmetries(explain=False)))
    values = values_of(trace)
    last = {slot.variable.name: values[slot.variable.name][:, -1] for slot in density.slots}
    oracle = oracle_of(model, truth, seed, list(density.unconstrain_draws(last)))
    wrong = wrongs(values, trace.sample_stats["lp"].values, oracle)
    note = "; ".join([oracle.note, *wrong])
    return Verdict(density.size, not wrong, announced, seconds, oracle.against, note)


def alarmed(said: Sequence[str], found: Diagnosis) -> bool:
    """Whether warnings or findings say that draws may be wrong.

    That labels have switched does not count: the message says that nothing else is wrong.
    """
    labels = found.messages.get("label_switching")
    return any(kind != "label_switching" for kind in found.messages) or any(
        text != labels for text in said
    )


def values_of(trace: Any) -> dict[str, np.ndarray]:
    """Give the draws by name, (chain, draw, ...)."""
    posterior = trace["posterior"].dataset
    return {
        str(name): array.transpose("chain", "draw", ...).values for name, array in posterior.items()
    }


def wrongs(values: Mapping[str, np.ndarray], lp: np.ndarray, oracle: Oracle) -> list[str]:
    """Say what is wrong with draws (chain, draw, ...) and their log density (chain, draw)."""
    found = []
    if oracle.heights.size:
        middle = np.median(lp, axis=1)
        off = middle[:, None] - oracle.heights
        nearest = off[np.arange(len(off)), np.abs(off).argmin(axis=1)]
        far = np.flatnonzero(np.abs(nearest) > NATS)
        if far.size:
            shown = ", ".join(f"{nearest[chain]:+.0f}" for chain in far)
            found.append(f"{far.size} chains off by {shown} nats")
    if oracle.regions is not None and oracle.shares is not None and oracle.errors is not None:
        thinned = {name: array[:, ::THIN] for name, array in values.items()}
        flat = {name: array.reshape(-1, *array.shape[2:]) for name, array in thinned.items()}
        seen = oracle.regions(flat).reshape(len(lp), -1, oracle.shares.size).mean(axis=1)
        all_draws = _far(seen.mean(axis=0), oracle, INDEPENDENT)
        one_chain = [share for each in seen for share in _far(each, oracle, INDEPENDENT / len(lp))]
        if all_draws:
            found.append(f"shares of {', '.join(all_draws)}")
        elif one_chain:
            found.append(f"within a chain shares of {', '.join(one_chain)}")
    return found


def _far(seen: np.ndarray, oracle: Oracle, independent: float) -> list[str]:
    """Say which shares (R,) are off by more than so many independent draws explain."""
    exact, errors = oracle.shares, oracle.errors
    assert exact is not None and errors is not None
    bound = DEVIATIONS * np.sqrt(exact * (1 - exact) / independent + errors**2) + ROUNDING
    return [
        f"{seen[region]:.2f} and not {exact[region]:.2f}"
        for region in np.flatnonzero(np.abs(seen - exact) > bound)
    ]
