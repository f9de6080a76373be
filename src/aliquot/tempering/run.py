"""Run tempered chains: rounds of warm-up on a ladder that adapts, then the draws."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from aliquot.mcmc.program import LogDensity
from aliquot.mcmc.result import ChainDraws, ChainProgress, named_stats
from aliquot.mcmc.settings import NUTSSettings
from aliquot.mcmc.starts import Jittered, evaluator, find_starts
from aliquot.precision import float64
from aliquot.tempering.chain import SCANS, TemperedChain, blocks_of
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

    The draws are a function of the seed, for any number of cores. `on_progress`, `stop` and
    `meanwhile` are as for NUTS.

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
    run = TemperedRun(
        [
            TemperedChain(number, total, settings.tune, size, seed, reference)
            for number in range(chains)
        ],
        mover,
        settings,
        workers=max(1, cores or os.cpu_count() or 1),
        stop=stop,
        on_progress=on_progress,
    )
    pool = StartPool(reference, chains, seed, mover.log_ratios)
    if at_starts or not pool.usable:
        centers = find_starts(evaluator(log_density, data), starts, seed=seed)
        ladder = pool.ladder(settings.metric) if pool.usable else _unknown(centers, settings)
        points = [np.repeat(center[None], ladder.rungs, axis=0) for center in centers]
    else:
        ladder = pool.ladder(settings.metric)
        points = [pool.replicas(number, ladder.betas) for number in range(chains)]
    interrupted = run.run(ladder, points)
    return run.result(interrupted, program.seconds if new else 0.0, program.loaded if new else True)


class TemperedRun:
    """Chains on a ladder that they have in common."""

    def __init__(
        self,
        chains: list[TemperedChain],
        mover: BlockMover,
        settings: NUTSSettings,
        *,
        workers: int,
        stop: threading.Event | None,
        on_progress: OnProgress | None,
    ) -> None:
        self._chains, self._mover, self._settings = chains, mover, settings
        self._workers, self._stop, self._on_progress = workers, stop, on_progress
        self._began = time.perf_counter()
        self._warmup_seconds = float("nan")

    def run(self, ladder: Ladder, points: list[np.ndarray]) -> bool:
        """Do all rounds, and return whether they were interrupted.

        `points` (R, d) are where the replicas of each chain start.
        """
        self._ladder, self._points = ladder, points
        lengths = rounds(self._settings.tune)
        try:
            for number, length in enumerate(lengths):
                if self._advance(length):
                    return True
                self._learn(length >= SHORTEST // 2 and number + 1 < len(lengths))
            self._warmup_seconds = time.perf_counter() - self._began
            return self._advance(self._settings.draws)
        except KeyboardInterrupt:  # between rounds
            if not all(len(chain.betas) for chain in self._chains):
                raise  # before the first one
            return True

    def _advance(self, draws: int) -> bool:
        rungs, count = self._ladder.rungs, len(self._chains)
        for chain, points in zip(self._chains, self._points, strict=True):
            chain.begin(self._ladder, points, draws)
        # As many blocks as keep all workers busy, while each is worth a call.
        share = -(-self._workers // count)
        worth = rungs * self._mover.seconds / WORTH_SECONDS if WORTH_SECONDS else share
        blocks = blocks_of(rungs, max(1, min(share, int(worth))))
        self._mover.set(self._ladder, blocks)
        workers = min(self._workers, count * len(blocks))
        pool = BlockPool(self._chains, self._mover.move, blocks, workers, self._stop)
        return pool.run(self._on_progress)

    def _learn(self, whole: bool) -> None:
        """Adapt to what a round has shown: all of the ladder, or the step sizes alone."""
        old = self._ladder
        learned = Learned(
            np.mean([chain.rejections for chain in self._chains], axis=0),
            np.concatenate([chain.moves for chain in self._chains]),
            np.exp(np.mean([chain.steps[1:, 1] for chain in self._chains], axis=0)),
        )
        self._points = [chain.points for chain in self._chains]
        if not whole:
            self._ladder = Ladder(old.betas, old.scales, learned.steps)
            return
        self._ladder = adapted(old, learned, self._settings.metric)
        places = np.concatenate([[0], 1 + nearest(self._ladder.betas, old.betas)])
        self._points = [points[places] for points in self._points]

    def result(
        self, interrupted: bool, compile_seconds: float, compile_cached: bool
    ) -> TemperedDraws:
        """Return what has been drawn."""
        chains, settings, ladder = self._chains, self._settings, self._ladder
        kept = max(min(chain.done for chain in chains) - settings.tune, 0)
        scales = np.repeat(ladder.scales[None, -1], len(chains), axis=0)
        draws = ChainDraws(
            positions=np.stack([chain.positions for chain in chains]),
            stats=named_stats(np.stack([chain.columns for chain in chains])),
            tune=settings.tune,
            draws=settings.draws,
            completed=np.array([chain.done for chain in chains]),
            interrupted=interrupted,
            inverse_mass=scales**2 if scales.ndim == 2 else scales @ np.swapaxes(scales, 1, 2),
            step_size=np.full(len(chains), ladder.steps[-1]),
            compile_seconds=compile_seconds,
            compile_cached=compile_cached,
            sampling_seconds=time.perf_counter() - self._began,
            warmup_seconds=self._warmup_seconds,
            independent=np.zeros((len(chains), settings.tune + settings.draws), bool),
        )
        return TemperedDraws(
            chains=draws,
            betas=chains[0].betas,
            acceptance=np.stack([1.0 - chain.rejections for chain in chains]),
            log_ratios=np.stack([chain.log_ratios[: kept * SCANS] for chain in chains]),
            replicas=np.stack([chain.at[:kept] for chain in chains]),
            trips=np.stack([chain.trips[settings.tune :][:kept] for chain in chains]),
        )


def _unknown(centers: np.ndarray, settings: NUTSSettings) -> Ladder:
    """Return the ladder to begin with where draws of the reference say nothing of the target."""
    betas = np.concatenate([[0.0], np.geomspace(1e-3, 1.0, FIRST - 1)])
    scale: np.ndarray = np.ones(centers.shape[1])
    if settings.metric == "adapt_full":
        scale = np.diag(scale)
    return Ladder(betas, np.repeat(scale[None], FIRST - 1, axis=0), np.full(FIRST - 1, FIRST_STEP))
