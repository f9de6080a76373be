"""The threads that chains are moved by, call after call, and what is done meanwhile."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from aliquot.background import Background
from aliquot.compilation import Compiled
from aliquot.mcmc.chain import Job, NUTSChain
from aliquot.mcmc.program import Report, stacked
from aliquot.mcmc.recorder import Recorder, Recording
from aliquot.mcmc.result import ChainProgress
from aliquot.mcmc.settings import NUTSSettings
from aliquot.precision import float64

OnProgress = Callable[[list[ChainProgress]], None]
_PROGRESS_SECONDS = 0.1


class WorkerPool:
    """Chains under way, and the threads that work on them."""

    def __init__(
        self,
        program: Compiled,
        data: Any,
        chains: list[NUTSChain],
        settings: NUTSSettings,
        stop: threading.Event | None,
        recorder: Recorder | None = None,
    ) -> None:
        self._program = program
        self._data = data
        self._chains = chains
        self._settings = settings
        self._target = np.float64(settings.target_accept)
        self._stop = stop
        self._recording = Recording(chains, recorder)
        self._warm = False  # whether nobody will ask for the warm-up's draws any more
        self._halt = threading.Event()
        self._idle: list[NUTSChain] = []
        self.interrupted = False
        self._lock = threading.Lock()
        self._error: BaseException | None = None
        self._began = 0.0
        self.seconds = 0.0
        self.warmup_seconds = float("nan")

    def run(
        self,
        workers: int,
        vectorized: bool,
        on_progress: OnProgress | None,
        pause: int | None = None,
        warm: bool = False,
    ) -> bool:
        """Run the chains to a pause or their end, and return whether they were interrupted.

        Once they are `warm`, nobody asks for the warm-up's draws any more, and what they have drawn
        is recorded when they come to the pause.
        """
        if self.interrupted:
            return True
        self._warm = warm
        self._halt.clear()
        for chain in self._chains:
            chain.pause = chain.total if pause is None else pause
        self._idle = [chain for chain in self._chains if not chain.paused]
        self._began = time.perf_counter() - self.seconds
        work = self._work_together if vectorized else self._work
        ended = threading.Semaphore(0)
        threads = [Background(target=self._guard, args=(work, ended)) for _ in range(workers)]
        try:
            for thread in threads:
                thread.start()
            left = workers
            while left:
                if ended.acquire(timeout=_PROGRESS_SECONDS):
                    left -= 1
                elif on_progress is not None:
                    on_progress([chain.progress() for chain in self._chains])
                self._record()
        except KeyboardInterrupt:
            self.interrupted = True
        finally:
            self._halt.set()
            for thread in threads:
                if thread.ident is not None:
                    thread.join()
        self.seconds = time.perf_counter() - self._began
        self._record(always=warm)
        if self._error is not None:
            raise self._error
        if on_progress is not None:
            on_progress([chain.progress() for chain in self._chains])
        self.interrupted |= not all(chain.paused for chain in self._chains)
        return self.interrupted

    def _guard(self, work: Callable[[], None], ended: threading.Semaphore) -> None:
        try:
            with float64():
                work()
        except BaseException as error:
            self._error = self._error or error
            self._halt.set()
        finally:
            ended.release()

    def _work(self) -> None:
        """Advance the chain that is furthest behind, call by call, until none waits."""
        while (chain := self._take()) is not None:
            self._wait_for_room()
            began = time.perf_counter()
            report = self._call(chain.job())
            self._absorb([chain], [report], time.perf_counter() - began)
            with self._lock:
                if not chain.paused:
                    self._idle.append(chain)

    def _work_together(self) -> None:
        """Advance all chains in one call after another."""
        while not self._stopped() and not all(chain.paused for chain in self._chains):
            self._wait_for_room()
            began = time.perf_counter()
            jobs = [chain.job() if not chain.paused else chain.rest() for chain in self._chains]
            budget = min(job.leapfrogs for job in jobs)
            report = self._call(stacked(jobs)._replace(leapfrogs=budget))
            report = report._replace(state=jax.tree.map(np.asarray, report.state))
            reports = [
                jax.tree.map(lambda leaf, i=i: leaf[i], report) for i in range(len(self._chains))
            ]
            self._absorb(self._chains, reports, time.perf_counter() - began)

    def _call(self, job: Job) -> Report:
        report = self._program.call(
            job.state, self._data, job.rows, job.draws, job.leapfrogs, self._target
        )
        # The state goes into the next call as it is: what it is made of is many small arrays, and
        # to make each anew costs half of a short call.
        return Report(report.state, *map(np.asarray, report[1:]))

    def _absorb(self, chains: list[NUTSChain], reports: list[Report], seconds: float) -> None:
        for chain, report in zip(chains, reports, strict=True):
            if not chain.paused:
                with chain.lock:
                    chain.absorb(report, seconds)
        if np.isnan(self.warmup_seconds) and all(
            chain.done >= chain.tune for chain in self._chains
        ):
            self.warmup_seconds = time.perf_counter() - self._began

    def _record(self, always: bool = False) -> None:
        self._recording.record(always=always, dropping=self._warm)

    def _wait_for_room(self) -> None:
        """Let the recorder catch up where chains draw faster than it writes."""
        while self._recording.behind and not self._stopped():
            time.sleep(_PROGRESS_SECONDS / 10)

    def _take(self) -> NUTSChain | None:
        # A worker that finds no chain idle is not needed: each busy chain has its own.
        with self._lock:
            if self._stopped() or not self._idle:
                return None
            chain = min(self._idle, key=lambda chain: chain.advance)
            self._idle.remove(chain)
            return chain

    def _stopped(self) -> bool:
        return self._halt.is_set() or (self._stop is not None and self._stop.is_set())
