r"""Probabilities of counts without the difference of large logarithms that they are made of.

:math:`\log x!` and :math:`x \log \mu - \mu` are each of size :math:`x \log x`, and near the mode
their difference is a few units: at x = 1e8 half of its digits are lost. Loader (2000), *Fast and
accurate computation of binomial probabilities*, splits it into what is small by itself:

.. math:: \log \frac{e^{-\mu} \mu^x}{x!} = -S(x) - D(x, \mu), \quad
          D(x, \mu) = x \log(x / \mu) + \mu - x, \quad
          S(x) = \log \Gamma(x + 1) - x \log x + x

S, what Stirling's formula leaves out, is about :math:`\log \sqrt{2 \pi x}`, and D is half a
deviance. The logarithms of binomial, gamma and beta densities are sums of these two.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from aliquot.elementary.polynomial import polynomial
from aliquot.special.double_double import two_sum

# Of log Gamma: B_{2k} / (2k (2k - 1)) for k = 1, 2, ... (DLMF 5.11.1). From 8 on, the first term
# that is left out is below 1e-16.
_STIRLING = (
    1 / 12,
    -1 / 360,
    1 / 1260,
    -1 / 1680,
    1 / 1188,
    -691 / 360360,
    1 / 156,
    -3617 / 122400,
)
_LEAST = 8
_HALF_LOG_TWO_PI = 0.5 * np.log(2 * np.pi)
# Newton's divided differences of S at 0, 1, ..., 7.
_DIFFERENCES = (
    0.0,
    1.0,
    -0.34657359027997264,
    0.09589402415059364,
    -0.021237379599424684,
    0.003888484075886173,
    -0.0006050453776047844,
    8.174280421113088e-05,
)
# Of artanh(s) / s - 1 over s**2; for |s| up to a tenth what is left out is below 1e-17.
_ARTANH = (1 / 3, 1 / 5, 1 / 7, 1 / 9, 1 / 11, 1 / 13, 1 / 15)
_CLOSE = 0.1


def stirling(x: Any) -> Any:
    r"""Compute :math:`\log \Gamma(x + 1) - x \log x + x`, within 5e-15 of max(1, value)."""
    x = jnp.asarray(x, float)
    return _stirling(x, _log(x))


def _stirling(x: Any, log_x: Any) -> Any:
    small = x < _LEAST
    y = jnp.where(small, x + _LEAST, x)
    # Gamma(x + 1) from that of x + 9: their ratio is a product, which is in range where x is small.
    z = jnp.where(small, x, 0.0)
    ratio = jnp.ones_like(z)
    for k in range(1, _LEAST + 1):
        ratio = ratio * (z + k)
    plain = z * log_x - z
    moved = jnp.where(small, y * jnp.log(y) - y - jnp.log(ratio) - plain, 0.0)
    total = 0.5 * jnp.log(y) + _HALF_LOG_TWO_PI + _series(y) + moved
    return jnp.where(x > 0, total, 0.0)


def stirling_of_count(x: Any) -> Any:
    """Compute `stirling` of whole numbers, with a third of the operations.

    The small ones are interpolated in Newton's form, which has a term less for each smaller number.
    """
    x = jnp.asarray(x, float)
    return _stirling_of_count(x, _log(x))


def _stirling_of_count(x: Any, log_x: Any) -> Any:
    small = x < _LEAST
    z, y = jnp.where(small, x, 0.0), jnp.where(small, float(_LEAST), x)
    total = jnp.full_like(z, _DIFFERENCES[-1])
    for k in range(_LEAST - 2, -1, -1):
        total = _DIFFERENCES[k] + (z - k) * total
    return jnp.where(small, total, 0.5 * log_x + _HALF_LOG_TWO_PI + _series(y))


def _series(y: Any) -> Any:
    inverse = 1.0 / y
    square = inverse * inverse
    return inverse * polynomial(square, _STIRLING)


def deviance(x: Any, gap: Any, x_log_mu: Any) -> Any:
    r"""Compute :math:`x \log(x / \mu) + \mu - x`, to all digits near :math:`\mu = x` too.

    The gap :math:`\mu - x` is often known better than from the two; :math:`x \log \mu` is, where x
    is zero, whatever the caller takes 0 log 0 to be. Where :math:`\mu` is close to x, the value is
    that of the series of :math:`\log(\mu / x) = 2 \operatorname{artanh}((\mu - x) / (\mu + x))`.
    The derivative is that of the formula above everywhere: it does not cancel.
    """
    x = jnp.asarray(x, float)
    return _deviance(x, _log(x), gap, x_log_mu)


def _deviance(x: Any, log_x: Any, gap: Any, x_log_mu: Any) -> Any:
    near, value = near_mode(x, gap)
    return exact_value(x * log_x - x_log_mu + gap, near, value)


def log_poisson(x: Any, gap: Any, x_log_mu: Any) -> Any:
    r"""Compute the log probability of a Poisson count: :math:`x \log \mu - \mu - \log x!`.

    The logarithms of other counts' probabilities are sums and differences of it. Arguments as in
    `deviance`.
    """
    x = jnp.asarray(x, float)
    log_x = _log(x)
    return -_stirling_of_count(x, log_x) - _deviance(x, log_x, gap, x_log_mu)


def log_poisson_of_real(x: Any, gap: Any, x_log_mu: Any) -> Any:
    r"""Compute the same of any number: :math:`x \log \mu - \mu - \log \Gamma(x + 1)`."""
    x = jnp.asarray(x, float)
    log_x = _log(x)
    return -_stirling(x, log_x) - _deviance(x, log_x, gap, x_log_mu)


def _log(x: Any) -> Any:
    """Compute the logarithm, and 0 for 0: what it is multiplied by is 0 there."""
    return jnp.log(jnp.where(x > 0, x, 1.0))


def exact_value(plain: Any, near: Any, value: Any) -> Any:
    """Give the one value where `near` is true, and the derivative of the other everywhere."""
    return plain + jax.lax.stop_gradient(jnp.where(near, value - plain, 0.0))


def near_mode(x: Any, gap: Any) -> tuple[Any, Any]:
    """Say where the series for half the deviance holds, and compute it."""
    total = 2.0 * x + gap
    near = jnp.abs(gap) < _CLOSE * total
    s = jnp.where(near, gap, 0.0) / jnp.where(near, total, 1.0)
    square = s * s
    return near, s * (gap - 2.0 * x * square * polynomial(square, _ARTANH))


def log_quotient(top: Any, bottom: Any, gap: Any) -> Any:
    """Compute log(top / bottom), to all digits near 1 too, where `gap` is top - bottom."""
    near = jnp.abs(gap) < 0.5 * bottom
    value = jnp.log1p(jnp.where(near, gap, 0.0) / jnp.where(near, bottom, 1.0))
    return exact_value(jnp.log(top) - jnp.log(bottom), near, value)


def excess(p: Any) -> Any:
    r"""Compute :math:`\sum_k p_k - 1` along the last axis, without its rounding errors.

    It is multiplied by counts. However the partial sums were rounded, what one and the next number
    make together, less the next partial sum, is computed exactly, and these differences add up to
    what the last partial sum lacks.
    """
    p = jnp.asarray(p, float)
    partial = jnp.cumsum(jax.lax.stop_gradient(p), axis=-1)
    before = jnp.concatenate([jnp.zeros_like(partial[..., :1]), partial[..., :-1]], axis=-1)
    both = two_sum(before, p)
    return (partial[..., -1] - 1.0) + jnp.sum((both.high - partial) + both.low, axis=-1)
