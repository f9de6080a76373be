"""A connection over which two processes say that they are there, and a few words besides.

Each message is a line of JSON, and an empty line is a heartbeat. That a process has ended is known
at once, when the connection breaks; that it hangs, by its silence.
"""

from __future__ import annotations

import json
import os
import socket
import threading
from contextlib import suppress
from typing import Any, NamedTuple

# What is heard of a process that is well: at least so many times within the time for a hang.
BEATS = 10


def interval(timeout: float) -> float:
    """Return the seconds from one heartbeat to the next."""
    return min(1.0, timeout / BEATS)


class Peer(NamedTuple):
    """A process, as a message names it.

    >>> print(Peer(2, "node-3", 4711))
    rank 2 (process 4711 on node-3)
    """

    rank: int
    host: str
    pid: int

    def __str__(self) -> str:
        return f"rank {self.rank} (process {self.pid} on {self.host})"


def this_process(rank: int) -> Peer:
    """Return what this process is called."""
    return Peer(rank, socket.gethostname(), os.getpid())


class Silence:
    """How long nothing was heard, as far as this process was awake to hear it.

    A process that was itself stopped, with its machine or by a debugger, does not take the others
    for silent.
    """

    def __init__(self, timeout: float) -> None:
        self._timeout, self._most = timeout, 2 * interval(timeout)
        self._seconds = 0.0

    def heard(self) -> None:
        """Begin anew."""
        self._seconds = 0.0

    def is_too_long(self, passed: float) -> bool:
        """Add the seconds since the last look, and tell whether it is over."""
        self._seconds += min(passed, self._most)
        return self._seconds > self._timeout


class Tie:
    """One end of a connection; messages may be sent by any thread, and are received by one."""

    def __init__(self, connection: socket.socket) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.connection = connection
        self._sending = threading.Lock()
        self._begun = b""

    def send(self, message: dict[str, Any] | None = None) -> None:
        """Send a message or, without one, a heartbeat; to whoever has gone, nothing."""
        content = b"" if message is None else json.dumps(message).encode()
        with self._sending, suppress(OSError):
            self.connection.sendall(content + b"\n")

    def receive(self) -> list[dict[str, Any]] | None:
        """Return the messages that are there, or None where the other end has gone.

        Raises
        ------
        TimeoutError
            Where there is nothing within the connection's timeout.
        """
        try:
            content = self.connection.recv(65536)
        except TimeoutError:
            raise
        except OSError:
            return None
        if not content:
            return None
        *lines, self._begun = (self._begun + content).split(b"\n")
        return [json.loads(line) for line in lines if line]

    def finish(self) -> None:
        """Let the other end know that nothing more comes.

        The connection is not closed: with something in it that was not read, the system would break
        it off, and what was said last would be lost.
        """
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_WR)
