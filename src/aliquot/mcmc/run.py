"""Run chains: threads on a CPU, one vectorised program on an accelerator."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

import jax
import numpy as np

from aliquot.blas import on_one_thread
from aliquot.compilation import Compiled
from aliquot.mcmc import machine
from aliquot.mcmc.chain import Job, NUTSChain
from aliquot.mcmc.independence import Metropolis, Warmed
from aliquot.mcmc.machine import STATS
from aliquot.mcmc.recorder import Kept, Part, Recorder
from aliquot.mcmc.program import LogDensity, Report, Shape, compiled, empty_rows, stacked
from aliquot.mcmc.result import ChainDraws, ChainProgress, Phase, named_stats
from aliquot.mcmc.schedule import Flag
from aliquot.mcmc.settings import NUTSSettings
from aliquot.mcmc.starts import Evaluate, Jittered, evaluator, find_starts
from aliquot.mcmc.trajectory import chosen_point
from aliquot.precision import float64

OnProgress = Callable[[list[ChainProgress]], None]
_PROGRESS_SECONDS = 0.1
# After so many draws of a long warm-up it is asked whether they are enough: once the step size has
# settled, if the metric was known before, and once draws tell what the density looks like.
EARLY = (50, 250)
# Numbers that wait to be recorded, at most.
MOST_WAITING = 8_000_000


@on_one_thread
def sample(
    log_density: LogDensity,
    data: Any,
    starts: np.ndarray | Jittered,
    *,
    settings: NUTSSettings,
    seed: int,
    cores: int | None = None,
    vectorized: bool | None = None,
    scale: Sequence[np.ndarray | None] | np.ndarray | None = None,
    warmed: Callable[[np.ndarray, np.ndarray], Warmed] | None = None,
    on_progress: OnProgress | None = None,
    stop: threading.Event | None = None,
    meanwhile: Callable[[], None] | None = None,
    recorder: Recorder | None = None,
) -> ChainDraws:
    """Draw from a density with NUTS, one chain for each start point.

    `log_density` is a pure JAX function of a position (d,) and of `data`, a pytree of arrays; it is
    known up to a constant. Data of the same shapes run without a new compilation. `starts` are
    (chains, d), or a `Jittered` for start points yet to be found.

    The draws of a chain are a function of the `seed` and of the number of the chain: they are the
    same, to the bit, for any number of cores and however the run is cut into calls. `cores` is the
    number of threads, by default as many as there are CPUs, and never more than chains. With
    `vectorized` all chains run in one program; by default they do on an accelerator only.

    `scale` is what the metric begins with where the posterior is known roughly: standard deviations
    (d,) or, for a dense metric, the lower factor (d, d) of a covariance; or one of these, or
    nothing, for each chain.

    `warmed` is called with the draws of the warm-up (chains, n, d) and their log density (chains,
    n), early in a long one, and at its end. It says whether the warm-up can end there, and what
    independence steps between draws by NUTS propose; without, all draws are by NUTS.

    `on_progress` is called about every 0.1 seconds, in the calling thread. When `stop` is set, the
    run ends after the calls under way and keeps what it has drawn. So it does on a
    ``KeyboardInterrupt`` in the calling thread. `meanwhile` is called once the program has been
    traced, when Python has little left to do: the place to start threads for what will be needed
    afterwards.

    With a `recorder`, draws go there while the chains run and do not stay in memory: the result has
    none (n = 0). Where it has kept those of an earlier run, this one goes on from there, and
    `starts` say no more than how many chains there are, of how many coordinates.

    A start point without a finite log density and gradient raises `NoStartError`.

    >>> settings = NUTSSettings(draws=200, tune=100)
    >>> normal = lambda x, data: -0.5 * (x @ x)
    >>> run = sample(normal, (), np.zeros((2, 3)), settings=settings, seed=1)
    >>> run.positions.shape, run.completed
    ((2, 300, 3), array([300, 300]))
    """
    center = np.asarray(starts.center if isinstance(starts, Jittered) else starts, float)
    count = starts.chains if isinstance(starts, Jittered) else len(np.atleast_1d(center))
    size = center.shape[-1] if center.ndim else 0
    _check(starts, center, count, size)
    if vectorized is None:
        vectorized = jax.default_backend() != "cpu"

    def say(phase: Phase) -> None:
        nothing = 0, settings.tune + settings.draws, phase, 0.0, float("nan"), 0, 0
        if on_progress is not None:
            on_progress([ChainProgress(number, *nothing) for number in range(count)])

    say("compiling")
    shape = Shape(size, settings.metric, settings.max_treedepth, count if vectorized else None)
    program, new = compiled(log_density, data, shape, meanwhile)
    say("warm-up")
    with float64():
        data = jax.device_put(data)
    kept = None if recorder is None else recorder.kept()
    if kept is not None:
        center = np.zeros((count, size))
    elif isinstance(starts, Jittered):
        evaluate = evaluator(log_density, data) if vectorized else _evaluate(program, shape, data)
        center = find_starts(evaluate, starts, seed=seed)
    scales_ = scale if isinstance(scale, Sequence) else [scale] * count
    recorded = recorder is not None
    chains = [
        NUTSChain(number, start, settings, shape, seed, scales_[number], recorded=recorded)
        for number, start in enumerate(center)
    ]
    for chain, its in zip(chains, kept or (), strict=False):
        chain.restore(*its)
    run = WorkerPool(program, data, chains, settings, stop, recorder)
    workers = 1 if vectorized else max(1, min(cores or os.cpu_count() or 1, count))
    for pause in _pauses(settings.tune) if warmed is not None else ():
        if run.run(workers, vectorized, on_progress, pause=pause):
            break
        assert warmed is not None
        seen = [chain.warmup(pause) for chain in chains]
        found = warmed(*(np.stack(each) for each in zip(*seen, strict=True)))
        if found.enough or pause == settings.tune:
            _end_warmup(chains, found, pause, seed, kept)
            break
    for chain in chains if kept is not None else ():
        if chain.done > chain.tune:
            chain.rows.begin_at(chain.done)
    interrupted = run.run(workers, vectorized, on_progress, last=True)
    scales = np.stack([np.asarray(chain.state.scale) for chain in chains])
    rows = [(chain.rows, *((0, 0) if recorded else (0, chain.total))) for chain in chains]
    return ChainDraws(
        positions=np.stack([each.positions(*span) for each, *span in rows]),
        stats=named_stats(np.stack([each.columns(*span) for each, *span in rows])),
        tune=chains[0].tune,
        draws=settings.draws,
        completed=np.array([chain.done for chain in chains]),
        interrupted=interrupted,
        inverse_mass=scales**2 if scales.ndim == 2 else scales @ np.swapaxes(scales, 1, 2),
        step_size=np.array([np.exp(chain.state.step.log_step) for chain in chains]),
        compile_seconds=program.seconds if new else 0.0,
        compile_cached=program.loaded if new else True,
        sampling_seconds=run.seconds,
        warmup_seconds=run.warmup_seconds,
        independent=np.stack([each.independent(*span) for each, *span in rows]),
    )


def _end_warmup(
    chains: Sequence[NUTSChain],
    found: Warmed,
    pause: int,
    seed: int,
    kept: Sequence[Kept] | None,
) -> None:
    """Let draws begin after a pause, where they have not begun in an earlier run."""
    for chain in chains:
        if chain.done <= pause:
            chain.end_warmup()
        elif chain.tune != pause:
            raise ValueError(
                f"the warm-up of chain {chain.number} was to end after {pause} draws, but had "
                f"ended after {chain.tune} when it was recorded: this is another density, or a "
                "processor that rounds in another way"
            )
        if found.proposal is not None:
            chain.moves = Metropolis(found.proposal, seed, chain.number)
            if kept is not None and "moves" in kept[chain.number].snapshot:
                chain.moves.go_on(*map(int, kept[chain.number].snapshot["moves"]))


def prepare(
    log_density: LogDensity, data: Any, settings: NUTSSettings, chains: int, d: int
) -> tuple[float, bool]:
    """Compile what `sample` will run, ahead of it.

    Returns how many seconds it took, none where it was there already, and whether it was there
    already, in this process or on the disk.
    """
    together = jax.default_backend() != "cpu"
    with float64():
        program, new = compiled(
            log_density,
            data,
            Shape(d, settings.metric, settings.max_treedepth, chains if together else None),
        )
    return (program.seconds, program.loaded) if new else (0.0, True)


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
        self._recorder = recorder
        self._recorded = [chain.done for chain in chains]
        self._halt = threading.Event()
        self._idle: list[NUTSChain] = []
        self._interrupted = False
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
        last: bool = False,
    ) -> bool:
        """Run the chains to a pause or their end, and return whether they were interrupted.

        The `last` time what they have drawn is recorded in any case.
        """
        if self._interrupted:
            return True
        self._halt.clear()
        for chain in self._chains:
            chain.pause = chain.total if pause is None else pause
        self._idle = [chain for chain in self._chains if not chain.paused]
        self._began = time.perf_counter() - self.seconds
        work = self._work_together if vectorized else self._work
        ended = threading.Semaphore(0)
        threads = [
            threading.Thread(target=self._guard, args=(work, ended), daemon=True)
            for _ in range(workers)
        ]
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
            self._interrupted = True
        finally:
            self._halt.set()
            for thread in threads:
                if thread.ident is not None:
                    thread.join()
        self.seconds = time.perf_counter() - self._began
        self._record(always=last)
        if self._error is not None:
            raise self._error
        if on_progress is not None:
            on_progress([chain.progress() for chain in self._chains])
        self._interrupted |= not all(chain.paused for chain in self._chains)
        return self._interrupted

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
        """Record what chains have drawn, where that is due."""
        recorder = self._recorder
        if recorder is None or not (always or recorder.due(self._waiting())):
            return
        parts = []
        for chain, begin in zip(self._chains, self._recorded, strict=True):
            with chain.lock:
                parts.append(chain.since(begin))
        recorder.record(parts)
        self._recorded = [part.end for part in parts]
        for chain, part in zip(self._chains, parts, strict=True):
            if part.end > chain.tune:
                with chain.lock:
                    chain.rows.drop(part.end)

    def _waiting(self) -> int:
        """How many numbers are still to be recorded."""
        size = np.size(self._chains[0].state.tree.ends[0]) // 2 + len(STATS)
        ahead = zip(self._chains, self._recorded, strict=True)
        return size * sum(chain.done - begin for chain, begin in ahead)

    def _wait_for_room(self) -> None:
        """Let the recorder catch up where chains draw faster than it writes."""
        while self._recorder is not None and self._waiting() > MOST_WAITING:
            if self._stopped():
                return
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


def _pauses(tune: int) -> list[int]:
    """Give the draws after which a warm-up is looked at."""
    return [pause for pause in EARLY if 2 * pause <= tune] + ([tune] if tune else [])


def _evaluate(program: Compiled, shape: Shape, data: Any) -> Evaluate:
    """Return the log density and gradient as the program itself computes them."""
    rows = empty_rows(shape)
    rows.flags[0] = Flag.EVALUATE

    def evaluate(position: np.ndarray) -> tuple[float, np.ndarray]:
        state = machine.initial(position, shape.metric, shape.max_treedepth)
        with float64():
            report = program.call(state, data, rows, np.int32(1), np.int32(1), np.float64(0.8))
        _, gradient, log_density = chosen_point(report.state.tree)
        return log_density, gradient

    return evaluate


def _check(starts: np.ndarray | Jittered, center: np.ndarray, count: int, size: int) -> None:
    if not isinstance(starts, Jittered) and center.ndim != 2:
        raise ValueError(f"starts must have shape (chains, d), got {center.shape}")
    if count < 1:
        raise ValueError("starts must hold at least one chain, got none")
    if size < 1:
        raise ValueError(
            "the density has no coordinates (d = 0): there is nothing to sample. "
            "Does the model have a free continuous variable?"
        )
