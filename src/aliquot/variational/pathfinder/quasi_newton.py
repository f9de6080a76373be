"""A climb by L-BFGS, and the Gaussian that its inverse Hessian makes at each point of its path.

Zhang, Carpenter, Gelman and Vehtari (2022), Pathfinder: parallel quasi-Newton variational
inference, JMLR 23, section 2. Their inverse Hessian also gives the direction of each step.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from aliquot.variational.gaussians.scale import LowRank
from aliquot.variational.gaussians.widening import stretched

# Steps that an inverse Hessian remembers.
HISTORY = 6
# A step and the change of the gradient along it are remembered where their product is at least this
# share of the latter's squared length.
LEAST_CURVATURE = 1e-12
# What a whole step would gain, in nats, and the share of the height that a step does gain, below
# which a climb is over.
NEGLIGIBLE, ROUNDING = 1e-9, 1e-13
# Of a line search (weak Wolfe conditions), and how often it changes its mind.
RISE, FLATTER, TRIALS = 1e-4, 0.9, 40

type Evaluation = tuple[float, np.ndarray]


@dataclass(frozen=True, eq=False)
class Iterate:
    """A point of a path, and what the steps before it say of the curvature there."""

    position: np.ndarray  # (d,)
    height: float
    gradient: np.ndarray  # (d,) of the height
    diagonal: np.ndarray  # (d,) of the inverse Hessian that the steps change
    steps: tuple[np.ndarray, ...] = ()  # (d,) each, the oldest first
    bends: tuple[np.ndarray, ...] = ()  # by how much the gradient fell along each

    def after(self, position: np.ndarray, height: float, gradient: np.ndarray) -> Iterate:
        """Return the next point, which remembers this one."""
        step, bend = position - self.position, self.gradient - gradient
        along = float(step @ bend)
        if not along > LEAST_CURVATURE * float(bend @ bend):
            return Iterate(position, height, gradient, self.diagonal, self.steps, self.bends)
        return Iterate(
            position,
            height,
            gradient,
            self._diagonal_after(step, bend, along),
            (*self.steps, step)[-HISTORY:],
            (*self.bends, bend)[-HISTORY:],
        )

    def _diagonal_after(self, step: np.ndarray, bend: np.ndarray, along: float) -> np.ndarray:
        """Return the diagonal after a step.

        It is that of the BFGS update, for the direct Hessian and so that the scale is right along
        the step: Gilbert and Lemaréchal (1989), Some numerical experiments with variable-storage
        quasi-Newton algorithms, Mathematical Programming 45, equation 4.9.
        """
        own = self.diagonal
        a, c = float(bend @ (own * bend)), float(step @ (step / own))
        return np.asarray(
            1.0 / (a / along / own + bend**2 / along - a / along / c * (step / own) ** 2)
        )

    @cached_property
    def scale(self) -> LowRank | None:
        """The square root of the inverse Hessian; None where rounding has made it indefinite.

        With S the steps, Z the bends and R the upper triangle of S'Z it is
        ``D + [D Z, S] G [D Z, S]'`` for ``G = [[0, -1/R], [-1/R', 1/R' (diag(R) + Z'D Z) / R]]``:
        Byrd, Nocedal and Schnabel (1994), Representations of quasi-Newton matrices, equation 2.6.
        """
        std = np.sqrt(self.diagonal)
        count = len(self.steps)
        if not (np.all(np.isfinite(std)) and np.all(std > 0)):
            return None
        if count == 0:
            return LowRank(std, np.zeros((std.size, 0)), np.ones(0))
        S, Z = np.stack(self.steps, axis=1), np.stack(self.bends, axis=1)
        R = np.triu(S.T @ Z)
        inverse = np.linalg.inv(R)
        scaled = std[:, None] * Z
        corner = inverse.T @ (np.diag(np.diag(R)) + scaled.T @ scaled) @ inverse
        core = np.block([[np.zeros((count, count)), -inverse], [-inverse.T, corner]])
        basis, triangle = np.linalg.qr(np.concatenate([scaled, S / std[:, None]], axis=1))
        values, vectors = np.linalg.eigh(triangle @ core @ triangle.T)
        if not (np.all(np.isfinite(values)) and values[0] > -1.0 + 1e-12):
            return None
        return LowRank(std, basis @ vectors, np.sqrt(1.0 + values))


def climb(
    start: np.ndarray, path: list[Iterate], most: int
) -> Generator[np.ndarray, Evaluation, None]:
    """Climb from a point (d,), by so many steps at most, and add each point to the path.

    It yields points and is sent the height and the gradient at each, so that several climbs can be
    evaluated together. The path stays empty where those of the start are not finite; of a longer
    one all but the last point may be taken away.
    """
    height, gradient = yield start
    if not _finite(height, gradient):
        return
    path.append(Iterate(start, height, gradient, np.ones(start.size)))
    for _ in range(most):
        here = path[-1]
        scale = here.scale
        if scale is None:  # as if from here
            here = path[-1] = Iterate(
                here.position, here.height, here.gradient, np.ones(start.size)
            )
            scale = here.scale
            assert scale is not None
        direction = covariance_times(scale, here.gradient)
        promised = 0.5 * float(here.gradient @ direction)
        if not promised > NEGLIGIBLE:
            break
        found = yield from _search(here, direction)
        if found is None:
            break
        path.append(here.after(*found))
        if path[-1].height - here.height < ROUNDING * abs(here.height):
            break


def _search(
    here: Iterate, direction: np.ndarray
) -> Generator[np.ndarray, Evaluation, tuple[np.ndarray, float, np.ndarray] | None]:
    """Return a point in a direction that is higher and less steep, by bisection.

    Lewis and Overton (2013), Nonsmooth optimization via quasi-Newton methods, algorithm 2.6.
    """
    slope = float(here.gradient @ direction)
    known, beyond = 0.0, np.inf
    # Before anything is known of the curvature a step is of length one at most.
    share = 1.0 if here.steps else min(1.0, 1.0 / float(np.linalg.norm(direction)))
    best = None
    for _ in range(TRIALS):
        position = here.position + share * direction
        height, gradient = yield position
        floor = here.height + RISE * share * slope - ROUNDING * abs(here.height)
        if not _finite(height, gradient) or height < floor:
            beyond = share
        else:
            best = position, height, gradient
            if float(gradient @ direction) <= FLATTER * slope:
                break
            known = share
        share = 2.0 * share if np.isinf(beyond) else 0.5 * (known + beyond)
    return best


def covariance_times(scale: LowRank, vector: np.ndarray) -> np.ndarray:
    """Return the product of a scale's covariance with a vector (d,)."""
    along = stretched((scale.std * vector)[None], scale.directions, scale.stretch**2)
    return np.asarray(scale.std * along[0])


def _finite(height: float, gradient: np.ndarray) -> bool:
    return bool(np.isfinite(height) and np.all(np.isfinite(gradient)))
