"""The modes of a density, and the Gaussian at each (Laplace's approximation)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from aliquot.compilation import owner_of
from aliquot.errors import FitError
from aliquot.newton import (
    MOVED,
    SAME_HEIGHT,
    UNFINISHED,
    Climb,
    Climber,
    Curvature,
    Differences,
    Moves,
    converged,
    derivatives,
    ending,
    off_saddles,
    promising,
)
from aliquot.variational.failure import listed
from aliquot.variational.gaussians.mixture import GaussianMixture
from aliquot.variational.gaussians.scale import Dense
from aliquot.variational.heights import affordable, log_densities
from aliquot.variational.noise import Stream, generator
from aliquot.variational.target import Target

# A matrix of so many rows is 128 MiB, and its Hessian as many products.
MOST_COORDINATES = 4000
# Two tops are one mode where they are closer than this, in standard deviations.
SAME = 0.05

# Draws that look for what was missed, of a t with so many degrees of freedom; climbs from the
# most telling, where one of them makes up for more than this share of the mass by itself.
EXPLORED, EXPLORING_TAILS, CLIMBED, UNEXPLAINED = 500, 2.0, 4, 0.1
# So often it is looked for more, and so often in vain where moves are at random.
ROUNDS, IN_VAIN = 3, 2
# So many climbs go together in a call, where numbers read times coordinates are no more than this.
TOGETHER, QUICK = 8, 2_000


type Fold = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True, eq=False)
class Mode:
    """A top of the log density, with its curvature."""

    position: np.ndarray  # (d,)
    height: float
    factor: np.ndarray  # (d, d): lower Cholesky factor of the inverse of minus the Hessian
    left: float  # what was left to gain, in nats

    @cached_property
    def gaussian(self) -> GaussianMixture:
        """The Gaussian with the mode's curvature."""
        return GaussianMixture.of(self.position, Dense(self.factor))

    @property
    def log_mass(self) -> float:
        """The log of its share of the integral of the density, by Laplace's method."""
        d = self.position.size
        log_det = float(np.log(np.diag(self.factor)).sum())
        return self.height + log_det + 0.5 * d * float(np.log(2 * np.pi))

    def __contains__(self, position: np.ndarray) -> bool:
        """Whether another top (d,) is this one, reached another time."""
        away = self.gaussian.scales[0].solve((position - self.position)[None])
        return bool(np.linalg.norm(away) < SAME * np.sqrt(away.size))


@dataclass(frozen=True, eq=False)
class ModeSearch:
    """What climbs from several starts have found."""

    modes: list[Mode]  # different ones, the highest first
    failures: list[FitError]  # of climbs that did not end at a mode
    starts: int
    evaluations: int
    interrupted: bool
    reached: tuple[float, ...] = ()  # the height of each climb that ended at a mode
    exact: bool = True  # whether second derivatives are no differences

    @property
    def counts(self) -> dict[str, int]:
        """How many climbs there were, and how many of them ended as high as the best."""
        best = max(self.reached, default=np.inf)
        return {
            "climbs": len(self.reached) + len(self.failures),
            "reached": sum(height > best - SAME_HEIGHT for height in self.reached),
        }


def find_modes(
    density: Target,
    starts: Sequence[np.ndarray],
    *,
    seed: int = 0,
    steps: int = 1000,
    rounds: int = ROUNDS,
    moves: Moves | None = None,
    budget: int | None = None,
    exact: bool = True,
    stopped: Callable[[], bool] = lambda: False,
    on_progress: Callable[[int, int, float], object] | None = None,
) -> ModeSearch:
    """Climb from each start (d,) and keep the tops that differ.

    Then, for so many rounds, draws around the modes look for what was missed, and `moves` from the
    highest suggest what may be better; both lead to more climbs. No round begins once `budget`
    evaluations have been made. Where not `exact`, second derivatives are differences of gradients,
    which is enough to say where modes are and how wide. A climb that ends at a saddle goes on. One
    that runs off, or ends where the density is flat in some direction, is a failure that names the
    coordinates. No start with a finite log density and gradient leaves both lists empty.
    """
    if density.size > MOST_COORDINATES:
        raise FitError(
            f"Laplace's approximation needs a matrix of {density.size:,} rows and columns, one for "
            f"each unconstrained coordinate; up to {MOST_COORDINATES:,} are possible. Use "
            "method='dadvi' or 'advi'."
        )
    climber = climber_of(density, exact=exact, stopped=stopped)
    search = ModeSearch([], [], len(starts), 0, interrupted=False, exact=exact)
    search = _climbed(search, climber, density, starts, steps, on_progress)
    rng = generator(seed, Stream.MODES)
    in_vain = 0
    for _ in range(rounds):
        spent = budget is not None and search.evaluations >= budget
        if search.interrupted or not search.modes or spent:
            break
        before = len(search.modes)
        more = missed(density, search.modes, rng)
        if moves is not None:
            points, used = promising(climber, moves(search.modes[0].position, MOVED, rng))
            search = replace(search, evaluations=search.evaluations + used)
            more += points
        search = _climbed(search, climber, density, more, steps)
        in_vain = in_vain + 1 if len(search.modes) == before else 0
        if in_vain == (1 if moves is None else IN_VAIN):
            break
    return search


def climber_of(
    density: Target,
    *,
    rows: int | None = None,
    exact: bool = True,
    stopped: Callable[[], bool] = lambda: False,
) -> Climber:
    """Return climbs of a log density, compiled once for it; by differences where not `exact`."""
    log_density = density.log_density
    return Climber(
        owner_of(log_density),
        ("log density", exact),
        derivatives(log_density) if exact else Differences(log_density),
        density.data,
        size=density.size,
        rows=rows,
        stopped=stopped,
        together=TOGETHER if density.numbers_read * density.size <= QUICK else 1,
    )


