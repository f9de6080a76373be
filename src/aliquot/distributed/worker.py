"""What a worker does from the time it has joined until rank 0 ends."""

from __future__ import annotations

import pickle
import signal
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, NoReturn, Protocol

import numpy as np

from aliquot.distributed.collective import BrokenSumError
from aliquot.distributed.exchange import Exchange
from aliquot.distributed.guard import STATUS_WITHOUT_RANK_0, Guard


class WorkerTask(Protocol):
    """What rank 0 sends to the workers: called there with its arrays."""

    def prepare(self, rank: int, size: int) -> None:
        """Get ready, once, as `rank` of `size` processes."""

    def __call__(self, *arrays: np.ndarray) -> np.ndarray:
        """Return this process's part of the sum."""


class Worker:
    """The tasks that this process has been given, and the calls of them."""

    def __init__(self, exchange: Exchange, guard: Guard, *, rank: int, size: int) -> None:
        self._exchange, self._guard = exchange, guard
        self._rank, self._size = rank, size
        self._tasks: dict[str, WorkerTask] = {}
        self._lengths: dict[tuple[Any, ...], int] = {}

    def serve(self, timeout: float) -> NoReturn:
        """Do what rank 0 asks for. The guard ends the process."""
        if threading.current_thread() is threading.main_thread():
            # Ctrl-C goes to all processes of a terminal. It is for rank 0 to say what follows.
            signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            while True:
                number, order, *details = pickle.loads(self._exchange.tell(None))
                if order == "define":
                    self._define(number, *details)
                elif order == "forget":
                    self._forget(*details)
                elif order == "call":
                    self._call(number, *details)
        except BrokenSumError as broken:
            # Another has gone. Rank 0 knows it, too, and the guard hears of it, but where only the
            # connection between two workers is lost.
            time.sleep(timeout / 2)
            self._guard.end(STATUS_WITHOUT_RANK_0, f"a sum over the processes failed: {broken}")

    def _define(self, number: int, key: str, content: bytes) -> None:
        task = self._tried(number, lambda: self._prepared(content))
        if task is not None:
            self._tasks[key] = task
        self._exchange.agree(None if task is None else 0)

    def _prepared(self, content: bytes) -> WorkerTask:
        task: WorkerTask = pickle.loads(content)
        task.prepare(self._rank, self._size)
        return task

    def _forget(self, key: str) -> None:
        self._tasks.pop(key, None)
        self._lengths = {known: n for known, n in self._lengths.items() if known[0] != key}

    def _call(self, number: int, key: str, arrays: Sequence[np.ndarray]) -> None:
        signature = signature_of(key, arrays)
        length = self._lengths.get(signature)
        result = self._tried(number, lambda: _vector(self._tasks[key](*arrays), length))
        if length is None:
            agreed = self._exchange.agree(None if result is None else len(result))
            if not (agreed.able.all() and len(set(agreed.lengths.tolist())) == 1):
                return
            length = self._lengths[signature] = int(agreed.lengths[0])
        self._exchange.total(result, length)

    def _tried[T](self, number: int, do: Callable[[], T]) -> T | None:
        try:
            return do()
        except Exception as error:
            where = ""
            with suppress(Exception):  # whatever an exception of the user's says of itself
                where = "".join(traceback.format_exception(error))
            self._guard.report(number, f"{type(error).__name__}: {error}", where)
            return None


def signature_of(key: str, arrays: Sequence[np.ndarray]) -> tuple[Any, ...]:
    """Return what the length of a result depends on."""
    return (key, *((array.shape, array.dtype.str) for array in arrays))


def _vector(result: Any, length: int | None) -> np.ndarray:
    vector = np.asarray(result, np.float64).reshape(-1)
    if length is not None and len(vector) != length:
        raise ValueError(f"a result of {len(vector)} numbers, where there were {length} before")
    return vector
