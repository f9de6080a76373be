"""Threads that work ahead while others wait, and do not break the end of the process."""

from __future__ import annotations

import atexit
import signal
import threading
import weakref
from contextvars import copy_context
from typing import Any

_running: weakref.WeakSet[threading.Thread] = weakref.WeakSet()


class Background(threading.Thread):
    """A thread that a process waits for at its end, once nothing else is left to do.

    A thread in the middle of native code cannot be stopped: were the interpreter to end below it,
    the C++ runtime would end the process ("terminate called without an active exception"). What it
    is at ends in its own time, whatever keys are pressed meanwhile.

    >>> thread = Background(target=print, args=("ahead",))
    >>> thread.start()
    ahead
    >>> thread.join()
    """

    def __init__(self, **arguments: Any) -> None:
        super().__init__(daemon=True, **arguments)

    def start(self) -> None:
        """Begin, in the context of the caller: what holds in its block holds here."""
        _running.add(self)
        self._context = copy_context()
        super().start()

    def run(self) -> None:
        """Work."""
        self._context.run(self.work)

    def work(self) -> None:
        """Do what the thread is for: call the target."""
        super().run()


@atexit.register
def wait_for_all() -> None:
    """Let all come to their end, as a process does before it ends."""
    left = [thread for thread in _running if thread.is_alive()]
    if not left:
        return
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    for thread in left:
        thread.join()
