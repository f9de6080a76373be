"""Ctrl-C, noticed even where Python loses it."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def interrupts(*, at_once: bool = True) -> Iterator[threading.Event]:
    """Give an event that is set when Ctrl-C is pressed while the block runs.

    Python raises KeyboardInterrupt wherever the main thread happens to be. In a finaliser or a
    callback of the garbage collector, and JAX has one, it is printed and dropped: then the event
    still says that the user wants to stop. Unless `at_once`, the first Ctrl-C raises nothing: what
    runs asks for the event, so that it keeps what it has; a second one raises. Outside the main
    thread, and where something else handles or ignores the signal, nothing is changed and the event
    stays unset.

    >>> with interrupts() as pressed:
    ...     pressed.is_set()
    False
    """
    pressed = threading.Event()
    main = threading.current_thread() is threading.main_thread()
    if not main or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield pressed
        return

    def handle(number: int, frame: FrameType | None) -> None:
        again = pressed.is_set()
        pressed.set()
        if at_once or again:
            signal.default_int_handler(number, frame)

    signal.signal(signal.SIGINT, handle)
    try:
        yield pressed
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
