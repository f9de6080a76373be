"""What a variational fit needs to know of a posterior: a function of one flat vector."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import jax
import numpy as np


class Target(Protocol):
    """A posterior as a pure function of one flat, unconstrained vector of length d."""

    @property
    def size(self) -> int: ...  # d

    @property
    def data(self) -> Any: ...  # a pytree of NumPy arrays, passed to every pure function

    @property
    def numbers_read(self) -> int: ...  # of the data, by each evaluation of the log density

    @property
    def start(self) -> np.ndarray: ...  # (d,), always the same

    @property
    def labels(self) -> Sequence[str]: ...  # d names, such as "means[0]"

    def log_density(self, flat: jax.Array, data: Any) -> jax.Array:
        """Log posterior density up to a constant, Jacobian included: a scalar, in pure JAX."""
        ...

    def constrain_draws(self, flat: np.ndarray) -> dict[str, np.ndarray]:
        """Each variable on its own scale, from draws of shape (..., d): arrays (..., *shape)."""
        ...