def _climbed(
    search: ModeSearch,
    climber: Climber,
    density: Target,
    starts: Sequence[np.ndarray],
    steps: int,
    on_progress: Callable[[int, int, float], object] | None = None,
) -> ModeSearch:
    """Add to what was found what climbs from more starts find."""
    modes, failures, evaluations = [*search.modes], [*search.failures], search.evaluations
    reached = [*search.reached]
    for number, climb in enumerate(climber.climbs(starts, steps=steps)):
        known = next((m for m in modes if converged(climb) and climb.position in m), None)
        if known is None:
            top, used = _top(climber, density.labels, climb, steps)
        else:  # whose curvature is known
            top, used = known, int(climb.evaluations)
        evaluations += used
        if isinstance(top, Mode):
            reached.append(top.height)
        if isinstance(top, FitError):
            failures.append(top)
        elif top is not None and not any(top.position in mode for mode in modes):
            modes.append(top)
        if climber.interrupted:
            break
        if on_progress is not None:
            on_progress(number + 1, len(starts), -max((m.height for m in modes), default=np.nan))
    modes.sort(key=lambda mode: -mode.height)
    return replace(
        search,
        modes=modes,
        failures=failures,
        evaluations=evaluations,
        interrupted=climber.interrupted,
        reached=tuple(reached),
    )


def missed(density: Target, modes: Sequence[Mode], rng: np.random.Generator) -> list[np.ndarray]:
    """Return points (d,) to climb from that modes found so far do not explain.

    Of draws around the modes, with far tails, those that have the most density for how rarely they
    are drawn; none where a Gaussian at each mode accounts for all of them.
    """
    gaussians = [mode.gaussian for mode in modes]
    around = GaussianMixture.joined(gaussians, np.zeros(len(modes))).with_tails(EXPLORING_TAILS)
    tried = affordable(density, EXPLORED, 50)
    points, log_q = around.draw(tried, rng)
    heights = log_densities(density, points)
    mass = max(mode.log_mass for mode in modes)
    ratios = np.where(np.isfinite(heights), heights - log_q, -np.inf)
    # A draw that alone stands for more mass than the modes have: its weight, over their number.
    order = np.argsort(-ratios)[:CLIMBED]
    return [points[i] for i in order if ratios[i] - np.log(tried) > mass + np.log(UNEXPLAINED)]


def folded(search: ModeSearch, density: Target, fold: Fold) -> list[Mode]:
    """Return the modes that are no mirror images of each other.

    `fold` gives of points (n, d) their images near the highest mode. A mode that moves is climbed
    to anew, for the curvature there.
    """
    kept = search.modes[:1]
    climber: Climber | None = None
    for mode in search.modes[1:]:
        image = fold(mode.position[None])[0]
        if not np.all(np.isfinite(image)):
            continue
        if not np.allclose(image, mode.position):
            climber = climber or climber_of(density, exact=search.exact)
            top, _ = _top(climber, density.labels, climber.climb(image, steps=1000), 1000)
            if not isinstance(top, Mode):
                continue
            mode = top
        if not any(mode.position in known for known in kept):
            kept.append(mode)
    return kept


def _top(
    climber: Climber, labels: Sequence[str], climb: Climb, steps: int
) -> tuple[Mode | FitError | None, int]:
    """Return the mode that a climb has led to, or why it is none, and the evaluations it took."""
    used = int(climb.evaluations)
    if climb.height == -np.inf:
        return None, used
    climb, curvature, more = off_saddles(climber, climb, steps)
    used += more
    if climber.interrupted:
        return None, used
    if not converged(climb):
        return FitError(_not_there(climb, labels, ending(climb))), used
    return _mode(climb, curvature, labels), used


def _mode(climb: Climb, curvature: Curvature | None, labels: Sequence[str]) -> Mode | FitError:
    """Return a mode, or the reason why it is none."""
    if curvature is None:
        bad = [labels[int(i)] for i in np.flatnonzero(~np.isfinite(climb.hessian).all(axis=1))]
        return FitError(f"the Hessian at the mode is not finite in {listed(bad)}")
    if curvature.upward() is not None:
        return FitError("a saddle point: the density rises away from it whichever way it is left")
    left = curvature.left(climb.gradient)
    if left > UNFINISHED:
        return FitError(_not_there(climb, labels, "the density still rises there"))
    if not curvature.definite:
        return FitError(
            "the Hessian at the mode is not definite: the log density is flat along "
            f"{_direction(curvature.flattest, labels)}. The posterior is improper there, or nearly "
            "so, and no Gaussian stands for it. Give these variables proper priors, or fix one of "
            "those that can make up for each other"
        )
    return Mode(climb.position, float(climb.height), curvature.factor(), left)


def _direction(vector: np.ndarray, labels: Sequence[str]) -> str:
    """Name the coordinates that a direction mostly consists of."""
    order = np.argsort(-np.abs(vector))
    chosen = [i for i in order if abs(vector[i]) > 0.3 * abs(vector[order[0]])]
    if len(chosen) == 1:
        return labels[int(chosen[0])]
    sign = np.sign(vector[chosen[0]])
    return listed([f"{sign * vector[i]:+.2g} {labels[int(i)]}" for i in chosen])


def _not_there(climb: Climb, labels: Sequence[str], why: str) -> str:
    order = np.argsort(-np.abs(climb.gradient))[:5]
    far = int(np.argmax(np.abs(climb.position)))
    steepest = listed([f"{labels[int(i)]} (slope {climb.gradient[i]:.2g})" for i in order])
    return (
        f"there is no mode where a climb went: {why}. The furthest coordinate is "
        f"{labels[far]} = {climb.position[far]:.4g}; steepest: {steepest}"
    )
