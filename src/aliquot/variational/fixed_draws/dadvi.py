"""Deterministic ADVI: the mean-field ELBO over fixed draws, its optimum, and linear response."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from aliquot.newton import Climb, Curvature
from aliquot.variational.fixed_draws.few_draws import FewDraws
from aliquot.variational.fixed_draws.many_draws import ManyDraws
from aliquot.variational.fixed_draws.objective import FIRST_EACH, GROUPS, MOST_EACH, fixed_noise
from aliquot.variational.fixed_draws.response import linear_response
from aliquot.variational.gaussians.mixture import GaussianMixture
from aliquot.variational.gaussians.scale import dense
from aliquot.variational.heights import Gradients
from aliquot.variational.modes.search import ModeSearch
from aliquot.variational.noise import MAX_NORMALS
from aliquot.variational.stochastic.family import MeanField
from aliquot.variational.target import Target

# The number of draws is doubled until what it adds to the error of a mean, or to that of the log
# of a standard deviation, is below this share of a standard deviation.
ENOUGH = 0.05


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
    search: ModeSearch | None = None,
    stopped: Callable[[], bool] = lambda: False,
    on_progress: Callable[[int, int, float], object] | None = None,
) -> Optimum | None:
    """Fit by Newton steps over fixed draws, from modes and from some starts (n, d).

    Trust-region steps over few draws lead to a first optimum, quasi-Newton steps from there to that
    over more draws. What few draws add to the error is estimated from groups of them that are
    independent, and their number doubled until it is small. ``None`` where no start has a finite
    ELBO. Modes are looked for where no `search` from these starts has been made.
    """
    fit = _Fit(density, seed, steps, stopped, on_progress)
    few = fit.few
    climb = few.from_starts(starts, search, fit.noise(FIRST_EACH)[0])
    if climb is None:
        return None
    climb, curvature = few.off_saddles(climb, fit.noise(FIRST_EACH)[0])
    found = fit.followed(climb, curvature)
    if found is None and not fit.interrupted:
        # Few draws have led elsewhere, or there is no room for a Hessian.
        climb = few.climbed(climb.position, fit.all_draws)
        fit.reached(float(climb.height))
        climb, curvature = few.off_saddles(climb, fit.all_draws)
        found = fit.followed(climb, curvature)
    if not fit.hist:
        fit.reached(few.elbo(climb.position, fit.all_draws))
    params, left, error = found or (climb.position, float(climb.gain), None)
    covariance = None
    if found is not None and not fit.interrupted:
        hessian = climb.hessian[: density.size, : density.size]
        covariance = linear_response(few, params, hessian, fit.noise, fit.each)
    return Optimum(
        MeanField(density.size).gaussian(params),
        None
        if covariance is None
        else GaussianMixture.of(params[: density.size], dense(covariance)),
        GROUPS * fit.each,
        error,
        max(left, 0.0),
        np.array(fit.hist),
        few.evaluations + fit.gradients.evaluations,
        fit.interrupted,
    )


class _Fit:
    """Ever more draws, and how far it has come over them."""

    def __init__(
        self,
        density: Target,
        seed: int,
        steps: int,
        stopped: Callable[[], bool],
        on_progress: Callable[[int, int, float], object] | None,
    ) -> None:
        self.each, self.interrupted = FIRST_EACH, False
        self.hist: list[float] = []
        self.few = FewDraws(density, steps, self.stopped)
        self.gradients = Gradients(density)
        self.noise = lru_cache(lambda each: fixed_noise(seed, each, density.size))
        self._size, self._ask, self._on_progress = density.size, stopped, on_progress
        self._most = max(
            FIRST_EACH, min(MOST_EACH, MAX_NORMALS // (GROUPS * density.size) // 2 * 2)
        )

    @property
    def all_draws(self) -> np.ndarray:
        """The present noise (n, d)."""
        return np.asarray(self.noise(self.each).reshape(-1, self._size))

    def stopped(self) -> bool:
        """Ask whether to give up, and keep the answer."""
        self.interrupted = self.interrupted or self._ask()
        return self.interrupted

    def reached(self, elbo: float) -> None:
        """Note the ELBO at an optimum over the present draws, given without its constant."""
        self.hist.append(-elbo - 0.5 * self._size * float(1 + np.log(2 * np.pi)))
        if self._on_progress is not None:
            rounds = int(np.log2(self._most / FIRST_EACH)) + 1
            self._on_progress(len(self.hist), rounds, self.hist[-1])

    def followed(
        self, climb: Climb, curvature: Curvature | None
    ) -> tuple[np.ndarray, float, float] | None:
        """Follow an optimum over more and more draws: where it is, what is left to gain, its error.

        None where quasi-Newton steps do not lead to it.
        """
        if curvature is None or not curvature.definite or self.interrupted:
            return None
        factor, params = curvature.factor(), climb.position
        inverse, hessian = factor @ factor.T, climb.hessian[: self._size, : self._size]
        while True:
            many = ManyDraws(self.gradients, self.noise(self.each), hessian)
            place = many.at(params)
            found = None if place is None else many.climbed(place, inverse, self.stopped)
            if found is None:
                return None
            place, left = found
            self.reached(place.elbo)
            error, enough, params = place.error(inverse), self.each, place.params
            # How many draws are enough is seen before the climb over them.
            while error > ENOUGH and enough < self._most and not self.stopped():
                enough = min(2 * enough, self._most)
                there = ManyDraws(self.gradients, self.noise(enough), hessian).at(params)
                error = np.inf if there is None else there.error(inverse)
            if enough == self.each or self.interrupted:
                return params, left, error
            self.each = enough
