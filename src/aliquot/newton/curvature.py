"""What a Hessian says of the point that a climb has come to: a top, a saddle, or a flat place."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

# Relative to its diagonal, a curvature below this is rounding.
FLAT = 1e-9


@dataclass(frozen=True, eq=False)
class Curvature:
    """Minus a Hessian, with every coordinate in units of its own curvature.

    >>> Curvature.of(np.array([[-4.0, 0.0], [0.0, -1.0]])).factor()
    array([[0.5, 0. ],
           [0. , 1. ]])
    >>> Curvature.of(np.array([[-4.0, 0.0], [0.0, 1.0]])).upward().round(6).tolist()
    [0.0, 1.0]
    """

    scales: np.ndarray  # (d,)
    values: np.ndarray  # (d,) eigenvalues, the smallest first
    vectors: np.ndarray  # (d, d)

    @classmethod
    def of(cls, hessian: np.ndarray) -> Curvature:
        """Return what a Hessian (d, d) of finite numbers says."""
        precision = -0.5 * (hessian + hessian.T)
        scales = np.sqrt(np.abs(np.diag(precision)))
        scales = np.where(scales > 0, scales, 1.0)
        return cls(scales, *np.linalg.eigh(precision / scales[:, None] / scales))

    @property
    def definite(self) -> bool:
        """Whether the height falls in every direction by more than rounding."""
        return bool(self.values[0] > FLAT)

    def upward(self) -> np.ndarray | None:
        """Give a step (d,) that leads up from a stationary point, or None where none does.

        Components of a mixture that start alike stay alike: where the gradient vanishes, they are
        at a saddle, and only the curvature shows it.
        """
        if not self.values[0] < -FLAT:
            return None
        way = self.vectors[:, 0] * np.sign(self.vectors[np.argmax(np.abs(self.vectors[:, 0])), 0])
        way = way / self.scales / np.sqrt(-self.values[0])
        return np.asarray(way / max(1.0, float(np.linalg.norm(way))))

    def left(self, gradient: np.ndarray) -> float:
        """Return what a Newton step would gain with some gradient (d,), in nats; inf off a top."""
        slopes = self.vectors.T @ (gradient / self.scales)
        steep = np.abs(slopes) > 1e-3
        if np.any(steep & (self.values <= FLAT)):
            return np.inf
        falling = self.values > FLAT
        return float(0.5 * (slopes[falling] ** 2 / self.values[falling]).sum())

    @property
    def flattest(self) -> np.ndarray:
        """The direction (d,), in units of the scales, in which it falls least."""
        return np.asarray(self.vectors[:, 0])

    def factor(self) -> np.ndarray:
        """Return the lower Cholesky factor (d, d) of the inverse of minus the Hessian."""
        inverse = (self.vectors / self.values) @ self.vectors.T
        return np.asarray(np.linalg.cholesky(inverse) / self.scales[:, None])
