"""How many programs this process has compiled, loaded and kept: for tests, and for the curious."""

from __future__ import annotations

import threading
from typing import Literal, NamedTuple

_lock = threading.Lock()
_numbers = {"compiled": 0, "loaded": 0, "kept": 0}


class Counts(NamedTuple):
    """Programs so far, since the process began."""

    compiled: int
    """By XLA, which takes time."""
    loaded: int
    """From the disk."""
    kept: int
    """Written to the disk."""


def counts() -> Counts:
    """Return the numbers of programs so far.

    Examples
    --------
    >>> from aliquot.compilation import counts
    >>> counts().loaded >= 0
    True
    """
    with _lock:
        return Counts(**_numbers)


def note(event: Literal["compiled", "loaded", "kept"]) -> None:
    """Count one more."""
    with _lock:
        _numbers[event] += 1
