"""How near to a bound a transform goes, so that what it gives is never on the bound itself."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

SMALLEST = 1e-300
"""The least positive value. Its inverse, and a hundred million times that, do not overflow."""


def margin(bound: Any) -> Any:
    """Compute a distance that is not lost when added to, or taken from, a bound.

    It is one or two units in the last place of the bound, and `SMALLEST` where the bound is zero.
    A value that would come nearer is rounded to this distance, where its gradient is zero; what a
    density needs of it near a bound are its `distances`.

    Examples
    --------
    >>> from aliquot.precision import float64
    >>> with float64():
    ...     print(1.0 + margin(1.0) > 1.0)
    True
    """
    bound = jnp.asarray(bound, float)
    return jnp.maximum(jnp.abs(bound) * jnp.finfo(bound.dtype).eps, SMALLEST)


def spread(sd: Any) -> Any:
    """Read a prior standard deviation, 1 where it is unknown, zero or infinite."""
    sd = jnp.asarray(sd, float)
    return jnp.where(jnp.isfinite(sd) & (sd > 0), sd, 1.0)
