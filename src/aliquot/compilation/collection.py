"""Python's search for cycles, put off while programs are traced."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_lock = threading.Lock()
_holders = 0
_were_on = False


@contextmanager
def uncollected() -> Iterator[None]:
    """Return a context without searches for cyclic garbage, in any thread.

    Tracing makes many small objects that live on, and none of the garbage that is searched for:
    a search in the middle of it goes through all of JAX, which takes as long as the tracing. What
    it would have found is found at the next one.

    >>> with uncollected():
    ...     gc.isenabled()
    False
    >>> gc.isenabled()
    True
    """
    global _holders, _were_on
    with _lock:
        if _holders == 0:
            _were_on = gc.isenabled()
            gc.disable()
        _holders += 1
    try:
        yield
    finally:
        with _lock:
            _holders -= 1
            if _holders == 0 and _were_on:
                gc.enable()
