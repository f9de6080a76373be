"""What every test shares: seeds, settings of the libraries used, and a guard on global state."""

from __future__ import annotations

import atexit
import gc
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

# Read when matplotlib and JAX are first imported, here or in a process that a test starts. A
# compilation taken from a cache on disk would hide what a fresh machine does.
os.environ["MPLBACKEND"] = "Agg"
os.environ["JAX_ENABLE_COMPILATION_CACHE"] = "false"
# Our own programs are shared by the workers of one run, which inherit the environment, and by
# nothing else: the folder begins empty.
if "PYTEST_XDIST_WORKER" not in os.environ:
    os.environ["ALIQUOT_CACHE_DIR"] = tempfile.mkdtemp(prefix="aliquot-test-programs-")
    atexit.register(shutil.rmtree, os.environ["ALIQUOT_CACHE_DIR"], ignore_errors=True)

# A shell ignores Ctrl-C for what it runs in the background, and what ignores it cannot be tested.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

import hypothesis
import jax
import numpy as np
import pytest

from tests import seeds

# Written for an environment that has the peers: it is run by hand.
collect_ignore = ["published/by_hmmlearn.py"]

# Traces are many small objects, and live long: to look through them as often as by default takes
# some percent of the time.
gc.set_threshold(50_000, 20, 100)

# Nothing here may depend on how fast the machine is at the moment.
hypothesis.settings.register_profile(
    "fixed",
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("fixed")


SEEDED = "aliquot/seeded"


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("aliquot")
    group.addoption("--seed", type=int, default=0, help="shift every fixed seed (default: 0)")
    group.addoption(
        "--seeded",
        action="store_true",
        help="only tests that an earlier run with --seed saw use one",
    )


_ran = {"tests": 0}


def _pieces_of_memory() -> int:
    maps = Path("/proc/self/maps")  # of Linux
    return maps.read_bytes().count(b"\n") if maps.exists() else 0


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("seed"):
        seeds.shift(config.getoption("seed"))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        seeds.prepare(item)
    if config.getoption("seeded"):
        known = set(config.cache.get(SEEDED, []))
        left_out = [item for item in items if item.nodeid not in known]
        items[:] = [item for item in items if item.nodeid in known]
        config.hook.pytest_deselected(items=left_out)


# A process may have 65,530 pieces of memory, of which each compiled program takes some. JAX keeps
# thousands of operations that were called outside of a program, here with ever new shapes.
MOST_PIECES = 30_000
LOOK_EVERY = 25


def pytest_runtest_teardown(item: pytest.Item) -> None:
    _ran["tests"] += 1
    if _ran["tests"] % LOOK_EVERY == 0 and _pieces_of_memory() > MOST_PIECES:
        jax.clear_caches()
        gc.collect()
    if seeds.shifted() and seeds.asked(item):
        item.user_properties.append((SEEDED, True))


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Say how many tests another seed can change, and keep their names for ``--seeded``."""
    seed = config.getoption("seed")
    if not seed:
        return
    reports = [report for kind in terminalreporter.stats.values() for report in kind]
    ran = [report for report in reports if getattr(report, "when", "") == "teardown"]
    used = {report.nodeid for report in ran if (SEEDED, True) in map(tuple, report.user_properties)}
    if hasattr(config, "cache"):  # else run with -p no:cacheprovider
        known = set(config.cache.get(SEEDED, [])) - {report.nodeid for report in ran}
        config.cache.set(SEEDED, sorted(known | used))
    terminalreporter.write_line(f"--seed {seed}: {len(used)} of {len(ran)} tests use a seed")


@pytest.fixture
def rng() -> np.random.Generator:
    """A generator of random numbers that begins anew, with the same seed, in each test."""
    return np.random.default_rng(20_260_101)


@pytest.fixture(autouse=True)
def users_precision_is_left_alone() -> Iterator[None]:
    """Fail any test after which JAX's global precision is not what it was before."""
    before = jax.config.jax_enable_x64
    yield
    assert jax.config.jax_enable_x64 == before


@pytest.fixture(autouse=True)
def figures_are_closed() -> Iterator[None]:
    """Close the figures that a test has left open."""
    yield
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")
