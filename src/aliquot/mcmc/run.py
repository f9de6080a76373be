"""Run chains: threads on a CPU, one vectorised program on an accelerator."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from typing import Any

import jax
import numpy as np

from aliquot.blas import on_one_thread
from aliquot.compilation import Compiled
from aliquot.mcmc import machine
from aliquot.mcmc.chain import NUTSChain
from aliquot.mcmc.independence import Metropolis, Warmed
from aliquot.mcmc.program import LogDensity, Shape, compiled, empty_rows
from aliquot.mcmc.recorder import KeptChain, Recorder
from aliquot.mcmc.result import ChainDraws, ChainProgress, Phase, named_stats
from aliquot.mcmc.schedule import Flag
from aliquot.mcmc.settings import NUTSSettings
from aliquot.mcmc.starts import Evaluate, Jittered, evaluator, find_starts
from aliquot.mcmc.trajectory import chosen_point
from aliquot.mcmc.workers import OnProgress, WorkerPool
from aliquot.precision import float64

# After so many draws of a long warm-up it is asked whether they are enough: once the step size has
# settled, if the metric was known before, and once draws tell what the density looks like.
EARLY = (50, 250)


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
    looks: Sequence[int] = (),
    enough: Callable[[ChainDraws], bool] | None = None,
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

    After so many draws as `looks` say, of each chain, `enough` is asked whether they are, and ends
    the run. They are multiples of ten where there may be independence steps.

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
    for look in looks:
        pause = chains[0].tune + look
        if any(chain.done > pause for chain in chains):
            continue  # an earlier run has looked, and gone on
        if run.run(workers, vectorized, on_progress, pause=pause, warm=True):
            break
        if enough is not None and enough(_drawn(run, chains, program, new, recorded)):
            for chain in chains:
                chain.total = pause
            break
    run.run(workers, vectorized, on_progress, warm=True)
    return _drawn(run, chains, program, new, recorded)


def _drawn(
    run: WorkerPool, chains: Sequence[NUTSChain], program: Compiled, new: bool, recorded: bool
) -> ChainDraws:
    """Put together what chains have drawn; where that is recorded, all but the draws."""
    scales = np.stack([np.asarray(chain.state.scale) for chain in chains])
    end = 0 if recorded else max(chain.done for chain in chains)
    rows = [chain.rows for chain in chains]
    return ChainDraws(
        positions=np.stack([each.positions(0, end) for each in rows]),
        stats=named_stats(np.stack([each.columns(0, end) for each in rows])),
        tune=chains[0].tune,
        draws=chains[0].total - chains[0].tune,
        completed=np.array([chain.done for chain in chains]),
        interrupted=run.interrupted,
        inverse_mass=scales**2 if scales.ndim == 2 else scales @ np.swapaxes(scales, 1, 2),
        step_size=np.array([np.exp(chain.state.step.log_step) for chain in chains]),
        compile_seconds=program.seconds if new else 0.0,
        compile_cached=program.loaded if new else True,
        sampling_seconds=run.seconds,
        warmup_seconds=run.warmup_seconds,
        independent=np.stack([each.independent(0, end) for each in rows]),
    )


def _end_warmup(
    chains: Sequence[NUTSChain],
    found: Warmed,
    pause: int,
    seed: int,
    kept: Sequence[KeptChain] | None,
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
