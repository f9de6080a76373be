"""Means and variances by mpmath, for parameters of all sizes.

Each row says how to draw parameters, and what mean and variance are in terms of them, written down
as in a textbook and computed with so many digits that nothing cancels.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import mpmath as mp
import numpy as np

from aliquot.distributions.base import Distribution

DIGITS = 700
# Enough where a gamma function is computed, which with so many digits takes seconds.
FEWER = 80
Rng = np.random.Generator


@dataclass(frozen=True)
class Row:
    """A family, the parameters to try, and its moments.

    Attributes
    ----------
    make : callable
        Makes a batch of distributions of arrays of parameters.
    draw : callable
        ``draw(rng, n)`` gives such arrays.
    moments : callable
        Of the parameters as numbers of mpmath's: mean and variance.
    rtol : float
        Relative.
    """

    id: str
    make: Callable[..., Distribution]
    draw: Callable[[Rng, int], dict[str, np.ndarray]]
    moments: Callable[..., tuple[Any, Any]]
    rtol: float = 1e-13

    def __str__(self) -> str:
        return self.id


def size(low: float, high: float) -> Callable[[Rng, int], np.ndarray]:
    """Draw numbers whose logarithms are uniform: powers of ten from `low` to `high`."""
    return lambda rng, n: 10 ** rng.uniform(low, high, n)


def whole(low: float, high: float) -> Callable[[Rng, int], np.ndarray]:
    """Draw whole numbers of such sizes."""
    return lambda rng, n: np.floor(10 ** rng.uniform(low, high, n)).astype(np.int64)


def real(high: float) -> Callable[[Rng, int], np.ndarray]:
    """Draw numbers of either sign, up to a power of ten."""
    return lambda rng, n: rng.choice([-1.0, 1.0], n) * 10 ** rng.uniform(-high, high, n)


def probability(rng: Rng, n: int) -> np.ndarray:
    """Draw probabilities, half of them close to 0 or 1."""
    small = 10 ** rng.uniform(-15, -0.4, n)
    return np.where(rng.random(n) < 0.5, small, 1 - small)


def each(**parts: Callable[[Rng, int], np.ndarray]) -> Callable[[Rng, int], dict[str, np.ndarray]]:
    return lambda rng, n: {name: part(rng, n) for name, part in parts.items()}


def exact(value: Any) -> Any:
    """Give a number, or a vector of them, as mpmath's."""
    if np.ndim(value):
        return [exact(one) for one in value]
    return mp.mpf(int(value)) if isinstance(value, np.integer) else mp.mpf(float(value))


def worst(row: Row, count: int, rng: Rng) -> tuple[float, str]:
    """Give the greatest relative error of means and variances, and where it is.

    What is beyond a double's range, or below its normal numbers, has to be so here as well.
    """
    arguments = row.draw(rng, count)
    distribution = row.make(**arguments)
    found = [np.asarray(moment) for moment in (distribution.mean(), distribution.variance())]
    greatest, where = 0.0, ""
    for k in range(count):
        given = {name: value[k] for name, value in arguments.items()}
        with mp.workdps(DIGITS):
            wanted = row.moments(**{name: exact(value) for name, value in given.items()})
            for name, value, target in zip(("mean", "variance"), found, wanted, strict=True):
                pairs = zip(np.ravel(value[k]), np.ravel(np.array(target, object)), strict=True)
                error = max(_relative(float(one), other) for one, other in pairs)
                if not error <= greatest:
                    greatest, where = error, f"{name} of {given}"
    return greatest, where


def _relative(found: float, wanted: Any) -> float:
    limits = np.finfo(float)
    if abs(wanted) > limits.max:
        return 0.0 if np.isinf(found) and np.sign(found) == mp.sign(wanted) else np.inf
    if abs(wanted) < 4 * limits.tiny:
        return 0.0 if abs(found) <= 5 * limits.tiny else np.inf
    error = abs(mp.mpf(found) - wanted) / abs(wanted) if np.isfinite(found) else np.inf
    return float(error)
