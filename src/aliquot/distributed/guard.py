"""A worker's tie to rank 0: the process ends when rank 0 does, whatever it is at."""

from __future__ import annotations

import os
import sys
import threading
import time
from contextlib import suppress
from typing import NoReturn

from aliquot.distributed.tie import Silence, Tie, interval

# Of a worker that has lost rank 0, or that it had no use for any more after a failure.
STATUS_WITHOUT_RANK_0 = 76


class Guard:
    """A thread that sends heartbeats to rank 0, and ends the process when nothing comes back."""

    def __init__(self, tie: Tie, rank: int, timeout: float) -> None:
        self._tie, self._rank, self._timeout = tie, rank, timeout
        threading.Thread(target=self._stay, name="aliquot-guard", daemon=True).start()

    def report(self, number: int, error: str, where: str) -> None:
        """Say that this process could not do a call, and why."""
        self._tie.send({"call": number, "error": error, "where": where})

    def _stay(self) -> None:
        silence = Silence(self._timeout)
        last = beat = time.monotonic()
        while True:
            try:
                messages = self._tie.receive()
                silence.heard()
            except TimeoutError:
                messages = []
            if messages is None:
                self.end(STATUS_WITHOUT_RANK_0, "rank 0 has ended")
            for message in messages:
                self.end(STATUS_WITHOUT_RANK_0 if message["why"] else 0, message["why"])
            now = time.monotonic()
            if silence.is_too_long(now - last):
                self.end(
                    STATUS_WITHOUT_RANK_0,
                    f"rank 0 has not been heard of for {self._timeout:g} s",
                )
            last = now
            if now - beat >= interval(self._timeout) / 2:
                self._tie.send()
                beat = now

    def end(self, status: int, why: str) -> NoReturn:
        """End this process, whatever its main thread is at, and say why."""
        # The main thread may be inside of a collective that nobody will come to, and the script is
        # not to go on: no handler of its own runs, as in any worker of `multiprocessing`.
        if why:
            with suppress(Exception):
                print(f"aliquot: {why}; rank {self._rank} ends, too", file=sys.stderr)
        for stream in (sys.stdout, sys.stderr):
            with suppress(Exception):
                stream.flush()
        os._exit(status)
