"""Ctrl-C and SIGTERM, noticed even where Python loses them, and kept from losing what is drawn."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from types import FrameType
from typing import Any

# Of a thread that is one of several at work for another: what that one is told.
_leader: ContextVar[Interrupts | None] = ContextVar("aliquot_leader", default=None)


class Interrupts(threading.Event):
    """Set when the user, or the system, has asked to stop.

    Attributes
    ----------
    held : bool
        Whether being asked raises nothing, however often: for what is over soon and must be whole.
    """

    def __init__(self, *, at_once: bool) -> None:
        super().__init__()
        self.held = False
        self._at_once = at_once
        self._followers: list[Interrupts] = []

    def ask(self, number: int, frame: FrameType | None) -> None:
        """Handle a signal."""
        again = self.is_set()
        self.set()
        if not self.held and (self._at_once or again):
            signal.default_int_handler(signal.SIGINT, frame)

    def set(self) -> None:
        """Note that somebody has asked, also for those that follow."""
        super().set()
        for follower in list(self._followers):
            follower.set()

    @contextmanager
    def leading(self) -> Iterator[None]:
        """Let what `interrupts` gives in this thread be set with this one, while the block runs."""
        token = _leader.set(self)
        try:
            yield
        finally:
            _leader.reset(token)

    @contextmanager
    def followed_by(self, follower: Interrupts) -> Iterator[None]:
        """Set another with this one, while the block runs."""
        self._followers.append(follower)
        if self.is_set():
            follower.set()
        try:
            yield
        finally:
            self._followers.remove(follower)

    @contextmanager
    def raising(self) -> Iterator[None]:
        """Return a context in which being asked raises KeyboardInterrupt again."""
        before, self.held, self._at_once = (self.held, self._at_once), False, True
        try:
            yield
        finally:
            self.held, self._at_once = before


@contextmanager
def interrupts(*, at_once: bool = True) -> Iterator[Interrupts]:
    """Give an event that is set when Ctrl-C is pressed, or SIGTERM comes, while the block runs.

    Python raises KeyboardInterrupt wherever the main thread happens to be. In a finaliser or a
    callback of the garbage collector, and JAX has one, it is printed and dropped: then the event
    still says that the user wants to stop. Unless `at_once`, the first Ctrl-C raises nothing: what
    runs asks for the event, so that it keeps what it has; a second one raises, unless the event is
    ``held``. Outside the main thread, and where something else handles or ignores a signal, nothing
    is changed for it and the event stays unset, unless somebody is `leading` this thread.

    >>> with interrupts() as pressed:
    ...     pressed.is_set()
    False
    """
    asked = Interrupts(at_once=at_once)
    if (leader := _leader.get()) is not None:
        with leader.followed_by(asked):
            yield asked
        return
    usual: dict[int, Any] = {
        signal.SIGINT: signal.default_int_handler,
        signal.SIGTERM: signal.SIG_DFL,
    }
    main = threading.current_thread() is threading.main_thread()
    ours = [n for n, handler in usual.items() if main and signal.getsignal(n) is handler]
    for number in ours:
        signal.signal(number, asked.ask)
    try:
        yield asked
    finally:
        for number in ours:
            signal.signal(number, usual[number])
