"""Ctrl-C: the first one ends the fitting, and no further one loses what is being written."""

from __future__ import annotations

import signal
import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from aliquot.errors import PartialResultWarning


class Stopping:
    """Whether Ctrl-C was pressed, and whether it may interrupt now.

    Attributes
    ----------
    pressed : bool
    kept : bool
        Whether the fitting has been interrupted, and goes on to give back what it has.
    """

    def __init__(self) -> None:
        self.pressed = False
        self.kept = False
        self._protected = 0

    @contextmanager
    def protected(self) -> Iterator[None]:
        """Let nothing interrupt the block: that Ctrl-C was pressed is noted."""
        self._protected += 1
        try:
            yield
        finally:
            self._protected -= 1

    @contextmanager
    def noticed(self) -> Iterator[None]:
        """Tell from the library's own warning that an interrupt has been taken up.

        From then on a further one would lose what it keeps.
        """
        with warnings.catch_warnings():
            warnings.simplefilter("always", PartialResultWarning)
            shown = warnings.showwarning

            def show(message: Any, category: Any, *rest: Any, **more: Any) -> None:
                if issubclass(category, PartialResultWarning):
                    self.kept = True
                else:
                    shown(message, category, *rest, **more)

            warnings.showwarning = show
            yield

    def handle(self, number: int, frame: FrameType | None) -> None:
        """Take a Ctrl-C."""
        self.pressed = True
        if self.kept or self._protected:
            sys.stderr.write("\nStopping: what there is is being saved.\n")
            return
        signal.default_int_handler(number, frame)


@contextmanager
def stopping() -> Iterator[Stopping]:
    """Handle Ctrl-C while the block runs, in the main thread."""
    state = Stopping()
    if threading.current_thread() is not threading.main_thread():
        yield state
        return
    before = signal.signal(signal.SIGINT, state.handle)
    try:
        yield state
    finally:
        signal.signal(signal.SIGINT, before)
