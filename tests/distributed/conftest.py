"""Scripts that run in several processes of this machine, none of which outlives its test."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

# Far above what anything takes, on whatever machine.
LIMIT = 180

# What every script begins with: each process leaves its id, and tasks are importable everywhere.
BEGINNING = """
import os, sys
from pathlib import Path
FOLDER = Path(__file__).parent
sys.path.insert(0, str(FOLDER))
RANK = int(os.environ.get("ALIQUOT_RANK", "0"))
(FOLDER / f"pid-{RANK}").write_text(str(os.getpid()))
import pickle, signal, time
import numpy as np
import aliquot as aq
import tasks

def pid(rank):
    return int((FOLDER / f"pid-{rank}").read_text())
"""

TASKS = """
import os, time
import numpy as np

class Scaled:
    # Each rank gives its rank times what it is given; the first element says what it does besides.
    def prepare(self, rank, size):
        self.rank, self.size = rank, size
    def __call__(self, x):
        first = x.flat[0] if x.size else 0
        if first == -1 and self.rank == 1:
            raise ValueError("no such label: 17")
        if first == -2:
            time.sleep(1000)
        if first == -3 and self.rank == 1:
            return x[1:] * self.rank
        return x * self.rank

class Unready:
    def prepare(self, rank, size):
        if rank == 1:
            raise RuntimeError("not on this machine")

class Environment:
    def prepare(self, rank, size): pass
    def __call__(self):
        known = os.environ["ALIQUOT_PROCESSES"], "ALIQUOT_RANK" in os.environ
        return np.array(known, dtype=float)
"""


@dataclass
class Runs:
    """Processes of scripts in one folder."""

    folder: Path
    started: list[subprocess.Popen[str]] = field(default_factory=list)

    def write(self, body: str) -> Path:
        """Write a script, after what all begin with."""
        (self.folder / "tasks.py").write_text(textwrap.dedent(TASKS))
        script = self.folder / "script.py"
        script.write_text(BEGINNING + textwrap.dedent(body))
        return script

    def launch(self, count: int, body: str, *arguments: str) -> subprocess.Popen[str]:
        """Begin `aliquot launch`."""
        main = "from aliquot.cli import main; main()"
        command = ["launch", "-n", str(count), str(self.write(body)), *arguments]
        return self._start([sys.executable, "-c", main, *command], {})

    def by_hand(self, count: int, body: str) -> list[subprocess.Popen[str]]:
        """Begin the processes one by one, with what the environment has to say."""
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
        script = self.write(body)
        place = {"ALIQUOT_COORDINATOR": f"127.0.0.1:{port}", "ALIQUOT_PROCESSES": str(count)}
        return [
            self._start([sys.executable, str(script)], place | {"ALIQUOT_RANK": str(rank)})
            for rank in range(count)
        ]

    def _start(self, command: list[str], environment: dict[str, str]) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            command,
            env=os.environ | {"COLUMNS": "200", "NO_COLOR": "1"} | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.started.append(process)
        return process

    def living(self) -> list[int]:
        """Return the ids that scripts have left, of processes that still are those."""
        ids = [int(text) for path in self.folder.glob("pid-*") if (text := path.read_text())]
        return [number for number in ids if self._is_ours(number)]

    def _is_ours(self, number: int) -> bool:
        where = Path("/proc") / str(number) / "cmdline"  # of Linux; elsewhere nothing is looked up
        with suppress(OSError):
            return str(self.folder).encode() in where.read_bytes()
        return False

    def all_end(self) -> None:
        """Wait until no process of a script is left."""
        deadline = time.monotonic() + LIMIT
        while self.living() and time.monotonic() < deadline:
            time.sleep(0.1)
        assert self.living() == []


def ended(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    """Wait for the end of a process; return its status and what it said."""
    output, errors = process.communicate(timeout=LIMIT)
    return process.returncode, output, errors


@pytest.fixture
def runs(tmp_path: Path) -> Iterator[Runs]:
    made = Runs(tmp_path)
    try:
        yield made
    finally:
        for process in made.started:
            if process.poll() is None:
                process.kill()
            process.communicate()
        for number in made.living():
            with suppress(ProcessLookupError):
                os.kill(number, signal.SIGKILL)
