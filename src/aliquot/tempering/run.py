"""Run tempered chains: rounds of warm-up on a ladder that adapts, then the draws."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import jax
import numpy as np

from aliquot.mcmc.program import LogDensity
from aliquot.mcmc.recorder import Recorder, Recording
from aliquot.mcmc.result import ChainDraws, ChainProgress, named_stats
from aliquot.mcmc.settings import NUTSSettings
from aliquot.mcmc.starts import Jittered, evaluator, find_starts
from aliquot.precision import float64
from aliquot.tempering.chain import TemperedChain, blocks_of
from aliquot.tempering.ladder import FIRST, nearest
from aliquot.tempering.mover import BlockMover
from aliquot.tempering.pool import BlockPool, OnProgress
from aliquot.tempering.program import ScanShape, compiled_scan
from aliquot.tempering.reference import LadderReference
from aliquot.tempering.result import TemperedDraws
from aliquot.tempering.rounds import SHORTEST, Ladder, Learned, adapted, rounds
from aliquot.tempering.starts import FIRST_STEP, StartPool

# A call of less is not worth another thread: what Python does besides takes a part of that.
WORTH_SECONDS = 0.0005


def sample_tempered(
    log_density: LogDensity,
    data: Any,
    reference: LadderReference,
    *,
    settings: NUTSSettings,
    chains: int,
    seed: int,
    starts: Jittered,
    at_starts: bool = False,
    cores: int | None = None,
    on_progress: OnProgress | None = None,
    stop: threading.Event | None = None,
    meanwhile: Callable[[], None] | None = None,
    recorder: Recorder | None = None,
    looks: Sequence[int] = (),
    enough: Callable[[ChainDraws], bool] | None = None,
) -> TemperedDraws:
    """Draw from a density by non-reversible parallel tempering [1]_, in several chains.

    `log_density` is as for :func:`aliquot.mcmc.run.sample`. A ladder of rungs leads to it from the
    `reference`: at beta the log density is ``(1 - beta)`` times that of the reference plus beta
    times the target's. In a scan each replica makes a NUTS transition at its rung, that of the
    reference is drawn anew, and then even or odd neighbours swap. After every few scans a draw is
    kept.

    In rounds of doubling length during the warm-up, ladder, metrics and step sizes adapt to what
    all chains have shown together; each chain has replicas of its own. A rung's metric is that
    within modes: see `rounds`. ``settings.metric`` is ``"adapt_full"`` or ``"adapt_diag"``.

    Replicas start at draws of the reference, chosen by their weight at each rung. With `at_starts`,
    or where the target's density is zero at all such draws, they start at the `starts`.

    The draws are a function of the seed, for any number of cores, and the first of many are those
    of fewer: the ladder is made in the warm-up, which knows nothing of their number. `on_progress`,
    `stop`, `meanwhile`, `recorder`, `looks` and `enough` are as for NUTS. Where a recorder has kept
    what an earlier run has drawn, this one goes on with the ladder and the replicas of that.

    References
    ----------
    .. [1] Syed, Bouchard-Côté, Deligiannidis and Doucet (2022), Non-reversible parallel tempering:
       a scalable highly parallel MCMC scheme, JRSS B 84.

    >>> from aliquot.tempering.reference import MixtureReference
    >>> from aliquot.variational.gaussians.mixture import GaussianMixture
    >>> from aliquot.variational.gaussians.scale import Diagonal
    >>> wide = MixtureReference(GaussianMixture.of(np.zeros(1), Diagonal(np.ones(1) * 5)), "wide")
    >>> run = sample_tempered(
    ...     lambda x, data: -0.5 * (x @ x), (), wide, settings=NUTSSettings(200, 100, metric=
    ...     "adapt_full"), chains=2, seed=1, starts=Jittered(np.zeros(1), 2))
    >>> run.chains.positions.shape, run.betas[[0, -1]]
    ((2, 300, 1), array([0., 1.]))
    """
    size = np.shape(starts.center)[-1]
    total = settings.tune + settings.draws
    if on_progress is not None:
        nothing = 0, total, "compiling", 0.0, float("nan"), 0, 0
        on_progress([ChainProgress(number, *nothing) for number in range(chains)])  # type: ignore[arg-type]
    shape = ScanShape(size, settings.metric, settings.max_treedepth)
    program, new = compiled_scan(log_density, data, reference, shape, meanwhile)
    with float64():
        device = jax.device_put((data, reference.data))
    mover = BlockMover(program, device, settings)
    recorded = recorder is not None
    each = [
        TemperedChain(number, settings, size, seed, reference, recorded=recorded)
        for number in range(chains)
    ]
    kept = None if recorder is None else recorder.kept()
    if kept is not None:
        for chain, its in zip(each, kept, strict=True):
            chain.restore(its.snapshot)
    run = TemperedRun(
        each,
        mover,
        settings,
        workers=max(1, cores or os.cpu_count() or 1),
        stop=stop,
        on_progress=on_progress,
        recorder=recorder,
    )
    if kept is None:
        pool = StartPool(reference, chains, seed, mover.log_ratios)
        if at_starts or not pool.usable:
            centers = find_starts(evaluator(log_density, data), starts, seed=seed)
            ladder = pool.ladder(settings.metric) if pool.usable else _unknown(centers, settings)
            points = [np.repeat(center[None], ladder.rungs, axis=0) for center in centers]
        else:
            ladder = pool.ladder(settings.metric)
            points = [pool.replicas(number, ladder.betas) for number in range(chains)]
        run.begin(0, ladder, points)
    interrupted = run.run(looks, enough)
    return run.result(interrupted, program.seconds if new else 0.0, program.loaded if new else True)


class TemperedRun:
    """Chains on a ladder that they have in common.

    The rounds of the warm-up are numbered from 0, and the draws after it are one more.
    """

    def __init__(
        self,
        chains: list[TemperedChain],
        mover: BlockMover,
        settings: NUTSSettings,
        *,
        workers: int,
        stop: threading.Event | None,
        on_progress: OnProgress | None,
        recorder: Recorder | None = None,
    ) -> None:
        self._chains, self._mover, self._settings = chains, mover, settings
        self._workers, self._stop, self._on_progress = workers, stop, on_progress
        self._recorded = recorder is not None
        self._recording = Recording(chains, recorder)
        self._lengths = rounds(settings.tune)
        self._began = time.perf_counter()
        self._warmup_seconds = float("nan")

    def begin(self, number: int, ladder: Ladder, points: list[np.ndarray]) -> None:
        """Begin a round on a ladder, where the replicas (R, d) of each chain are at `points`."""
        for chain, its in zip(self._chains, points, strict=True):
            chain.begin(number, ladder, its, self._end_of(number))

    def run(self, looks: Sequence[int], enough: Callable[[ChainDraws], bool] | None) -> bool:
        """Go on to the end of all rounds, and return whether that was interrupted."""
        try:
            while (number := self._chains[0].round) < len(self._lengths):
                if self._advance(self._end_of(number)):
                    return True
                self._learn(number)
            self._warmup_seconds = time.perf_counter() - self._began
            for pause in (self._settings.tune + look for look in looks):
                if any(chain.done > pause for chain in self._chains):
                    continue  # an earlier run has looked, and gone on
                if self._advance(pause):
                    return True
                if enough is not None and enough(self._drawn(False)):
                    for chain in self._chains:
                        chain.total = pause
                    return False
            return self._advance(self._chains[0].total)
        except KeyboardInterrupt:  # between rounds
            return True

    def _end_of(self, number: int) -> int:
        """Give the draw that a round goes to."""
        last = number == len(self._lengths)
        return self._chains[0].total if last else sum(self._lengths[: number + 1])

    def _advance(self, pause: int) -> bool:
        """Go on to a draw of each chain, and return whether that was interrupted."""
        ladder, count = self._chains[0].ladder, len(self._chains)
        for chain in self._chains:
            chain.pause = pause
        # As many blocks as keep all workers busy, while each is worth a call.
        share = -(-self._workers // count)
        worth = ladder.rungs * self._mover.seconds / WORTH_SECONDS if WORTH_SECONDS else share
        blocks = blocks_of(ladder.rungs, max(1, min(share, int(worth))))
        self._mover.set(ladder, blocks)
        workers = min(self._workers, count * len(blocks))
        pool = BlockPool(
            self._chains, self._mover.move, blocks, workers, self._stop, self._recording
        )
        return pool.run(self._on_progress)

    def _learn(self, number: int) -> None:
        """Begin the next round on what this one has shown: a new ladder, or new step sizes."""
        chains, lengths, old = self._chains, self._lengths, self._chains[0].ladder
        learned = Learned(
            np.mean([chain.rejections for chain in chains], axis=0),
            np.concatenate([chain.moves for chain in chains]),
            np.exp(np.mean([chain.steps[1:, 1] for chain in chains], axis=0)),
        )
        if lengths[number] >= SHORTEST // 2 and number + 1 < len(lengths):
            ladder = adapted(old, learned, self._settings.metric)
            places = np.concatenate([[0], 1 + nearest(ladder.betas, old.betas)])
        else:
            ladder = Ladder(old.betas, old.scales, learned.steps)
            places = np.arange(old.rungs)
        self.begin(number + 1, ladder, [chain.points[places] for chain in chains])

    def result(
        self, interrupted: bool, compile_seconds: float, compile_cached: bool
    ) -> TemperedDraws:
        """Return what has been drawn."""
        chains = self._chains
        return TemperedDraws(
            chains=replace(
                self._drawn(interrupted),
                compile_seconds=compile_seconds,
                compile_cached=compile_cached,
            ),
            betas=chains[0].ladder.betas,
            acceptance=np.stack([1.0 - chain.rejections for chain in chains]),
        )

    def _drawn(self, interrupted: bool) -> ChainDraws:
        """Put together what chains have drawn; where that is recorded, all but the draws."""
        chains, tune, ladder = self._chains, self._settings.tune, self._chains[0].ladder
        end = 0 if self._recorded else max(chain.done for chain in chains)
        kept = 0 if self._recorded else max(min(chain.done for chain in chains), tune)
        rows = [chain.rows for chain in chains]
        further = [each.further(tune, kept) for each in rows] if kept > tune else [{}]
        scales = np.repeat(ladder.scales[None, -1], len(chains), axis=0)
        return ChainDraws(
            positions=np.stack([each.positions(0, end) for each in rows]),
            stats=named_stats(np.stack([each.columns(0, end) for each in rows])),
            tune=tune,
            draws=chains[0].total - tune,
            completed=np.array([chain.done for chain in chains]),
            interrupted=interrupted,
            inverse_mass=scales**2 if scales.ndim == 2 else scales @ np.swapaxes(scales, 1, 2),
            step_size=np.full(len(chains), ladder.steps[-1]),
            compile_seconds=0.0,
            compile_cached=True,
            sampling_seconds=time.perf_counter() - self._began,
            warmup_seconds=self._warmup_seconds,
            independent=np.stack([each.independent(0, end) for each in rows]),
            further={name: np.stack([its[name] for its in further]) for name in further[0]},
        )


def _unknown(centers: np.ndarray, settings: NUTSSettings) -> Ladder:
    """Return the ladder to begin with where draws of the reference say nothing of the target."""
    betas = np.concatenate([[0.0], np.geomspace(1e-3, 1.0, FIRST - 1)])
    scale: np.ndarray = np.ones(centers.shape[1])
    if settings.metric == "adapt_full":
        scale = np.diag(scale)
    return Ladder(betas, np.repeat(scale[None], FIRST - 1, axis=0), np.full(FIRST - 1, FIRST_STEP))
