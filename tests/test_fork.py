"""A process that is forked after JAX was used is told so, in place of waiting for ever."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="forks are for POSIX")

# Each process is ended by its own alarm where something waits for ever: far more than it takes.
BEGINNING = """
import multiprocessing, os, signal, traceback

import aliquot as aq

signal.alarm({limit})

def write():
    with aq.Model() as model:
        mu = aq.Normal("mu", 0, 1)
        aq.Normal("y", mu, 1, observed=[0.5, 1.5])
    return model

def fit(_=None):
    quiet = dict(progressbar=False, compute_convergence_checks=False)
    trace = aq.sample(20, tune=20, chains=2, random_seed=1, model=write(), **quiet)
    return trace.posterior["mu"].values.tolist()

def in_a_fork(call):
    child = os.fork()
    if child == 0:
        signal.alarm({limit})
        # As the children of multiprocessing do: JAX waits for its threads when a process exits.
        try:
            call()
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
"""
LIMIT = 100


def output(program: str) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", BEGINNING.format(limit=LIMIT) + program],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


CALLS = {
    "sample": "fit()",
    "fit": "aq.fit(100, model=write(), random_seed=1, progressbar=False)",
    "draws": "aq.Normal.dist(0, 1).sample(3, random_seed=1)",
    "density": "aq.Normal.dist(0, 1).log_prob(1.0)",
    "prior": "aq.sample_prior_predictive(3, model=write(), random_seed=1)",
}


@pytest.mark.slow
def test_a_child_says_what_to_do_and_ends_and_the_parent_goes_on() -> None:
    program = f"""
before = fit()
for name, call in {CALLS!r}.items():
    def refused():
        try:
            exec(call)
        except aq.AliquotError as error:
            assert isinstance(error, aq.ForkError)
            print(name, "spawn" in str(error), flush=True)
    assert in_a_fork(refused) == 0
with multiprocessing.get_context("fork").Pool(1, signal.alarm, (60,)) as pool:
    try:
        pool.map(fit, [1])
    except aq.ForkError as error:
        print("pool", "forkserver" in str(error))
print(fit() == before)
"""
    said = [f"{name} True" for name in (*CALLS, "pool")]
    assert output(program).splitlines() == [*said, "True"]


@pytest.mark.slow
def test_a_fork_before_anything_was_computed_works() -> None:
    program = """
model = write()  # traced, not computed
def child():
    print(fit(), flush=True)
assert in_a_fork(child) == 0
with multiprocessing.get_context("fork").Pool(1, signal.alarm, (60,)) as pool:
    print(pool.map(fit, [1])[0])
print(fit())
"""
    first, second, third = output(program).splitlines()
    assert first == second == third
