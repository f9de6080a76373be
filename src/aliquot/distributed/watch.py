"""Rank 0's knowledge of the others: who is there, who has gone, and what they report."""

from __future__ import annotations

import selectors
import threading
import time
from collections.abc import Callable
from contextlib import suppress

from aliquot.distributed.tie import Peer, Silence, Tie, interval

# Seconds at the end for what takes milliseconds: that workers hear of it, and sums break off.
MOMENT = 5.0


class Watch:
    """A thread that listens to the workers.

    Parameters
    ----------
    ties : dict
        The connection to each.
    timeout : float
        Seconds of silence after which a process is taken for lost.
    lost : callable
        Told, once, in words, which process is lost.
    """

    def __init__(
        self, ties: dict[Peer, Tie], *, timeout: float, lost: Callable[[str], None]
    ) -> None:
        self._ties = {peer: (tie, Silence(timeout)) for peer, tie in ties.items()}
        self._lost = lost
        self.timeout = timeout
        self._reports: dict[int, list[tuple[Peer, str, str]]] = {}
        self._reported = threading.Condition()
        self._over = threading.Event()

    def begin(self) -> None:
        """Listen from now on."""
        threading.Thread(target=self._watch, name="aliquot-watch", daemon=True).start()

    def reports(self, number: int, count: int) -> list[tuple[Peer, str, str]]:
        """Return who could not do call `number`: process, error, and where it was raised."""
        with self._reported:
            self._reported.wait_for(
                lambda: len(self._reports.get(number, ())) >= count or self._over.is_set(),
                timeout=self.timeout,
            )
            return self._reports.pop(number, [])

    def end(self, why: str = "") -> None:
        """Let the workers end: with status 0, or with another where there is a reason to say."""
        if self._over.is_set():
            return
        self._over.set()
        for tie, _ in self._ties.values():
            tie.send({"why": why})
            tie.finish()
        with self._reported:
            self._reported.notify_all()

    def wait(self, deadline: float) -> None:
        """Give the workers a moment to hear it: what is not yet read is lost with this process."""
        for tie, _ in self._ties.values():
            _wait_until_gone(tie, deadline)

    def _watch(self) -> None:
        selector = selectors.DefaultSelector()
        for peer, (tie, _) in self._ties.items():
            selector.register(tie.connection, selectors.EVENT_READ, peer)
        pause = interval(self.timeout)
        last = beat = time.monotonic()
        while not self._over.is_set():
            try:
                ready = {key.data for key, _ in selector.select(pause / 2)}
            except OSError:
                return
            now = time.monotonic()
            passed, last = now - last, now
            beats = now - beat >= pause / 2
            beat = now if beats else beat
            for peer, (tie, silence) in self._ties.items():
                if beats:
                    tie.send()
                gone = self._is_gone(peer, tie, silence) if peer in ready else ""
                if not gone and silence.is_too_long(passed):
                    gone = (
                        f"has not been heard of for {self.timeout:g} s: it was stopped, or "
                        "its machine cannot be reached"
                    )
                if gone and not self._over.is_set():
                    self._lost(f"{peer} {gone}")
                    return

    def _is_gone(self, peer: Peer, tie: Tie, silence: Silence) -> str:
        try:
            messages = tie.receive()
        except TimeoutError:
            return ""
        if messages is None:
            return "has ended: its own output says why, or it was killed"
        silence.heard()
        for message in messages:
            with self._reported:
                reports = self._reports.setdefault(int(message["call"]), [])
                reports.append((peer, message["error"], message["where"]))
                self._reported.notify_all()
        return ""


def _wait_until_gone(tie: Tie, deadline: float) -> None:
    """Wait until the other process has read its message, and its end has closed."""
    with suppress(OSError):
        while (left := deadline - time.monotonic()) > 0:
            tie.connection.settimeout(left)
            if not tie.connection.recv(65536):
                return
