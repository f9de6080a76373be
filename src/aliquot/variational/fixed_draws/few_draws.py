"""Climbs of the mean-field ELBO over few fixed draws: compiled, from wherever a fit may begin."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from aliquot.compilation import owner_of
from aliquot.errors import FitError
from aliquot.newton import Climb, Climber, Curvature, converged, ending, off_saddles
from aliquot.variational.failure import listed
from aliquot.variational.fixed_draws.objective import FIRST_EACH, GROUPS, elbo_derivatives
from aliquot.variational.modes.search import ModeSearch, find_modes
from aliquot.variational.stochastic.family import MeanField
from aliquot.variational.target import Target

# Up to so many coordinates there is room for the Hessian of the ELBO, (2 d, 2 d).
MOST_HESSIAN = 1000
# One program serves for up to so many draws.
CAPACITY = GROUPS * FIRST_EACH
FIRST_SCALES = (0.1, 0.01, 1e-3)


class FewDraws:
    """The ELBO over noise (n, d) that is given with each question; up to CAPACITY rows are few."""

    def __init__(self, density: Target, steps: int, stopped: Callable[[], bool]) -> None:
        self.evaluations = 0  # of the log density with its derivatives
        self._density, self._steps, self._stopped = density, steps, stopped
        self._evaluate = elbo_derivatives(density.log_density)

    def from_starts(
        self, starts: Sequence[np.ndarray], search: ModeSearch | None, noise: np.ndarray
    ) -> Climb | None:
        """Climb from each mode, or from each start (d,) where not all lead to one: the highest.

        ``None`` where there is no finite ELBO.
        """
        best: Climb | None = None
        failure: FitError | None = None
        for params in self._beginnings(starts, search, noise):
            try:
                climb = self.climbed(params, noise)
            except FitError as error:
                failure = error
                continue
            if best is None or climb.height > best.height:
                best = climb
            if self._stopped():
                break
        if best is None and self._stopped():
            raise KeyboardInterrupt
        if best is None and failure is not None:
            raise failure
        return best

    def climbed(self, params: np.ndarray, noise: np.ndarray) -> Climb:
        """Climb from parameters (2 d,) to the optimum over some draws."""
        climber = self._climber(noise)
        climb = climber.climb(params, steps=self._steps)
        self.evaluations += int(climb.evaluations) * len(noise)
        if not climber.interrupted and not converged(climb):
            raise FitError(_not_there(climb, self._density.labels))
        return climb

    def off_saddles(self, climb: Climb, noise: np.ndarray) -> tuple[Climb, Curvature | None]:
        """Go on from an optimum that is a saddle; give the curvature, too, where there is room."""
        climb, curvature, used = off_saddles(self._climber(noise), climb, self._steps)
        self.evaluations += used * len(noise)
        return climb, curvature

    def elbo(self, params: np.ndarray, noise: np.ndarray) -> float:
        """Compute the ELBO, without the constant of the entropy."""
        return self._climber(noise).evaluate(params)[0]

    def hessian(self, params: np.ndarray, noise: np.ndarray) -> np.ndarray | None:
        """Compute the Hessian (2 d, 2 d) over any number of draws; None where it is stopped."""
        total = np.zeros((params.size, params.size))
        for first in range(0, len(noise), CAPACITY):
            rows = noise[first : first + CAPACITY]
            hessian = self._climber(rows).hessian_at(params)
            if hessian is None:
                return None
            total += len(rows) / len(noise) * hessian
        return total

    def _beginnings(
        self, starts: Sequence[np.ndarray], search: ModeSearch | None, noise: np.ndarray
    ) -> Iterator[np.ndarray]:
        if search is None and self._density.size <= MOST_HESSIAN:
            search = find_modes(
                self._density, starts, steps=self._steps, rounds=0, stopped=self._stopped
            )
            self.evaluations += search.evaluations
        modes = [] if search is None else search.modes
        for mode in modes:
            # The independent Gaussian that is closest to the one with the mode's curvature.
            roots = np.linalg.inv(mode.factor)
            yield np.concatenate([mode.position, -0.5 * np.log((roots**2).sum(axis=0))])
        if search is not None and modes and not search.failures:
            return
        family = MeanField(self._density.size)
        for start in starts:
            for scale in FIRST_SCALES:
                params = family.init(start, scale)
                if np.isfinite(self.elbo(params, noise)):
                    yield params
                    break

    def _climber(self, noise: np.ndarray) -> Climber:
        size = self._density.size
        rows = np.zeros((max(len(noise), CAPACITY), size))
        rows[: len(noise)] = noise
        return Climber(
            owner_of(self._density.log_density),
            "mean-field ELBO",
            self._evaluate,
            (rows, np.int64(len(noise)), self._density.data),
            size=2 * size,
            rows=2 * size if size <= MOST_HESSIAN else 0,
            stopped=self._stopped,
        )


def _not_there(climb: Climb, labels: Sequence[str]) -> str:
    size = len(labels)
    order = np.argsort(-np.abs(climb.gradient))[:5]
    names = [labels[int(i)] if i < size else f"log sd of {labels[int(i) - size]}" for i in order]
    return (
        f"the ELBO over fixed draws has no optimum where the climb went: {ending(climb)}. "
        f"Steepest there: {listed(names)}. Give the variables named priors that keep them in a "
        "finite range, or use aq.sample()"
    )
