"""The way up an ELBO over fixed draws, through Gaussians of any kind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from aliquot.variational.gaussians.scale import Scale
from aliquot.variational.runaway import WIDEST

# The shortest and the longest share of a step that is tried first.
SHORTEST, LONGEST = 0.25, 1.5
# An ascent ends where so many steps together have gained next to nothing.
PATIENCE = 5


class View(Protocol):
    """A Gaussian, and what gradients at fixed draws from it say of the ELBO around it."""

    @property
    def center(self) -> np.ndarray: ...  # (d,)

    @property
    def scale(self) -> Scale: ...

    @property
    def draws(self) -> int: ...

    @property
    def elbo(self) -> float: ...  # in nats; -inf where a draw has no finite log density or gradient

    @property
    def doubt(self) -> float: ...  # an ELBO that is lower by no more than this may be as good

    @property
    def finest(self) -> float: ...  # shorter shares of a step are not worth a try

    @property
    def slope(self) -> np.ndarray: ...  # of the ELBO, in units of the Fisher metric

    @property
    def left(self) -> float: ...  # what a step promises to gain, in nats

    def moved(self, share: float) -> tuple[np.ndarray, Scale]: ...  # by that share of a step

    def draws_error(self) -> float: ...  # of the fit, in standard deviations


@dataclass
class Ascent:
    """Steps of a natural gradient, each tried and halved until it leads up.

    The share of a step that is tried first follows from what the last step has left of the slope,
    as in Barzilai and Borwein (1988), Two-point step size gradient methods, IMA Journal of
    Numerical Analysis 8. Whole steps, which put the mean curvature in the place of the precision,
    may swing from side to side where tails are heavy.
    """

    view: View
    at: Callable[[np.ndarray, Scale], View]
    enough: float  # nats: what may be left to gain
    hist: list[float] = field(default_factory=list)  # minus the ELBO before each step
    ending: str = ""
    interrupted: bool = False
    converged: bool = False

    def climb(
        self,
        steps: int,
        stopped: Callable[[], bool] = lambda: False,
        on_step: Callable[[int, float], object] = lambda steps, loss: None,
    ) -> None:
        """Take up to so many steps."""
        share, last = 1.0, None
        first = len(self.hist)
        self.converged = False
        while True:
            self.hist.append(-self.view.elbo)
            on_step(len(self.hist), self.hist[-1])
            if self._over(first, steps, stopped):
                return
            slope = self.view.slope
            if last is not None:
                left = float(slope @ last) / max(float(last @ last), 1e-300)
                share = float(np.clip(share / (1.0 - min(left, 0.9)), SHORTEST, LONGEST))
            taken = self._step(share, stopped)
            if taken is None:
                return
            last, share = slope, taken

    def _over(self, first: int, steps: int, stopped: Callable[[], bool]) -> bool:
        hist = self.hist[first:]
        recent, before = hist[-PATIENCE:], hist[:-PATIENCE]
        if self.view.left <= self.enough:
            self.converged, self.ending = True, "another step would gain next to nothing"
        elif len(before) > 1 and min(before) - min(recent) <= self.enough:
            # Where draws are other ones each time, their noise promises something, too.
            self.converged = self.view.left <= max(10 * self.enough, 3 * self.view.doubt)
            self.ending = f"the last {PATIENCE} steps gained next to nothing"
        elif stopped():
            self.interrupted, self.ending = True, "interrupted"
        elif self.view.scale.variance().max() > WIDEST**2:
            self.ending = "the fit widens without bound"
        elif len(hist) > steps:
            self.ending = f"the ELBO still rose after {len(self.hist) - 1} steps"
        else:
            return False
        return True

    def _step(self, share: float, stopped: Callable[[], bool]) -> float | None:
        """Take a step and return its share, or None where there is none."""
        while share > self.view.finest:
            view = self.at(*self.view.moved(share))
            if view.elbo >= self.view.elbo - self.view.doubt:
                self.view = view
                return share
            if stopped():
                self.interrupted, self.ending = True, "interrupted"
                return None
            share *= 0.5
        self.ending = "no step leads up, however short, although the slope says so"
        return None
