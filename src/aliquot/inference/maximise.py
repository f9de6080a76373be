"""The highest point of a function with a gradient, from several starts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

Evaluate = Callable[[np.ndarray], tuple[float, np.ndarray]]

# Up to this many coordinates the curvature at the top is looked at, by differences of gradients.
CURVATURE_UP_TO = 100
ESCAPES = 3
# Unconstrained coordinates this far out have left the range in which supports can be told apart.
FAR = 300.0
# And this far out a density that still rises has no bound.
BEYOND = 1e6

# A step uphill would gain less than this many nats: a thousandth of a posterior standard deviation.
NEGLIGIBLE = 1e-6


@dataclass(frozen=True)
class Summit:
    """The highest point found, and how the climb that found it ended."""

    position: np.ndarray  # (d,)
    value: float  # infinite where the function has no bound
    gradient: np.ndarray  # (d,)
    converged: bool  # whether nothing was left to gain
    message: str
    evaluations: int  # of all climbs together
    interrupted: bool  # whether a KeyboardInterrupt ended the search early


class _InfiniteError(Exception):
    """The function is infinite at a point."""


class _Climb:
    """The negated function for one climb, and the highest point that it has met."""

    def __init__(self, evaluate: Evaluate) -> None:
        self.evaluate = evaluate
        self.position: np.ndarray | None = None
        self.value = -np.inf
        self.gradient = np.empty(0)

    def __call__(self, position: np.ndarray) -> tuple[float, np.ndarray]:
        value, gradient = self.evaluate(position)
        if value == np.inf:
            self._keep(position, np.inf, gradient)
            raise _InfiniteError
        if not np.isfinite(value) or not np.all(np.isfinite(gradient)):
            # Worse than all so far, but of the same order: the line search then steps back by a
            # moderate factor, where an infinity would end it.
            floor = self.value if np.isfinite(self.value) else 0.0
            return 10.0 * (1.0 + abs(floor)) - floor, np.zeros_like(position)
        if value > self.value or self.position is None:
            self._keep(position, value, gradient)
        return -value, -gradient

    def _keep(self, position: np.ndarray, value: float, gradient: np.ndarray) -> None:
        self.position, self.value, self.gradient = position.copy(), value, gradient.copy()


def maximise(evaluate: Evaluate, starts: Sequence[np.ndarray], *, maxiter: int) -> Summit | None:
    """Climb from each start (d,) by L-BFGS-B and keep the highest point.

    ``None`` where no start has a finite value and gradient, ``evaluate(position)``. `maxiter`
    bounds the iterations of each climb. Byrd, Lu, Nocedal and Zhu (1995), A limited memory
    algorithm for bound constrained optimization, SIAM Journal on Scientific Computing 16.

    >>> bowl = lambda x: (-0.5 * np.sum((x - 3) ** 2), 3 - x)
    >>> summit = maximise(bowl, [np.zeros(2)], maxiter=100)
    >>> summit.position.round(6), summit.converged
    (array([3., 3.]), True)
    """
    search = _Search(evaluate, maxiter)
    interrupted = False
    try:
        for start in starts:
            search.climb(start)
            if search.value == np.inf:
                break
        search.leave_saddles()
    except KeyboardInterrupt:
        interrupted = True
    best = search.best
    if best is None or best.position is None:
        if interrupted:
            raise KeyboardInterrupt
        return None
    return Summit(
        best.position,
        best.value,
        best.gradient,
        search.converged and not interrupted,
        "interrupted" if interrupted else search.message,
        search.evaluations,
        interrupted,
    )


class _Search:
    """The best of several climbs."""

    def __init__(self, evaluate: Evaluate, maxiter: int) -> None:
        self._evaluate = evaluate
        self._maxiter = maxiter
        self.best: _Climb | None = None
        self.converged, self.message = False, ""
        self.evaluations = 0

    @property
    def value(self) -> float:
        """The highest value so far."""
        return -np.inf if self.best is None else self.best.value

    def evaluate(self, position: np.ndarray) -> tuple[float, np.ndarray]:
        self.evaluations += 1
        return self._evaluate(position)

    def climb(self, start: np.ndarray) -> None:
        """Climb once more, and keep what it finds where that is better, interrupted or not."""
        climb = _Climb(self.evaluate)
        converged, message = False, "interrupted"
        try:
            converged, message = _climb(climb, start, self._maxiter)
        finally:
            gain = climb.value - self.value
            # Of two that reached the same top, the one that finished there is kept.
            same = abs(gain) < NEGLIGIBLE and converged != self.converged
            if climb.position is not None and (converged if same else gain > 0):
                self.best, self.converged, self.message = climb, converged, message

    def leave_saddles(self) -> None:
        """Climb on where the best point is a saddle."""
        for _ in range(ESCAPES):
            if self.best is None or self.best.position is None or not self.converged:
                return
            upward = _upward(self.evaluate, self.best.position)
            if upward is None:
                return
            self.converged = False
            self.message = "a saddle point: the density rises away from it"
            self.climb(self.best.position + upward)


def _upward(evaluate: Evaluate, position: np.ndarray) -> np.ndarray | None:
    """Give a step that leads up from a stationary point, or None where there is none.

    Components of a mixture that start alike stay alike: where the gradient vanishes, they are at
    a saddle, and only the curvature shows it.
    """
    size = len(position)
    if size > CURVATURE_UP_TO:
        return None
    width = 1e-4 * np.maximum(1.0, np.abs(position))
    steps = np.diag(width)
    rows = [evaluate(position + step)[1] - evaluate(position - step)[1] for step in steps]
    hessian = np.array(rows) / (2 * width[:, None])
    if not np.all(np.isfinite(hessian)):
        return None
    values, vectors = np.linalg.eigh(0.5 * (hessian + hessian.T))
    if values[-1] <= 1e-4 * np.abs(values).max():
        return None
    return np.asarray(vectors[:, -1] / np.sqrt(max(values[-1], 1.0)))


def _climb(climb: _Climb, start: np.ndarray, maxiter: int) -> tuple[bool, str]:
    from scipy.optimize import minimize

    options = {"maxiter": maxiter, "maxfun": 3 * maxiter, "ftol": 1e-15, "gtol": 1e-8}
    climb(start)
    if climb.position is None:
        return False, "the start point has no finite value and gradient"
    try:
        result = minimize(climb, start, jac=True, method="L-BFGS-B", options=options)
        if result.status == 2 and np.isfinite(climb.value):
            # The line search failed. What was learnt of the curvature may mislead: begin anew.
            result = minimize(climb, climb.position, jac=True, method="L-BFGS-B", options=options)
    except _InfiniteError:
        return False, "the density is infinite"
    # SciPy also calls it success when rounding hides what is left to gain.
    left = 0.5 * float(climb.gradient @ result.hess_inv.matvec(climb.gradient))
    outwards = climb.gradient * np.sign(climb.position)
    flat = (np.abs(climb.position) > FAR) & (climb.gradient == 0)
    if np.any(flat | ((np.abs(climb.position) > BEYOND) & (outwards > NEGLIGIBLE))):
        return False, "it ran off to the edge of a support, where numbers end"
    if 0 <= left < NEGLIGIBLE:
        return True, str(result.message).capitalize()
    if result.success:
        return False, f"it stopped rising with about {left:.2g} nats left to gain"
    return False, str(result.message).capitalize()
