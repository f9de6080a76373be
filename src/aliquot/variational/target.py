"""What a variational fit needs to know of a posterior: a function of one flat vector."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import jax
import numpy as np


class Target(Protocol):
    """A posterior as a pure function of one flat, unconstrained vector of length d.

    Attributes
    ----------
    size
        d, the number of unconstrained coordinates.
    data
        A pytree of NumPy arrays that is passed to every pure function.
    start
        A deterministic start point, shape (d,).
    labels
        d names, such as ``"means[0]"``, one for each unconstrained coordinate.
    """

    @property
    def size(self) -> int: ...

    @property
    def data(self) -> Any: ...

    @property
    def start(self) -> np.ndarray: ...

    @property
    def labels(self) -> Sequence[str]: ...

    def log_density(self, flat: jax.Array, data: Any) -> jax.Array:
        """Log posterior density up to a constant, Jacobian included: a scalar, in pure JAX."""
        ...

    def constrain_draws(self, flat: np.ndarray) -> dict[str, np.ndarray]:
        """Each variable on its own scale, from draws of shape (..., d): arrays (..., *shape)."""
        ...
