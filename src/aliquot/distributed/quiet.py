"""What a native library prints where it should not."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress


@contextmanager
def quiet_output() -> Iterator[None]:
    """Drop what native code writes to the standard output in the block.

    Gloo says there which processes it has connected, in a script's own output.
    """
    try:
        sys.stdout.flush()
        kept = os.dup(1)
    except (OSError, ValueError, AttributeError):  # closed, or none
        yield
        return
    try:
        with open(os.devnull, "wb") as nothing:  # noqa: PTH123 (of the descriptor)
            os.dup2(nothing.fileno(), 1)
        yield
    finally:
        with suppress(OSError, ValueError):
            sys.stdout.flush()
        os.dup2(kept, 1)
        os.close(kept)
