"""Pathfinder: along climbs from several starts, the Gaussians that are closest to the posterior.

Zhang, Carpenter, Gelman and Vehtari (2022), Pathfinder: parallel quasi-Newton variational
inference, JMLR 23, algorithms 1 and 2.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from aliquot.errors import FitError
from aliquot.variational.failure import listed
from aliquot.variational.gradients import Gradients
from aliquot.variational.heights import log_densities
from aliquot.variational.importance import Estimate
from aliquot.variational.mixture import Mixture
from aliquot.variational.noise import MAX_NORMALS, Stream, generator
from aliquot.variational.quasi_newton import Iterate, climb, covariance_times
from aliquot.variational.target import Target

# Draws that choose among the Gaussians of a path, and draws that are kept of the best.
FEW, KEPT = 10, 200


@dataclass(frozen=True, eq=False)
class Path:
    """The best Gaussian along one climb."""

    q: Mixture
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
    trails, interrupted = _climbed(at, starts, steps, stopped, on_progress)
    found: list[Path] = []
    heights = 0
    for number, trail in enumerate(trails):
        path, used = _best(density, trail, generator(seed, Stream.PATHS, number))
        heights += used
        if path is not None:
            found.append(path)
    if not found:
        if interrupted:
            raise KeyboardInterrupt
        raise FitError(_nowhere(at, starts, trails))
    found.sort(key=lambda path: -path.elbo.value)
    return Paths(found, len(trails) - len(found), at.evaluations, heights, interrupted)


def gaussian_at(iterate: Iterate) -> Mixture | None:
    """Return the Gaussian at a point of a path: where a Newton step leads, with its curvature."""
    scale = iterate.scale
    if scale is None:
        return None
    return Mixture.of(iterate.position + covariance_times(scale, iterate.gradient), scale)


def path_of(density: Target, q: Mixture, hist: np.ndarray, rng: np.random.Generator) -> Path:
    """Draw from a Gaussian and compare it with the density."""
    draws, log_q = q.draw(KEPT, rng)
    log_ratios = log_densities(density, draws) - log_q
    return Path(q, Estimate.of_mean(log_ratios), draws, log_ratios, hist)


def _climbed(
    at: Gradients,
    starts: Sequence[np.ndarray],
    steps: int,
    stopped: Callable[[], bool],
    on_progress: Callable[[int, int, float], object] | None,
) -> tuple[list[list[Iterate]], bool]:
    """Return the path from each start, and whether they were cut short."""
    trails: list[list[Iterate]] = [[] for _ in starts]
    climbs = [climb(np.array(s, float), t, steps) for s, t in zip(starts, trails, strict=True)]
    waiting = {number: next(each) for number, each in enumerate(climbs)}
    while waiting:
        if stopped():
            return trails, True
        heights, gradients = at(np.stack(list(waiting.values())))
        for number, height, gradient in zip(list(waiting), heights, gradients, strict=True):
            try:
                waiting[number] = climbs[number].send((float(height), gradient))
            except StopIteration:
                del waiting[number]
        if on_progress is not None:
            lowest = min((-trail[-1].height for trail in trails if trail), default=np.inf)
            on_progress(len(climbs) - len(waiting), len(climbs), lowest)
    return trails, False


def _best(
    density: Target, trail: Sequence[Iterate], rng: np.random.Generator
) -> tuple[Path | None, int]:
    """Return the Gaussian with the highest ELBO along a path, and how many draws told."""
    noise = rng.standard_normal((FEW, density.size))
    log_noise = -0.5 * (noise**2).sum(axis=1).mean() - 0.5 * density.size * np.log(2 * np.pi)
    gaussians = [gaussian_at(iterate) for iterate in trail]
    there = [number for number, q in enumerate(gaussians) if q is not None]
    hist = np.full(len(trail), np.inf)
    together = max(1, MAX_NORMALS // (FEW * density.size))
    for first in range(0, len(there), together):
        some = there[first : first + together]
        chosen = [q for number in some if (q := gaussians[number]) is not None]
        points = np.concatenate([q.centers[0] + q.scales[0].apply(noise) for q in chosen])
        mean = log_densities(density, points).reshape(-1, FEW).mean(axis=1)
        elbo = mean - log_noise + np.array([q.scales[0].log_det for q in chosen])
        hist[some] = np.where(np.isfinite(elbo), -elbo, np.inf)
    if not np.isfinite(hist).any():
        return None, FEW * len(there)
    best = gaussians[int(np.argmin(hist))]
    assert best is not None
    return path_of(density, best, hist, rng), FEW * len(there) + KEPT


def _nowhere(
    at: Gradients, starts: Sequence[np.ndarray], trails: Sequence[Sequence[Iterate]]
) -> str:
    """Say why no path has led anywhere."""
    labels = at.labels
    if any(trails):
        return (
            "no Gaussian along any of the paths has a finite ELBO: the log density is not finite "
            "at some of its draws. Give the variables priors that keep them in a finite range, or "
            "use aq.sample()"
        )
    heights, gradients = at(np.array(starts[0], float)[None])
    bad = [labels[int(i)] for i in np.flatnonzero(~np.isfinite(gradients[0]))]
    which = f" in {listed(bad)}" if bad else ""
    where = listed([f"{name} = {x:.4g}" for name, x in zip(labels, starts[0], strict=True)])
    return (
        f"the log density, {heights[0]:.6g}, or its gradient{which} is not finite at unconstrained "
        f"{where}, nor at any other of the {len(starts)} starts. Look at the start with "
        "model.debug(), and give it another `initval`"
    )
