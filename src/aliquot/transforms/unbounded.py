"""The transform of a value that needs none."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from aliquot.transforms.base import Transform


class Identity(Transform):
    """The transform of real numbers: none.

    Examples
    --------
    >>> from aliquot.precision import float64
    >>> with float64():
    ...     print(identity.backward(2.5), identity.log_det_jacobian(2.5))
    2.5 0.0
    """

    name = "identity"

    def forward(self, x: Any) -> Any:
        return x

    def backward(self, y: Any) -> Any:
        return y

    def log_det_jacobian(self, y: Any) -> Any:
        return jnp.zeros_like(y)

    def start(self, mean: Any, sd: Any) -> Any:
        """Give the mean, and 0 where it is not finite."""
        del sd
        return jnp.where(jnp.isfinite(mean), mean, 0.0)


identity = Identity()
