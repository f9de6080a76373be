"""Rank 0's side of a team: calls of its threads, one after the other."""

from __future__ import annotations

import pickle
import queue
import threading
import time
from collections.abc import Callable, Sequence
from contextvars import Context, copy_context
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from aliquot.background import wait_for_all
from aliquot.distributed.collective import BrokenSumError
from aliquot.distributed.exchange import Exchange
from aliquot.distributed.watch import MOMENT, Watch
from aliquot.distributed.worker import signature_of
from aliquot.errors import WorkerError
from aliquot.precision import float64

# Seconds after which the workers are told something where there is nothing to tell: what waits for
# a sum gives up after some time (longer than two minutes), however well all are.
IDLE = 30.0


@dataclass(eq=False)
class _Request:
    """What the team's thread is asked to do, and what came of it."""

    do: Callable[[int], Any]  # given the number of the request
    context: Context = field(default_factory=copy_context)
    done: threading.Event = field(default_factory=threading.Event)
    is_finished: bool = False
    result: Any = None
    error: BaseException | None = None


class Team:
    """The processes that work together, as rank 0 sees them; of one process, itself.

    Its methods may be called from any thread, also from inside of a program's callback: what goes
    between the processes is done by a thread of the team's own, in the order of the calls.

    Attributes
    ----------
    size : int
        Number of processes.
    """

    def __init__(self, *, size: int = 1) -> None:
        self.size = size
        self._exchange: Exchange | None = None
        self._watch: Watch | None = None
        self._tasks: set[str] = set()  # this and the next: of the team's thread alone
        self._lengths: dict[tuple[Any, ...], int] = {}
        self._requests: queue.SimpleQueue[_Request] = queue.SimpleQueue()
        self._open: set[_Request] = set()
        self._failure: WorkerError | None = None
        self._failed = threading.Event()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._work, name="aliquot-team", daemon=True)

    def begin(self, exchange: Exchange, watch: Watch) -> None:
        """Take calls, once all workers are there."""
        self._exchange, self._watch = exchange, watch
        self._thread.start()

    def define(self, key: str, task: bytes) -> None:
        """Give the workers a task: a pickled object with ``prepare`` and ``__call__``.

        What has been defined stays as it is.

        Raises
        ------
        WorkerError
            Where a worker cannot make anything of it, or is lost.
        """
        if self.size > 1:
            self._ask(lambda number: self._define(number, key, task))

    def forget(self, key: str) -> None:
        """Have the workers drop a task, in its turn; nobody waits for it."""
        if self.size > 1:
            self._requests.put(_Request(lambda number: self._forget(number, key)))

    def call(
        self, key: str, arrays: Sequence[np.ndarray], own: Callable[[], np.ndarray]
    ) -> np.ndarray:
        """Return the elementwise sum of what all processes make of some arrays.

        Parameters
        ----------
        key : str
            Of a task that was defined.
        arrays : sequence of arrays
            What each worker calls its task with.
        own : callable
            This process's part, of the same shape as the others'; called by the team's thread
            while they compute theirs. What it raises is raised here.

        Returns
        -------
        ndarray of float64

        Raises
        ------
        WorkerError
            Where a task raises an error, which leaves the team as it is; or where a worker is lost,
            after which each call raises the same at once.
        """
        if self.size == 1:
            return np.asarray(own(), np.float64)
        return self._ask(lambda number: self._call(number, key, arrays, own))

    def fail(self, what: str) -> None:
        """Have all calls raise an error, those that wait and those to come; let the others end."""
        with self._lock:
            if self._failure is not None:
                return
            self._failure = WorkerError(f"{what}. The other workers end, and this process is alone")
            waiting = list(self._open)
        self._failed.set()
        for request in waiting:
            request.done.set()
        if self._watch is not None:
            self._watch.end(what)

    def end(self) -> None:
        """Let the workers end, as at the end of this process; no call is possible any more."""
        wait_for_all()
        if self._watch is None:
            return
        deadline = time.monotonic() + MOMENT
        self._watch.end()
        self._watch.wait(deadline)
        self.fail("the workers have ended, as this process does")
        self._requests.put(_Request(lambda number: None))  # which wakes the thread
        # Were it to come back from a sum while the interpreter ends, the C++ runtime would end the
        # process. It does come back, but where a worker hangs.
        self._thread.join(max(1.0, deadline - time.monotonic()))

    # In the caller's thread -----------------------------------------------------------------------

    def _ask(self, do: Callable[[int], Any]) -> Any:
        request = _Request(do)
        with self._lock:
            if self._failure is not None:
                raise self._alone()
            self._open.add(request)
            self._requests.put(request)
        try:
            request.done.wait()
        finally:
            with self._lock:
                self._open.discard(request)
        if not request.is_finished:
            raise self._alone()
        if request.error is not None:
            raise request.error
        return request.result

    def _alone(self) -> WorkerError:
        # One for each that raises it: to what is raised, each adds where.
        return WorkerError(*(() if self._failure is None else self._failure.args))

    # In the team's thread -------------------------------------------------------------------------

    def _work(self) -> None:
        number = 0
        with float64():
            while not self._failed.is_set():
                try:
                    request = self._requests.get(timeout=IDLE)
                except queue.Empty:
                    request = _Request(lambda number: self._tell(number, "nothing"))
                number += 1
                try:
                    request.result = request.context.run(request.do, number)
                except BrokenSumError as broken:
                    # The watch knows more than that a connection broke, or will in a moment.
                    if not self._failed.wait(self._watching.timeout):
                        self.fail(f"A sum over the processes failed: {broken}")
                    return
                except BaseException as error:
                    request.error = error
                request.is_finished = True
                request.done.set()

    @property
    def _watching(self) -> Watch:
        assert self._watch is not None  # only then is there a thread
        return self._watch

    def _tell(self, number: int, *order: Any) -> None:
        self._exchanging.tell(pickle.dumps((number, *order), protocol=5))

    @property
    def _exchanging(self) -> Exchange:
        assert self._exchange is not None
        return self._exchange

    def _define(self, number: int, key: str, task: bytes) -> None:
        if key in self._tasks:
            return
        self._tell(number, "define", key, task)
        able = self._exchanging.agree(0).able
        self._tasks.add(key)
        if not able.all():
            error = self._reported(number, int((~able).sum()), "could not prepare its task")
            self._forget(number, key)
            raise error

    def _forget(self, number: int, key: str) -> None:
        if key in self._tasks:
            self._tasks.discard(key)
            self._lengths = {known: n for known, n in self._lengths.items() if known[0] != key}
            self._tell(number, "forget", key)

    def _call(
        self,
        number: int,
        key: str,
        arrays: Sequence[np.ndarray],
        own: Callable[[], np.ndarray],
    ) -> np.ndarray:
        if key not in self._tasks:
            raise KeyError(f"no task {key!r} was defined")
        self._tell(number, "call", key, list(arrays))
        error: BaseException | None = None
        mine = np.zeros(0)
        try:
            mine = np.asarray(own(), np.float64)
        except BaseException as raised:  # the others have begun, and wait for this part, too
            error = raised
        signature = signature_of(key, arrays)
        length = self._lengths.get(signature)
        if error is None and length is not None and mine.size != length:
            error = ValueError(f"a result of {mine.size} numbers, where there were {length} before")
        failed = 0
        total = mine
        if length is None:
            agreed = self._exchanging.agree(None if error else mine.size)
            failed = int((~agreed.able).sum())
            if not failed and len(set(agreed.lengths.tolist())) > 1:
                found = ", ".join(f"{n} of rank {k}" for k, n in enumerate(agreed.lengths))
                error = WorkerError(f"results of different numbers of elements: {found}")
            elif not failed:
                length = self._lengths[signature] = mine.size
        if length is not None:
            part = None if error else mine.reshape(-1)
            total, failed = self._exchanging.total(part, length)
        if error is not None:
            raise error
        if failed:
            raise self._reported(number, failed, "could not do its part")
        return total.reshape(mine.shape)

    def _reported(self, number: int, count: int, what: str) -> WorkerError:
        reports = self._watching.reports(number, count)
        if not reports:
            return WorkerError(f"a worker {what}, and did not say why")
        peer, text, where = min(reports)
        error = WorkerError(f"{peer} {what}: {text}")
        if where:
            error.add_note(f"There:\n{where.rstrip()}")
        return error
