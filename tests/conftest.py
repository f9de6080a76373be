"""What every test shares: seeds, settings of the libraries used, and a guard on global state."""

from __future__ import annotations

import atexit
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator

# Read when matplotlib and JAX are first imported, here or in a process that a test starts. A
# compilation taken from a cache on disk would hide what a fresh machine does.
os.environ["MPLBACKEND"] = "Agg"
os.environ["JAX_ENABLE_COMPILATION_CACHE"] = "false"
# Our own programs are shared by the workers of one run, which inherit the environment, and by
# nothing else: the folder begins empty.
if "PYTEST_XDIST_WORKER" not in os.environ:
    os.environ["ALIQUOT_CACHE_DIR"] = tempfile.mkdtemp(prefix="aliquot-test-programs-")
    atexit.register(shutil.rmtree, os.environ["ALIQUOT_CACHE_DIR"], ignore_errors=True)

import hypothesis
import jax
import numpy as np
import pytest

hypothesis.settings.register_profile("fixed", derandomize=True, deadline=None, database=None)
hypothesis.settings.load_profile("fixed")


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
