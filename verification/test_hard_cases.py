"""Chains that end where the mass is, on models with modes that hold none of it or only a part.

Each run is one of `sample` by its default settings, on data of a seed of its own. It is right where
every chain is about as high as draws around a mode with mass, and each mode has its share of all
draws; else it should say so. Bounds are in `hard_cases_verdict`, what is right in
`hard_cases_oracle`.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from tests import seeds
from verification.hard_cases import CASES
from verification.hard_cases_oracle import oracle_of
from verification.hard_cases_verdict import Verdict, verdict_of, wrongs

RUNS = int(os.environ.get("ALIQUOT_HARD_RUNS", "20"))
# So many of all runs on models of so many coordinates at most are right.
RIGHT, COORDINATES = 0.95, 30
# By chance a program of which that holds exactly falls below the bound once in so many times.
FAILURE = 1e-4


def verdicts(name: str) -> list[Verdict]:
    """Run a case, or give what another test of this session has found."""
    return [_kept(name, seed) for seed in range(RUNS)]


def _kept(name: str, seed: int) -> Verdict:
    # The folder is shared by the workers of one session and by nothing else: tests/conftest.py.
    place = f"{list(CASES).index(name)}-{seed}-{seeds.shifted()}.json"
    file = Path(os.environ["ALIQUOT_CACHE_DIR"]) / "hard-cases" / place
    if file.exists():
        return Verdict(**json.loads(file.read_text(encoding="utf-8")))
    found = verdict_of(name, seed)
    file.parent.mkdir(parents=True, exist_ok=True)
    written = file.with_suffix(f".{os.getpid()}")
    written.write_text(json.dumps(asdict(found)), encoding="utf-8")
    written.replace(file)
    return found


def test_exact_draws_are_right_and_others_are_not(rng):
    model, truth = CASES["a parameter with two modes, .3 and .7"](0)
    oracle = oracle_of(model, truth, 0)
    lp, sides = np.zeros((4, 1_000)), np.where(rng.random((4, 1_000)) < 0.3, -20.0, 20.0)
    stays = np.broadcast_to([[-20.0], [20.0], [20.0], [20.0]], lp.shape)
    assert not wrongs({"x": sides}, lp, oracle)
    assert wrongs({"x": stays}, lp, oracle)
    assert wrongs({"x": np.full_like(lp, 20.0)}, lp, oracle)
    high = replace(oracle, heights=np.array([-3.0, 0.0]))
    assert not wrongs({"x": sides}, lp - 12.0, high)
    assert wrongs({"x": sides}, lp - np.array([[14.0], [0.0], [0.0], [0.0]]), high)
    assert wrongs({"x": sides}, lp + np.array([[11.0], [0.0], [0.0], [0.0]]), high)


@pytest.mark.parametrize("name", CASES)
def test_chains_are_where_the_mass_is_or_it_is_said(verified, name):
    found = verdicts(name)
    right, silent = sum(v.right for v in found), sum(v.silent for v in found)
    announced = len(found) - right - silent
    seconds = np.median([v.seconds for v in found])
    verified(
        what=f"{name}: d = {found[0].size}",
        against=found[0].against,
        cases=len(found),
        worst=f"right {right} of {len(found)}, announced {announced}, silent {silent}; "
        f"{seconds:.0f} s a run",
    )
    assert not silent, [v.note for v in found if v.silent]


def test_nearly_all_runs_on_models_of_few_coordinates_are_right(verified):
    found = [v for name in CASES for v in verdicts(name) if v.size <= COORDINATES]
    right = sum(v.right for v in found)
    least = int(stats.binom.ppf(FAILURE, len(found), RIGHT))
    verified(
        what=f"all runs on models of {COORDINATES} coordinates at most",
        against=f"{RIGHT:.0%} right: at least {least}, which chance misses once in 10,000 times",
        cases=len(found),
        worst=f"right {right} of {len(found)}",
    )
    assert right >= least
