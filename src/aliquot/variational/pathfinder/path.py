"""Pathfinder: along climbs from several starts, the Gaussians that are closest to the posterior.

Zhang, Carpenter, Gelman and Vehtari (2022), Pathfinder: parallel quasi-Newton variational
inference, JMLR 23.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from aliquot.errors import FitError
from aliquot.variational.failure import listed
from aliquot.variational.gaussians.mixture import GaussianMixture
from aliquot.variational.heights import Gradients, log_densities
from aliquot.variational.importance import Estimate
from aliquot.variational.noise import MAX_NORMALS, Stream, generator
from aliquot.variational.pathfinder.quasi_newton import Iterate, climb, covariance_times
from aliquot.variational.runaway import refuse_runaway
from aliquot.variational.target import Target

# Draws that choose among the Gaussians of a path, how many of these are looked at again, since few
# draws flatter some of them, and with how many draws; those of the best are kept.
FEW, FINALISTS, KEPT = 10, 4, 200


@dataclass(frozen=True, eq=False)
class Path:
    """The best Gaussian along one climb."""

    q: GaussianMixture
    elbo: Estimate  # in nats, from the draws
    draws: np.ndarray  # (KEPT, d)
    log_ratios: np.ndarray  # (KEPT,) of the density to q
    hist: np.ndarray  # minus the ELBO of the Gaussian at each point of the climb; inf without one


@dataclass(frozen=True, eq=False)
class Paths:
    """What climbs from several starts have found."""

    paths: list[Path]  # the one with the highest ELBO first
    failed: int  # climbs along which no Gaussian has a finite ELBO
    gradients: int  # evaluations of the log density with its gradient
    heights: int  # evaluations of the log density alone
    interrupted: bool


def find_paths(
    density: Target,
    starts: Sequence[np.ndarray],
    *,
    seed: int,
    steps: int = 1000,
    stopped: Callable[[], bool] = lambda: False,
    on_progress: Callable[[int, int, float], object] | None = None,
) -> Paths:
    """Climb from each start (d,), and keep the Gaussian with the highest ELBO along each path.

    All climbs go at the same pace, so that their gradients are evaluated together. After `stopped`
    the paths are as long as they are. It is an error that no path has a Gaussian.
    """
    at = Gradients(density)
    trails = [_Trail(density, generator(seed, Stream.PATHS, n)) for n in range(len(starts))]
    with np.errstate(over="ignore", invalid="ignore"):  # of paths that run off
        interrupted = _climb(at, starts, trails, steps, stopped, on_progress)
        for trail in trails:
            trail.judge()
        found = [path for trail in trails if (path := trail.path()) is not None]
    if not found:
        if interrupted:
            raise KeyboardInterrupt
        raise FitError(_nowhere(at, starts))
    found.sort(key=lambda path: -path.elbo.value)
    refuse_runaway(Gradients(density), found[0].q)
    heights = sum(trail.evaluations for trail in trails)
    return Paths(found, len(trails) - len(found), at.evaluations, heights, interrupted)


def gaussian_at(iterate: Iterate) -> GaussianMixture | None:
    """Return the Gaussian at a point of a path: where a Newton step leads, with its curvature."""
    scale = iterate.scale
    if scale is None:
        return None
    return GaussianMixture.of(iterate.position + covariance_times(scale, iterate.gradient), scale)


def path_of(
    density: Target, q: GaussianMixture, hist: np.ndarray, rng: np.random.Generator
) -> Path:
    """Draw from a Gaussian and compare it with the density."""
    draws, log_q = q.draw(KEPT, rng)
    log_ratios = log_densities(density, draws) - log_q
    log_ratios = np.where(np.isfinite(log_ratios), log_ratios, -np.inf)
    return Path(q, Estimate.of_mean(log_ratios), draws, log_ratios, hist)


class _Trail:
    """The points of one path that are left to judge, and the Gaussians at the best that were."""

    def __init__(self, density: Target, rng: np.random.Generator) -> None:
        self.points: list[Iterate] = []
        self.evaluations = 0
        self._density, self._rng = density, rng
        self._noise = rng.standard_normal((FEW, density.size))
        self._hist: list[float] = []
        self._best: list[tuple[float, GaussianMixture]] = []
        # What points hold bounds how many of them may wait.
        self.most = max(2, MAX_NORMALS // (20 * density.size))

    def judge(self, upto: int | None = None) -> None:
        """Estimate the ELBO of the Gaussian at each point, and let go of all but a few."""
        some, self.points[:upto] = self.points[:upto], []
        gaussians = [q for point in some if (q := gaussian_at(point)) is not None]
        noise = self._noise
        shifted = [q.centers[0] + q.scales[0].apply(noise) for q in gaussians]
        points = np.concatenate([np.empty((0, self._density.size)), *shifted])
        self.evaluations += len(points)
        heights = log_densities(self._density, points).reshape(-1, FEW).mean(axis=1)
        log_noise = 0.5 * (noise**2).sum(axis=1).mean() + 0.5 * noise.shape[1] * np.log(2 * np.pi)
        for q, height in zip(gaussians, heights, strict=True):
            loss = -(height + q.scales[0].log_det + log_noise)
            self._hist.append(float(loss) if np.isfinite(loss) else np.inf)
            if np.isfinite(loss):
                self._best.append((float(loss), q))
        self._best = sorted(self._best, key=lambda judged: judged[0])[:FINALISTS]

    def path(self) -> Path | None:
        """Return the best, if there is one with a finite ELBO."""
        hist = np.array(self._hist)
        paths = [path_of(self._density, q, hist, self._rng) for _, q in self._best]
        self.evaluations += KEPT * len(paths)
        return max(paths, key=lambda path: path.elbo.value, default=None)


def _climb(
    at: Gradients,
    starts: Sequence[np.ndarray],
    trails: Sequence[_Trail],
    steps: int,
    stopped: Callable[[], bool],
    on_progress: Callable[[int, int, float], object] | None,
) -> bool:
    """Climb from each start along a trail, and say whether that was interrupted."""
    climbs = [
        climb(np.array(start, float), trail.points, steps)
        for start, trail in zip(starts, trails, strict=True)
    ]
    waiting = {number: next(each) for number, each in enumerate(climbs)}
    while waiting:
        if stopped():
            return True
        heights, gradients = at(np.stack(list(waiting.values())))
        for number, height, gradient in zip(list(waiting), heights, gradients, strict=True):
            try:
                waiting[number] = climbs[number].send((float(height), gradient))
            except StopIteration:
                del waiting[number]
            if len(trails[number].points) > trails[number].most:
                trails[number].judge(-1)
        if on_progress is not None:
            tops = (-trail.points[-1].height for trail in trails if trail.points)
            on_progress(len(climbs) - len(waiting), len(climbs), min(tops, default=np.inf))
    return False


def _nowhere(at: Gradients, starts: Sequence[np.ndarray]) -> str:
    """Say why no path has led anywhere."""
    labels, points = at.labels, np.stack([np.asarray(start, float) for start in starts])
    heights, gradients = at(points)
    if np.any(np.isfinite(heights) & np.isfinite(gradients).all(axis=1)):
        return (
            "no Gaussian along any of the paths has a finite ELBO: the log density is not finite "
            "at some of its draws. Give the variables priors that keep them in a finite range, or "
            "use aq.sample()"
        )
    bad = [labels[int(i)] for i in np.flatnonzero(~np.isfinite(gradients[0]))]
    which = f" in {listed(bad)}" if bad else ""
    where = listed([f"{name} = {x:.4g}" for name, x in zip(labels, points[0], strict=True)])
    return (
        f"the log density, {heights[0]:.6g}, or its gradient{which} is not finite at unconstrained "
        f"{where}, nor are they at any other of {len(points)} starts. Look at the start with "
        "model.debug(), and give it another `initval`"
    )
