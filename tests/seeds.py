"""``--seed n``: the tests with other random numbers.

A statistical test with a fixed seed is one sample of a test that has to hold for all. After `shift`
each fixed seed, the tests' and the program's own, begins another sequence: one for each pair of
seed and n, independent of all others. Sequences come from four places, and all of them are met:
``numpy.random.default_rng``, ``numpy.random.SeedSequence``, ``jax.random.key`` and hypothesis.

A test whose assertion is about certain numbers takes them from `fixed`, or writes them down. What a
page or a notebook draws as its data stays what it is: its text is about these numbers.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import hypothesis
import jax
import numpy as np

_NumPySequence = np.random.SeedSequence
_numpy_rng = np.random.default_rng
_jax_key = jax.random.key

# The name of the module that a page's or a notebook's own code runs in.
PAGE = "__main__"

_by = 0
# What asked for a fixed seed: tests by their node, modules at their import by their name.
_tests: set[str] = set()
_modules: set[str] = set()


def fixed(seed: Any) -> np.random.Generator:
    """Give NumPy's generator with this very seed, whatever ``--seed`` says."""
    return _numpy_rng(seed)


def shift(by: int) -> None:
    """Let every fixed seed begin another sequence from now on."""
    global _by
    _by = by
    np.random.SeedSequence = Sequence
    np.random.default_rng = _rng
    jax.random.key = _key


def program(root: Path) -> str:
    """Give a program that shifts the seeds of the process that runs it as they are shifted here."""
    _note()
    return (
        f"import sys; sys.path.insert(0, {str(root)!r})\n"
        f"from tests import seeds; seeds.shift({_by}); del sys.path[0]"
    )


def shifted() -> int:
    """Say by how much; 0 where nothing is shifted."""
    return _by


def prepare(item: Any) -> None:
    """Hand the shift to hypothesis, where a test is one of its own."""
    test = getattr(item, "obj", None)
    if _by and hypothesis.is_hypothesis_test(test):
        hypothesis.seed(_by)(test)
        _tests.add(item.nodeid)


def asked(item: Any) -> bool:
    """Whether a test, or the module it stands in, has asked for a fixed seed."""
    if item.nodeid in _tests:
        return True
    module = getattr(item, "module", None)
    return module is not None and not _modules.isdisjoint(_used_by(module))


def _used_by(module: Any) -> set[str]:
    """Name a module and those that what it imports comes from."""
    values = list(vars(module).values())
    names = [
        getattr(value, "__module__", None) or getattr(value, "__name__", "") for value in values
    ]
    return {module.__name__, *(name for name in names if isinstance(name, str))}


def _note() -> None:
    current = os.environ.get("PYTEST_CURRENT_TEST")
    if current is not None:
        _tests.add(current.rpartition(" (")[0])
        return
    frame = sys._getframe(1)
    while frame is not None:
        if frame.f_code.co_name == "<module>":
            _modules.add(frame.f_globals.get("__name__", ""))
        frame = frame.f_back


class Sequence(_NumPySequence):
    """NumPy's, with the shift as a further word of the key by which it was spawned."""

    def __init__(self, entropy: Any = None, *, spawn_key: Any = (), **options: Any) -> None:
        if entropy is not None:
            _note()
            spawn_key = (*spawn_key, _by)
        super().__init__(entropy, spawn_key=spawn_key, **options)


def _rng(seed: Any = None) -> np.random.Generator:
    ready = _NumPySequence | np.random.BitGenerator | np.random.Generator | np.random.RandomState
    by_a_page = sys._getframe(1).f_globals.get("__name__") == PAGE
    as_it_is = seed is None or isinstance(seed, ready) or by_a_page
    return _numpy_rng(seed if as_it_is else Sequence(seed))


def _key(seed: Any, **options: Any) -> Any:
    if isinstance(seed, int | np.integer):
        seed = int(Sequence(int(seed) % 2**64).generate_state(1)[0])
    return _jax_key(seed, **options)
