"""Several processes of one script on this machine, and what they say while they run."""

from __future__ import annotations

import os
import queue
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from types import FrameType

from aliquot.distributed.guard import STATUS_WITHOUT_RANK_0
from aliquot.distributed.join import JOINED
from aliquot.distributed.seat import COORDINATOR, PROCESSES, RANK

# Seconds that a process has to end by itself: rank 0 after a worker was lost, so that it can save
# what it has; and any after it was told to.
TO_SAVE, TO_END = 60.0, 10.0
HANDED_ON = (signal.SIGINT, signal.SIGTERM)
_FAILED = 1


class LocalProcesses:
    """The processes of one script.

    Parameters
    ----------
    count : int
        Number of processes.
    script : Path
    arguments : sequence of str
        The script's own.
    say : callable
        Where a line about a process goes.
    """

    def __init__(
        self, count: int, script: Path, arguments: Sequence[str], say: Callable[[str], None]
    ) -> None:
        self._say, self._script, self._count = say, script, count
        self._command = [sys.executable, str(script), *arguments]
        self._processes: list[subprocess.Popen[bytes]] = []
        self._ended: queue.SimpleQueue[int] = queue.SimpleQueue()
        self._readers: list[threading.Thread] = []
        self._reading, self._writing = os.pipe()  # who has joined
        os.set_blocking(self._reading, False)
        self._joined: set[int] = set()
        self._asked: int | None = None

    def run(self) -> int:
        """Start them, hand on what this process is asked to, and return rank 0's status."""
        before = {number: signal.signal(number, self._hand_on) for number in HANDED_ON}
        try:
            self._start_all()
            if self._asked is not None:  # meanwhile
                self._hand_on(self._asked)
            return self._wait()
        finally:
            self._end_all()
            for reader in self._readers:
                reader.join(TO_END)
            os.close(self._reading)
            for number, handler in before.items():
                signal.signal(number, handler)

    def _start_all(self) -> None:
        environment = os.environ | {
            COORDINATOR: f"127.0.0.1:{_free_port()}",
            PROCESSES: str(self._count),
            JOINED: str(self._writing),
        }
        try:
            for rank in range(self._count):
                self._processes.append(self._start(rank, environment | {RANK: str(rank)}))
        finally:
            os.close(self._writing)

    def _start(self, rank: int, environment: dict[str, str]) -> subprocess.Popen[bytes]:
        # A session of its own: what a terminal sends to all of a group, such as Ctrl-C, comes to
        # the launcher alone, which hands it on once.
        process = subprocess.Popen(
            self._command,
            env=environment,
            stdin=None if rank == 0 else subprocess.DEVNULL,
            stdout=None if rank == 0 else subprocess.DEVNULL,
            stderr=None if rank == 0 else subprocess.PIPE,
            pass_fds=(self._writing,),
            start_new_session=True,
        )
        if process.stderr is not None:
            reader = threading.Thread(target=self._forward, args=(rank, process), daemon=True)
            reader.start()
            self._readers.append(reader)
        threading.Thread(target=self._wait_for, args=(rank, process), daemon=True).start()
        return process

    def _forward(self, rank: int, process: subprocess.Popen[bytes]) -> None:
        assert process.stderr is not None
        for line in process.stderr:
            with suppress(OSError, ValueError):
                text = line.decode(errors="replace").rstrip("\n")
                sys.stderr.write(f"[rank {rank}] {text}\n")
                sys.stderr.flush()

    def _wait_for(self, rank: int, process: subprocess.Popen[bytes]) -> None:
        process.wait()
        self._ended.put(rank)

    def _hand_on(self, number: int, _frame: FrameType | None = None) -> None:
        """Hand a signal on to rank 0, with which the others end; to all, before they have met."""
        self._asked = number
        self._look_who_joined()
        for rank, process in enumerate(self._processes):
            if rank == 0 or not self._joined:
                _send(process, number)

    def _wait(self) -> int:
        first = self._processes[0]
        told, deadline = False, float("inf")
        while first.poll() is None:
            rank = self._next(deadline)
            if rank is None:
                self._say(f"rank 0 has not ended within {TO_SAVE:g} s, and is ended")
                return _FAILED
            if rank == 0 or told or first.poll() is not None or self._asked is not None:
                continue
            self._look_who_joined()
            status = self._processes[rank].returncode
            if rank in self._joined:
                if status in (0, STATUS_WITHOUT_RANK_0):
                    continue  # rank 0 lets it end, and says why
                # Rank 0 learns of it at its next step, and can save what it has.
                self._say(f"{self._ending(rank)}; all end. Rank 0 has {TO_SAVE:g} s to save")
                deadline = time.monotonic() + TO_SAVE
            elif status == 0:
                self._say(self._alone())
            else:
                self._say(f"{self._ending(rank)} before it had joined the others; all end")
                return _FAILED
            told = True
        self._look_who_joined()
        if first.returncode == 0 and self._count > 1 and not self._joined and not told:
            self._say(self._alone())
        self._wait_all(rank for rank in self._joined if rank)
        return first.returncode if first.returncode >= 0 else 128 - first.returncode

    def _alone(self) -> str:
        return (
            f"{self._script.name} came to its end without having joined the other processes: each "
            "ran all of it by itself. Add aq.distributed.initialize() to it, right after the "
            "imports"
        )

    def _next(self, deadline: float) -> int | None:
        left = deadline - time.monotonic()
        try:
            return self._ended.get(timeout=None if left == float("inf") else max(left, 0.0))
        except queue.Empty:
            return None

    def _ending(self, rank: int) -> str:
        process = self._processes[rank]
        status = process.returncode
        how = f"with status {status}"
        if status < 0:
            with suppress(ValueError):
                how = f"by signal {-status} ({signal.Signals(-status).name})"
        return f"rank {rank} (process {process.pid}) has ended {how}"

    def _look_who_joined(self) -> None:
        with suppress(BlockingIOError):
            self._joined |= {int(rank) for rank in os.read(self._reading, 65536).split()}

    def _end_all(self) -> None:
        """End who is still there."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            for process in self._processes:
                _send(process, number)
            self._wait_all(range(len(self._processes)))

    def _wait_all(self, ranks: Iterable[int]) -> None:
        deadline = time.monotonic() + TO_END
        for rank in ranks:
            with suppress(subprocess.TimeoutExpired):
                self._processes[rank].wait(max(0.0, deadline - time.monotonic()))


def _send(process: subprocess.Popen[bytes], number: int) -> None:
    if process.poll() is None:
        with suppress(ProcessLookupError):
            process.send_signal(number)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])
