"""Angles, from coordinates that may go round and round."""

from __future__ import annotations

from math import exp, log1p, pi
from typing import Any

import jax
import jax.numpy as jnp

from aliquot.transforms.base import Transform

SCALE = 4.0 * pi
"""Scale, in radians, of the weight over turns: so wide that it hardly tilts a density in a turn."""


class Circular(Transform):
    r"""Angles from -pi to pi: any real y, less its whole turns.

    Notes
    -----
    This is not a bijection: y and y + 2 pi k are the same angle. With a Jacobian of one, as in
    PyMC, the density of y repeats for ever and has no normalisation: chains may drift off, and a
    metric or a variational fit learnt from y means nothing. A logit between -pi and pi would be
    proper, but puts a cut at pi that no trajectory crosses.

    Here the turns share the angle's density instead: `log_det_jacobian` is the logarithm of

    .. math:: w(y) = F(y + \pi) - F(y - \pi), \qquad \sum_k w(y + 2 \pi k) = 1,

    where :math:`F` is the logistic distribution function with scale :math:`4 \pi` (the sum
    telescopes, for any distribution function). So y has a proper, smooth density, x has exactly
    its own, and trajectories pass through pi unhindered. A concentrated angle gives y one mode for
    each turn; a chain that stays in one of them sees the angle's density times a weight that is
    nearly constant there (a slope of 0.01 per radian at y = pi, at most 0.08 far away).

    `forward` gives the y of turn zero. Compare chains by their angles, not by y.

    Examples
    --------
    >>> from aliquot.precision import float64
    >>> with float64():
    ...     print(circular.backward(7.0).round(6))
    0.716815
    """

    name = "circular"

    def forward(self, x: Any) -> Any:
        return x

    def backward(self, y: Any) -> Any:
        x = y - 2.0 * pi * jnp.round(y / (2.0 * pi))
        return jnp.where(jnp.abs(x) <= pi, x, jnp.sign(x) * pi)

    def log_det_jacobian(self, y: Any) -> Any:
        r"""Compute the logarithm of the weight w(y), which stands in the place of a Jacobian.

        The difference of the two logistic functions is written as a product, which does not cancel:
        :math:`\sigma(a) - \sigma(b) = \sigma(a) \sigma(-b) (1 - e^{b - a})`.
        """
        rising = jax.nn.log_sigmoid((y + pi) / SCALE)
        falling = jax.nn.log_sigmoid((pi - y) / SCALE)
        return rising + falling + log1p(-exp(-2.0 * pi / SCALE))

    def start(self, mean: Any, sd: Any) -> Any:
        """Give the mean, and 0 where it is not an angle."""
        del sd
        return jnp.where(jnp.abs(mean) <= pi, mean, 0.0)


circular = Circular()
