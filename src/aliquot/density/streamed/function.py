"""A log density of rows on a disk as a function that JAX differentiates, vectorises and compiles.

Inside a program it is a call of the host, which goes through the rows. The call of the gradient is
the derivative of the call of the value, and that of products with the Hessian of the gradient's.
Points side by side, as of `jax.vmap`, go through the rows together.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import jax
import jax.numpy as jnp
import numpy as np

from aliquot.primitives.on_host import on_host


class HostFunction(Protocol):
    """What is called: points (n, d) in, arrays (n, ...) out."""

    size: int

    def values(self, points: np.ndarray) -> np.ndarray:
        """Give the function at points, shape (n,)."""

    def gradients(self, points: np.ndarray) -> np.ndarray:
        """Give the function and its gradient beside it, shape (n, 1 + d)."""

    def products(self, points: np.ndarray, along: np.ndarray) -> np.ndarray:
        """Give besides the derivative of all these in a direction, shape (n, 2 (1 + d))."""


def differentiable(host: HostFunction) -> Callable[[Any], Any]:
    """Return a function of a vector (d,), of which there are two derivatives."""
    d = host.size

    @jax.custom_jvp
    def value(flat: Any) -> Any:
        return on_host(host.values, (), flat)

    @jax.custom_jvp
    def with_gradient(flat: Any) -> Any:
        return on_host(host.gradients, (1 + d,), flat)

    @value.defjvp
    def value_moved(primals: Any, tangents: Any) -> Any:
        (flat,), (along,) = primals, tangents
        both = with_gradient(flat)
        return both[0], jnp.vdot(both[1:], along)

    @with_gradient.defjvp
    def gradient_moved(primals: Any, tangents: Any) -> Any:
        (flat,), (along,) = primals, tangents
        both = on_host(host.products, (2 * (1 + d),), flat, along)
        return both[: 1 + d], both[1 + d :]

    return value
