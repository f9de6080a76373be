"""Shares of a whole, of which some are kept wide enough to be seen once they are summed."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np

from aliquot.transforms.probabilities import simplex


def shares(y: Any, kept: np.ndarray, least: Any) -> Any:
    """Compute a simplex along the last axis, some elements of which are `least` or more.

    Each of these is `least` plus what is left of the whole times its part of a simplex.

    Parameters
    ----------
    y : array, shape (..., n - 1)
        Coordinates of :class:`~aliquot.transforms.Simplex`.
    kept : array of bool, shape (n,)
    least : float or array, shape (..., 1)
        A few units of rounding, at most 1 / (2 n).
    """
    return jnp.where(kept, least, 0.0) + (1.0 - kept.sum() * least) * simplex.backward(y)


def coordinates_of_shares(parts: Any) -> Any:
    """Compute the coordinates of shares, not finite where a share is not positive.

    What `least` adds is within rounding of the whole, and is not taken off again.
    """
    inside = jnp.all(parts > 0, axis=-1, keepdims=True)
    return jnp.where(inside, simplex.forward(jnp.where(inside, parts, 1.0)), jnp.nan)
