"""A process that does one task after another for this one.

It is a program of its own (`aliquot.many.helper`), so that the user's script is not run again in it
and needs no guard. Jobs, seeds and results go through its standard input and output.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import threading
from contextlib import suppress
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Any, Self

COMMAND = (sys.executable, "-m", "aliquot.many.helper")


class HelperLostError(Exception):
    """A helper that has ended, or that cannot do what it was asked for."""


class Helper:
    """A process that does a task; a context in which it lives.

    Attributes
    ----------
    able : bool
        Whether it can still be asked.
    """

    def __init__(self, task: Any) -> None:
        self.able = True
        self._task = task
        self._process: subprocess.Popen[bytes] | None = None
        self._asking = threading.Lock()

    def __call__(self, job: Any, seed: int) -> Any:
        """Have it done.

        Raises
        ------
        HelperLostError
            Where it cannot be done there.
        """
        with self._asking:
            try:
                return self._ask(_dumped((job, seed)))
            except HelperLostError:
                self.able = False
                raise
            except Exception as error:  # what cannot be written down
                self.able = False
                raise HelperLostError from error

    def _ask(self, content: bytes) -> Any:
        process = self._process
        if process is None or process.stdin is None or process.stdout is None:
            raise HelperLostError
        try:
            pickle.dump(content, process.stdin)
            process.stdin.flush()
            able, result = pickle.load(process.stdout)
        except (OSError, EOFError, pickle.UnpicklingError) as error:
            raise HelperLostError from error
        if not able:
            raise HelperLostError(result)
        return result

    def __enter__(self) -> Self:
        places = os.pathsep.join(place or str(Path.cwd()) for place in sys.path)
        try:
            self._process = subprocess.Popen(
                COMMAND,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env={**os.environ, "PYTHONPATH": places},
                start_new_session=True,  # Ctrl-C is for this process
            )
            assert self._process.stdin is not None
            pickle.dump(_dumped(self._task), self._process.stdin)
            self._process.stdin.flush()
        except Exception:
            self.able = False
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            for pipe in (process.stdin, process.stdout):
                with suppress(OSError):
                    if pipe is not None:
                        pipe.close()
            process.wait()


def _dumped(thing: Any) -> bytes:
    """Write something down: functions of the user's by what they hold, if cloudpickle is there."""
    if find_spec("cloudpickle") is not None:
        cloudpickle = import_module("cloudpickle")

        return bytes(cloudpickle.dumps(thing))
    return pickle.dumps(thing)
