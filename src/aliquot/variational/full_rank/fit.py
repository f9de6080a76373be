"""The Gaussian with any covariance that has the highest ELBO, over fixed draws."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from aliquot.errors import FitError
from aliquot.variational.failure import listed
from aliquot.variational.full_rank.ascent import Ascent, View
from aliquot.variational.full_rank.beginning import begin
from aliquot.variational.full_rank.dense_view import DenseView
from aliquot.variational.full_rank.low_rank_view import PAIRS, LowRankView, Noise
from aliquot.variational.gaussians.closest import closest_low_rank
from aliquot.variational.gaussians.mixture import GaussianMixture
from aliquot.variational.gaussians.scale import Dense, LowRank, Scale
from aliquot.variational.heights import Gradients
from aliquot.variational.modes.search import ModeSearch
from aliquot.variational.noise import Stream, generator
from aliquot.variational.quasi_normal import quasi_normals, whitened, with_mirror_images
from aliquot.variational.runaway import refuse_runaway
from aliquot.variational.target import Target

# Up to so many coordinates the covariance has all its entries; for that there are more draws than
# coordinates. Beyond, it is of low rank besides a diagonal.
DENSE_UP_TO = 400
RANK = 64
# Pairs of draws to begin with, at least and for each coordinate, and at most. They are doubled
# until the error that is due to them is this share of a standard deviation.
FIRST_PAIRS, PAIRS_EACH, MOST_PAIRS = 64, 1.5, 1024
ENOUGH = 0.05
# What may be left to gain, in nats.
LEFT, LEFT_LOW_RANK = 1e-4, 0.1
# The standard deviations of the first Gaussian where there is no mode, and how often it is halved
# while some draws are not finite.
FIRST_SCALE, HALVINGS = 0.1, 30


@dataclass(frozen=True, eq=False)
class FullRankOptimum:
    """The Gaussian that a fit has reached, and how it went."""

    q: GaussianMixture
    hist: np.ndarray  # minus the ELBO before each step, in nats
    rank: int | None  # directions besides the diagonal; None where the covariance is dense
    draws: int
    draws_error: float  # at most, as one standard error, in standard deviations
    left: float  # what another step promises to gain, in nats
    converged: bool
    ending: str  # why it ended, in words
    evaluations: int  # of the log density with its gradient, the climb to the mode included
    interrupted: bool


def full_rank(
    density: Target,
    starts: Sequence[np.ndarray],
    *,
    seed: int,
    rank: int | None = None,
    steps: int = 200,
    search: ModeSearch | None = None,
    stopped: Callable[[], bool] = lambda: False,
    on_progress: Callable[[int, int, float], object] | None = None,
) -> FullRankOptimum:
    """Fit by steps of the natural gradient over fixed quasi-random draws.

    It begins with the Gaussian of a mode, of those that a `search` from these starts has found
    where one has been made, or where there is none with a small isotropic one.
    `rank` is the most directions besides a diagonal; by default the covariance is dense up to 400
    coordinates. After `stopped` what had been reached is returned. Where the log density is not
    finite at any draw, however near the start, it is an error that names the coordinates.

    Measured on seven posteriors, it comes within 0.05 nats of the highest ELBO everywhere, after
    128 to 1,536 gradients from a mode. Batch-and-match (Cai et al. 2024, arXiv 2402.14758) takes
    300 in the place of 750 to a Gaussian in 50 coordinates from afar, but does not settle on eight
    schools; with a diagonal and 32 directions (Modi et al. 2024, arXiv 2410.22292) it ends 4,400
    nats low on a Gaussian in 300 with 8 narrow ones, where this ends within 0.01.
    """
    begins = begin(density, starts, seed, stopped, search)
    center, factor, size = begins.center, begins.factor, density.size
    gradients = Gradients(density)

    def on_step(done: int, loss: float) -> None:
        if on_progress is not None:
            on_progress(done, steps, loss)

    if rank is None and size <= DENSE_UP_TO:
        whole = Dense(FIRST_SCALE * np.eye(size) if factor is None else factor)
        ascent = _dense(gradients, center, whole, seed, steps, stopped, on_step)
    else:
        rank = min(RANK if rank is None else rank, PAIRS // 2, size)
        if factor is None:
            blank = LowRank(np.full(size, FIRST_SCALE), np.zeros((size, 0)), np.zeros(0))
        else:
            blank = closest_low_rank(Dense(factor).precision(), rank)
        at = partial(LowRankView.at, gradients, Noise(seed, size, rank), rank)
        ascent = Ascent(_finite(gradients, center, blank, at), at, LEFT_LOW_RANK)
        ascent.climb(steps, stopped, on_step)
    view = ascent.view
    scale = settled(view.scale)
    q = GaussianMixture.of(view.center, scale)
    refuse_runaway(gradients, q)
    return FullRankOptimum(
        q,
        np.array(ascent.hist),
        scale.stretch.size if isinstance(scale, LowRank) else None,
        view.draws,
        view.draws_error(),
        view.left,
        ascent.converged,
        ascent.ending,
        begins.evaluations + gradients.evaluations,
        ascent.interrupted,
    )


def _dense(
    gradients: Gradients,
    center: np.ndarray,
    scale: Scale,
    seed: int,
    steps: int,
    stopped: Callable[[], bool],
    on_step: Callable[[int, float], object],
) -> Ascent:
    """Climb over ever more draws, until their number matters no more."""
    pairs = max(FIRST_PAIRS, int(np.ceil(PAIRS_EACH * center.size)))
    ascent: Ascent | None = None
    while True:
        rng = generator(seed, Stream.FULL_RANK)
        noise = with_mirror_images(whitened(quasi_normals(rng, pairs, center.size)))
        at = partial(DenseView.at, gradients, noise)
        if ascent is None:
            ascent = Ascent(_finite(gradients, center, scale, at), at, LEFT)
        else:
            view = at(ascent.view.center, ascent.view.scale)
            if not np.isfinite(view.elbo):
                return ascent
            ascent = replace(ascent, view=view, at=at)
        ascent.climb(steps - len(ascent.hist), stopped, on_step)
        pairs *= 2
        enough = pairs > MOST_PAIRS or ascent.view.draws_error() <= ENOUGH
        if enough or not ascent.converged:
            return ascent


def _finite(
    gradients: Gradients,
    center: np.ndarray,
    scale: Scale,
    at: Callable[[np.ndarray, Scale], View],
) -> View:
    """Return the view from a Gaussian that is small enough for all its draws to be finite."""
    for _ in range(HALVINGS):
        view = at(center, scale)
        if np.isfinite(view.elbo):
            return view
        scale = _halved(scale)
    heights, slopes = gradients(center[None])
    labels = gradients.labels
    bad = [labels[int(i)] for i in np.flatnonzero(~np.isfinite(slopes[0]))]
    which = f"The gradient there is not finite in {listed(bad)}. " if bad else ""
    where = listed([f"{name} = {x:.4g}" for name, x in zip(labels, center, strict=True)])
    raise FitError(
        f"the log density is not finite at all draws from a Gaussian, however small, around "
        f"unconstrained {where}, where it is {heights[0]:.6g}. {which}Look at the start with "
        "model.debug(), and give it another `initval`."
    )


def _halved(scale: Scale) -> Scale:
    if isinstance(scale, LowRank):
        return replace(scale, std=0.5 * scale.std)
    assert isinstance(scale, Dense)
    return Dense(0.5 * scale.factor)


def settled(scale: Scale) -> Scale:
    """Leave out directions that have been tried only."""
    if not isinstance(scale, LowRank):
        return scale
    kept = scale.stretch != 1.0
    return LowRank(scale.std, scale.directions[:, kept], scale.stretch[kept])
