r"""The beta function and its logarithm, from what Stirling's formula leaves out.

JAX's have a jump of 1e-6 where the larger argument is 8, and the plain difference of log gamma
functions has no digits left where one argument is 1e16 times the other.
"""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
from jax.scipy.special import gammaln, gammasgn

from aliquot.special.saddle_point import stirling


def betaln(a: Any, b: Any) -> Any:
    r"""Compute the logarithm of :math:`|B(a, b)| = |\Gamma(a) \Gamma(b) / \Gamma(a + b)|`.

    Parameters
    ----------
    a, b : array

    Examples
    --------
    >>> import aliquot as aq
    >>> round(float(aq.math.betaln(9.0, 0.5)), 12)
    -0.512365575127
    """
    a, b = jnp.broadcast_arrays(jnp.asarray(a, float), jnp.asarray(b, float))
    usual = (a > 0) & (b > 0)
    p, q = jnp.where(usual, a, 1.0), jnp.where(usual, b, 1.0)
    total = p + q
    rest = stirling(p) + stirling(q) - stirling(total)
    shares = p * _log_share(p, q) + q * _log_share(q, p)
    value = rest + shares + jnp.log(total) - jnp.log(p) - jnp.log(q)
    s, t = jnp.where(usual, 1.0, a), jnp.where(usual, 1.0, b)
    return jnp.where(usual, value, gammaln(s) + gammaln(t) - gammaln(s + t))


def beta(a: Any, b: Any) -> Any:
    r"""Compute :math:`B(a, b) = \Gamma(a) \Gamma(b) / \Gamma(a + b)`.

    Parameters
    ----------
    a, b : array

    Examples
    --------
    >>> import aliquot as aq
    >>> round(float(aq.math.beta(2.0, 3.0)), 12)
    0.083333333333
    """
    a, b = jnp.asarray(a, float), jnp.asarray(b, float)
    return gammasgn(a) * gammasgn(b) * gammasgn(a + b) * jnp.exp(betaln(a, b))


def _log_share(a: Any, b: Any) -> Any:
    """Compute log(a / (a + b)) of positive numbers, also where it is tiny."""
    less = b < a
    by_rest = jnp.log1p(-jnp.where(less, b / (a + b), 0.0))
    return jnp.where(less, by_rest, jnp.log(a / (a + b)))
