"""NumPy's matrices on one thread, while chains have the cores.

OpenBLAS, which NumPy comes with, gives matrices of some 60 rows and more to threads of its own.
These wait for one another in loops, and where the cores are busy with chains they wait long: an
eigendecomposition of 63 rows that takes 0.2 ms on one thread took a thousand times as long.
"""

from __future__ import annotations

import ctypes
import importlib
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, wraps
from typing import NamedTuple

# How its functions are called in NumPy's own wheels, and in other builds.
_NAMES = ("scipy_openblas_{}64_", "scipy_openblas_{}", "openblas_{}64_", "openblas_{}")
_lock = threading.Lock()
_inside: list[int] = []  # the number of threads before each use that is under way


class _Threads(NamedTuple):
    get: Callable[[], int]
    set: Callable[[int], None]


@cache
def _openblas() -> _Threads | None:
    """Find the number of threads of NumPy's OpenBLAS; None where NumPy has another library."""
    try:
        library = ctypes.CDLL(importlib.import_module("numpy.linalg._umath_linalg").__file__)
    except (ImportError, OSError, TypeError):
        return None
    for name in _NAMES:
        try:
            return _Threads(
                getattr(library, name.format("get_num_threads")),
                getattr(library, name.format("set_num_threads")),
            )
        except AttributeError:
            continue
    return None


def on_one_thread[**P, R](function: Callable[P, R]) -> Callable[P, R]:
    """Let a function keep NumPy's matrices on its own thread, see :func:`one_thread`."""

    # Its frames are the package's own, so that warnings point at the caller.
    @wraps(function)
    def inner(*args: P.args, **kwargs: P.kwargs) -> R:
        with one_thread():
            return function(*args, **kwargs)

    return inner


@contextmanager
def one_thread() -> Iterator[None]:
    """Keep NumPy's products and factorisations on the thread that asks for them.

    It holds for the whole process, since OpenBLAS knows no other way, and only meanwhile: the last
    use to end sets the number of threads that the first one found. With another library than
    OpenBLAS nothing is changed.

    >>> import numpy as np
    >>> with one_thread():
    ...     values = np.linalg.eigvalsh(np.eye(100))
    >>> float(values.sum())
    100.0
    """
    threads = _openblas()
    if threads is None:
        yield
        return
    with _lock:
        _inside.append(threads.get() if not _inside else _inside[0])
        threads.set(1)
    try:
        yield
    finally:
        with _lock:
            before = _inside.pop()
            if not _inside:
                threads.set(before)
