"""Deterministic ADVI: the mean-field ELBO over fixed draws, its optimum, and linear response."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from aliquot.errors import FitError
from aliquot.newton import Climb, Climber, Curvature, converged, ending, off_saddles
from aliquot.variational.failure import listed
from aliquot.variational.fixed_draws.objective import GROUPS, elbo_derivatives, fixed_noise
from aliquot.variational.gaussians.mixture import GaussianMixture
from aliquot.variational.gaussians.scale import dense
from aliquot.variational.noise import MAX_NORMALS
from aliquot.variational.stochastic.family import MeanField
from aliquot.variational.target import Target

# Up to so many coordinates there is room for the Hessian of the ELBO, (2 d, 2 d).
MOST_RESPONSE = 1000
# Draws of a group, to begin with and at most.
FIRST_EACH, MOST_EACH = 4, 512
# The number of draws is doubled until what it adds to the error of a mean, or to that of the log
# of a standard deviation, is below this share of a standard deviation.
ENOUGH = 0.05
FIRST_SCALES = (0.1, 0.01, 1e-3)


@dataclass(frozen=True, eq=False)
class Optimum:
    """The optimum over fixed draws."""

    mean_field: GaussianMixture
    response: (
        GaussianMixture | None
    )  # with the covariance by linear response, where there is room for it
    draws: int
    draws_error: float | None  # one standard error, in standard deviations
    left: float  # what was left to gain, in nats
    hist: np.ndarray  # minus the ELBO at the optimum, for each number of draws
    evaluations: int  # of the log density with its derivatives
    interrupted: bool


def dadvi(
    density: Target,
    starts: Sequence[np.ndarray],
    *,
    seed: int,
    steps: int = 1000,
    stopped: Callable[[], bool] = lambda: False,
    on_progress: Callable[[int, int, float], object] | None = None,
) -> Optimum | None:
    """Fit by trust-region Newton steps over fixed draws, from the best of some starts (n, d).

    What few draws add to the error of the optimum is estimated from groups of them that are
    independent, and their number doubled until it is small. ``None`` where no start has a finite
    ELBO.

    The covariance is that of linear response: Giordano, Broderick and Jordan (2018), Covariances,
    robustness, and variational Bayes, JMLR 19, equation 14: the block for mu of the inverse of
    minus the Hessian of the ELBO in (mu, omega).
    """
    fit = _Fit(density, seed, steps, stopped)
    rounds = int(np.log2(fit.most / FIRST_EACH)) + 1
    hist: list[float] = []
    error = None
    best = fit.from_starts(starts)
    if best is None:
        return None
    while True:
        hist.append(-fit.elbo(best))
        if on_progress is not None:
            on_progress(len(hist), rounds, hist[-1])
        if fit.interrupted:
            break
        best, error = fit.with_error(best)
        if fit.interrupted or error is None or error <= ENOUGH or fit.each >= fit.most:
            break
        fit.double()
        best = fit.climb(best.position)
    return Optimum(
        fit.family.gaussian(best.position),
        None if error is None or fit.interrupted else fit.response(best),
        GROUPS * fit.each,
        error,
        max(float(best.gain), 0.0),
        np.array(hist),
        fit.evaluations,
        fit.interrupted,
    )


class _Fit:
    """The climbs of one ELBO, over ever more draws."""

    def __init__(self, density: Target, seed: int, steps: int, stopped: Callable[[], bool]) -> None:
        size = density.size
        self.family = MeanField(size)
        self.each, self.evaluations = FIRST_EACH, 0
        self.most = max(FIRST_EACH, min(MOST_EACH, MAX_NORMALS // (GROUPS * size) // 2 * 2))
        self._density, self._seed, self._steps = density, seed, steps
        self._noise = np.zeros((GROUPS * self.most, size))
        self._climber = Climber(
            density,
            "mean-field ELBO",
            elbo_derivatives(density.log_density),
            self._data(),
            size=2 * size,
            rows=2 * size if size <= MOST_RESPONSE else 0,
            stopped=stopped,
        )
        self._fill()

    @property
    def interrupted(self) -> bool:
        return self._climber.interrupted

    def double(self) -> None:
        """Go on with twice as many draws."""
        self.each = min(2 * self.each, self.most)
        self._fill()

    def elbo(self, climb: Climb) -> float:
        """Give the ELBO at a point of a climb, in nats."""
        return float(climb.height) + 0.5 * self._density.size * float(1 + np.log(2 * np.pi))

    def from_starts(self, starts: Sequence[np.ndarray]) -> Climb | None:
        """Climb over few draws from each start, and on from the highest point over all.

        ``None`` where no start has a finite ELBO.
        """
        best: Climb | None = None
        failure: FitError | None = None
        few = self._climber.over(self._data(0, self.each))
        for start in starts:
            for scale in FIRST_SCALES:
                params = self.family.init(start, scale)
                if np.isfinite(few.evaluate(params)[0]):
                    break
            else:
                continue
            try:
                climb = self.climb(params, few=True)
            except FitError as error:
                failure = error
                continue
            if best is None or climb.height > best.height:
                best = climb
            if self.interrupted:
                break
        if best is not None:
            return best if self.interrupted else self.climb(best.position)
        if self.interrupted:
            raise KeyboardInterrupt
        if failure is not None:
            raise failure
        return None

    def climb(self, params: np.ndarray, *, few: bool = False) -> Climb:
        """Climb from parameters to the optimum over the present draws, or those of one group."""
        count = self.each if few else GROUPS * self.each
        climber = self._climber.over(self._data(0, count))
        climb = climber.climb(params, steps=self._steps)
        self.evaluations += int(climb.evaluations) * count
        self._climber.interrupted |= climber.interrupted
        if not self.interrupted and not converged(climb):
            raise FitError(self._not_there(climb))
        return climb

    def with_error(self, climb: Climb) -> tuple[Climb, float | None]:
        """Return an optimum with its Hessian, and the error that is due to few draws.

        The optimum over each group of draws is one Newton step away; the error is estimated from
        how far these steps differ. Where the Hessian shows a saddle the climb goes on.
        """
        climber = self._climber.over(self._data())
        climb, curvature, used = off_saddles(climber, climb, self._steps)
        self.evaluations += used * GROUPS * self.each
        self._climber.interrupted |= climber.interrupted
        if curvature is None or not curvature.definite:
            return climb, None
        factor = curvature.factor()
        gradients = np.stack([self._group_gradient(climb.position, g) for g in range(GROUPS)])
        if not np.all(np.isfinite(gradients)):
            return climb, None
        steps = gradients @ factor @ factor.T
        errors = steps.std(axis=0, ddof=1) / np.sqrt(GROUPS)
        size = self._density.size
        std = np.sqrt((factor[:size] ** 2).sum(axis=1))
        return climb, float(max((errors[:size] / std).max(), errors[size:].max()))

    def response(self, climb: Climb) -> GaussianMixture:
        """Return the Gaussian with the covariance by linear response."""
        size = self._density.size
        factor = Curvature.of(climb.hessian).factor()[:size]
        return GaussianMixture.of(climb.position[:size], dense(factor @ factor.T))

    def _group_gradient(self, params: np.ndarray, group: int) -> np.ndarray:
        rows = self._data(group * self.each, self.each)
        return self._climber.over(rows).evaluate(params)[1]

    def _fill(self) -> None:
        noise = fixed_noise(self._seed, self.each, self._density.size)
        self._noise = self._noise.copy()
        self._noise[: GROUPS * self.each] = noise.reshape(-1, self._density.size)

    def _data(self, first: int = 0, count: int | None = None) -> tuple[object, ...]:
        rows = GROUPS * self.each if count is None else count
        return self._noise, np.int64(first), np.int64(rows), self._density.data

    def _not_there(self, climb: Climb) -> str:
        size, labels = self._density.size, self._density.labels
        order = np.argsort(-np.abs(climb.gradient))[:5]
        names = [
            labels[int(i)] if i < size else f"log sd of {labels[int(i) - size]}" for i in order
        ]
        return (
            f"the ELBO over fixed draws has no optimum where the climb went: {ending(climb)}. "
            f"Steepest there: {listed(names)}. Give the variables named priors that keep them in a "
            "finite range, or use aq.sample()"
        )
