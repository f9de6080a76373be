"""The statistical tests, with every fixed seed shifted."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
# What has checks of its own here, with more seeds than these.
ELSEWHERE = ("inference/test_priors_by_sampling.py", "inference/test_calibration.py")
FOLDERS = ("diagnostics", "distributions", "inference", "mcmc", "symmetry", "variational")


@pytest.mark.parametrize("seed", range(1, 4))
def test_statistical_tests_hold_for_another_seed(verified, seed):
    folders = [f"tests/{folder}" for folder in FOLDERS]
    command = [sys.executable, "-m", "pytest", "-q", *folders, "--seed", str(seed)]
    command += [f"--ignore=tests/{file}" for file in ELSEWHERE]
    # A worker's mark in the environment would have it take the place of a worker.
    own = {name: value for name, value in os.environ.items() if "PYTEST_XDIST" not in name}
    done = subprocess.run(command, cwd=ROOT, env=own, capture_output=True, text=True)
    passed = re.search(r"(\d+) passed", done.stdout)
    failed = re.findall(r"^(?:FAILED|ERROR) (\S+)", done.stdout, re.MULTILINE)
    verified(
        what=f"tests of {', '.join(FOLDERS)} with SEED={seed}",
        against="their own oracles",
        cases=int(passed[1]) if passed else 0,
        worst=f"{len(failed)} failed" + (f": {', '.join(failed[:5])}" if failed else ""),
    )
    assert done.returncode == 0, done.stdout[-3000:]
