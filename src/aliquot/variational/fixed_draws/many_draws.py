"""The mean-field ELBO over many fixed draws: the way to its optimum from one that is near."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from aliquot.variational.heights import Gradients

# Steps at most, and how often one is halved that does not lead up.
STEPS, HALVINGS = 50, 5
# A step that would gain fewer nats is not worth it: a ten-thousandth of a standard deviation.
NEGLIGIBLE = 1e-8


class Place(NamedTuple):
    """What the draws say of one Gaussian."""

    params: np.ndarray  # (2 d,): means, then logs of standard deviations
    elbo: float  # in nats, without the constant of the entropy
    slopes: np.ndarray  # (groups, 2 d): its gradient by each group of draws

    @property
    def slope(self) -> np.ndarray:
        return np.asarray(self.slopes.mean(axis=0))

    def error(self, inverse: np.ndarray) -> float:
        """Return the largest standard error of the optimum that the number of draws leaves.

        In standard deviations, of means and of the logs of standard deviations. The optimum over
        each group of draws is about one Newton step away.
        """
        steps = self.slopes @ inverse
        errors = steps.std(axis=0, ddof=1) / np.sqrt(len(steps))
        size = errors.size // 2
        std = np.sqrt(np.diag(inverse)[:size])
        return float(max((errors[:size] / std).max(), errors[size:].max()))


@dataclass(frozen=True, eq=False)
class ManyDraws:
    """The ELBO over groups of fixed draws (groups, each, d), a quadratic control variate taken out.

    What draws say of a quadratic with a Hessian (d, d) that is near the log density's is known
    exactly. What is left for draws to tell is how the log density differs from it: Miller, Foti,
    D'Amour and Adams (2017), Reducing reparameterization gradient variance, NeurIPS 30.
    """

    gradients: Gradients
    noise: np.ndarray
    hessian: np.ndarray

    def at(self, params: np.ndarray) -> Place | None:
        """Evaluate at one Gaussian; None where a draw of it has no finite log density."""
        groups, each, d = self.noise.shape
        with np.errstate(over="ignore"):  # a step too far: the density there is not finite
            spreads = np.exp(params[d:]) * self.noise
        if not np.all(np.isfinite(spreads)):
            return None
        heights, gradients = self.gradients((params[:d] + spreads).reshape(-1, d))
        if not (np.all(np.isfinite(heights)) and np.all(np.isfinite(gradients))):
            return None
        gradients = gradients.reshape(groups, each, d)
        bent = spreads @ self.hessian
        exact = np.exp(2 * params[d:]) * np.diag(self.hessian)
        of_scales = ((gradients - bent) * spreads).mean(axis=1) + exact + 1
        quadratic = 0.5 * ((bent * spreads).sum(axis=2).mean() - exact.sum())
        elbo = float(heights.mean() - quadratic + params[d:].sum())
        return Place(params, elbo, np.hstack([gradients.mean(axis=1), of_scales]))

    def climbed(
        self, place: Place, inverse: np.ndarray, stopped: Callable[[], bool]
    ) -> tuple[Place, float] | None:
        """Climb to the optimum by quasi-Newton steps, and return it with what is left to gain.

        `inverse` is that of minus the Hessian (2 d, 2 d) of an ELBO over fewer draws. None where it
        is of no use, because the optimum is far away. Where it is `stopped` the place is what had
        been reached.

        Steps are those of BFGS: Nocedal and Wright (2006), Numerical optimization, equation 6.17.
        """
        for _ in range(STEPS):
            step = inverse @ place.slope
            left = 0.5 * float(step @ place.slope)
            if not np.isfinite(left) or left < 0:
                return None
            if left < NEGLIGIBLE or stopped():
                return place, left
            higher = self._higher(place, step, left)
            if higher is None:
                return None
            inverse = _updated(inverse, higher.params - place.params, place.slope - higher.slope)
            place = higher
        return None

    def _higher(self, place: Place, step: np.ndarray, gain: float) -> Place | None:
        share, rounding = 1.0, 1e-14 * (1 + abs(place.elbo))
        for _ in range(HALVINGS):
            there = self.at(place.params + share * step)
            if there is not None and there.elbo > place.elbo + 1e-4 * share * gain - 100 * rounding:
                return there
            share /= 2
        return None


def taken_out(params: np.ndarray, noise: np.ndarray, hessian: np.ndarray) -> np.ndarray:
    """Return the Hessian (2 d, 2 d) of what is taken out of the ELBO over noise (n, d)."""
    d = noise.shape[1]
    scales = np.exp(params[d:])
    by_pairs = hessian * np.outer(scales, scales) * (noise.T @ noise / len(noise) - np.eye(d))
    bends = np.zeros((2 * d, 2 * d))
    bends[d:, d:] = by_pairs + np.diag(by_pairs.sum(axis=1))
    return bends


def _updated(inverse: np.ndarray, step: np.ndarray, change: np.ndarray) -> np.ndarray:
    """Learn from how much the slope has fallen by a step; nothing where it has not."""
    along = float(step @ change)
    if along <= 1e-12 * float(np.linalg.norm(step) * np.linalg.norm(change)):
        return inverse
    bent = inverse @ change
    return np.asarray(
        inverse
        + (1 + change @ bent / along) * np.outer(step, step) / along
        - (np.outer(bent, step) + np.outer(step, bent)) / along
    )
