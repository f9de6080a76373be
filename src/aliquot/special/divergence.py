"""Terms of the Kullback-Leibler divergence, to all digits where the two numbers are close.

JAX's are off by 1e-11 there, where the divergence itself may be less.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp

from aliquot.special.saddle_point import deviance, log_quotient


def kl_div(p: Any, q: Any) -> Any:
    r"""Compute :math:`p \log(p / q) - p + q`; q where p is 0, and infinity off p, q >= 0.

    Parameters
    ----------
    p, q : array

    Examples
    --------
    >>> import aliquot as aq
    >>> round(float(aq.math.kl_div(1.0, 1.001)) * 1e6, 6)
    0.499667
    """
    return _where_positive(p, q, q, lambda x, y: deviance(x, y - x, x * jnp.log(y)))


def rel_entr(p: Any, q: Any) -> Any:
    r"""Compute :math:`p \log(p / q)`; 0 where p is 0, and infinity off p, q >= 0.

    Parameters
    ----------
    p, q : array

    Examples
    --------
    >>> import aliquot as aq
    >>> round(float(aq.math.rel_entr(0.5, 0.25)), 6)
    0.346574
    """
    return _where_positive(p, q, 0.0, lambda x, y: x * log_quotient(x, y, x - y))


def _where_positive(p: Any, q: Any, at_zero: Any, function: Callable[[Any, Any], Any]) -> Any:
    """Call the function where both are positive, and give the values at the edges elsewhere."""
    p, q = jnp.broadcast_arrays(jnp.asarray(p, float), jnp.asarray(q, float))
    both = (p > 0) & (q > 0)
    x, y = jnp.where(both, p, 1.0), jnp.where(both, q, 1.0)
    edge = jnp.where((p == 0) & (q >= 0), at_zero, jnp.where(jnp.isnan(p + q), jnp.nan, jnp.inf))
    return jnp.where(both, function(x, y), edge)
