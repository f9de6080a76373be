"""Compiled programs: quickly, and kept from one run of the tests to the next.

XLA takes more than half of the time that the tests take, and most programs are the same as in the
run before. JAX keeps them by their text and all that the compiler depends on, so what is loaded is
what would have been compiled. A fresh checkout begins with an empty folder, and `make clean` leaves
none. Processes that tests start compile everything, as on a user's machine.
"""

from __future__ import annotations

import hashlib
import math
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import jax
from jax.experimental.compilation_cache import compilation_cache

from aliquot.compilation import door
from aliquot.compilation.machine import processor

# What is compiled once and run once.
FAST = {"xla_backend_optimization_level": 0}
FOLDER = Path(__file__).parents[1] / ".jax_cache"
# A run leaves a part of it; programs of sources that have changed since are never deleted else.
_MOST_BYTES = 2 * 2**30


def keep() -> None:
    """Have this process load what an earlier run on this processor has compiled."""
    named = processor()
    if named is None:  # machine code may hold instructions that this one has not
        return
    # In force although the environment says otherwise to the processes that tests start.
    jax.config.update("jax_enable_compilation_cache", True)
    folder = FOLDER / hashlib.sha256(named.encode()).hexdigest()[:16]
    jax.config.update("jax_compilation_cache_dir", str(folder))
    # Also what takes little to compile: there are thousands.
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)
    # What JAX has loaded cannot be written again.
    door.WORTH_KEEPING_SECONDS = math.inf


@contextmanager
def left_aside() -> Iterator[None]:
    """Return a context in which JAX loads nothing that it has not compiled in this process."""
    before = jax.config.jax_enable_compilation_cache
    jax.config.update("jax_enable_compilation_cache", False)
    compilation_cache.reset_cache()
    yield
    jax.config.update("jax_enable_compilation_cache", before)
    compilation_cache.reset_cache()


def forget_if_many() -> None:
    """Delete all that is kept once it takes much of a disk."""
    if sum(file.stat().st_size for file in FOLDER.glob("*/*")) > _MOST_BYTES:
        shutil.rmtree(FOLDER, ignore_errors=True)


def quick(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile as fast as can be: operation by operation takes ten times as long, each one anew."""
    return jax.jit(function, compiler_options=FAST)
