"""Distributions of angles."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import i0e

from aliquot.distributions.base import Distribution
from aliquot.distributions.constraints import circular, positive, real
from aliquot.distributions.random_numbers import until_accepted


class VonMises(Distribution):
    r"""The von Mises distribution, the normal distribution's like on a circle.

    .. math:: f(x) = \frac{e^{\kappa \cos(x - \mu)}}{2 \pi I_0(\kappa)}, \quad -\pi \le x \le \pi

    Parameters
    ----------
    mu : array or Expression
        Mean direction, in radians (0 by default); any turn of it is the same.
    kappa : array or Expression, positive
        Concentration (1 by default): near :math:`1 / \sigma^2` where it is large.

    Examples
    --------
    >>> import aliquot as aq
    >>> round(float(aq.VonMises.dist(mu=0, kappa=1e4).log_prob(0.0)), 4)
    3.6862
    """

    constraints = {"mu": real, "kappa": positive}
    support = circular
    no_tails = (
        "it is a distribution on a circle, where no angle is the first. For angles that are known "
        "to be near one another use aq.Normal, with sigma = 1 / sqrt(kappa)"
    )

    def __init__(self, mu: Any = 0.0, kappa: Any = 1.0, *, shape: Any = None) -> None:
        super().__init__({"mu": mu, "kappa": kappa}, shape)

    def _log_prob(self, x: Any) -> Any:
        # The scaled Bessel function does not overflow, and takes the exponent kappa out of it;
        # cos(t) - 1 = -2 sin(t/2)^2 keeps all digits of what is left.
        half = jnp.sin(0.5 * (x - self.mu))
        return -2.0 * self.kappa * half**2 - jnp.log(2.0 * np.pi * i0e(self.kappa))

    def _sample(self, key: Any, shape: tuple[int, ...]) -> Any:
        angle = self.mu + _centred_draws(key, self.kappa, shape)
        return _wrapped(angle)

    def start(self) -> Any:
        return jnp.broadcast_to(_wrapped(self.mu), self.shape)


def _wrapped(angle: Any) -> Any:
    # An angle that is in range already keeps the digits of its distance to zero.
    turned = jnp.clip(jnp.mod(angle + np.pi, 2 * np.pi) - np.pi, -np.pi, np.pi)
    return jnp.where(jnp.abs(angle) <= np.pi, angle, turned)


def _centred_draws(key: Any, kappa: Any, shape: tuple[int, ...]) -> Any:
    """Draw angles about zero by rejection from a wrapped Cauchy distribution.

    Best and Fisher (1979), Efficient simulation of the von Mises distribution, Applied Statistics
    28, 152-157. Their constants are rearranged here so that no kappa cancels: with
    ``r = 1 + sqrt(1 + 4 kappa^2)`` the proposal's concentration is
    ``rho = 2 kappa / (r + sqrt(2 r))``, and a draw t is accepted with log probability
    ``1 - y + log(y)``, where ``y = kappa (1 - rho)^2 / (2 rho) + 2 kappa sin(t/2)^2``.
    At least 66% of proposals are accepted for every kappa.
    """
    root = jnp.hypot(1.0, 2.0 * kappa)
    r = 1.0 + root
    total = r + jnp.sqrt(2.0 * r)
    rho = 2.0 * kappa / total
    gap = (1.0 + 1.0 / (root + 2.0 * kappa) + jnp.sqrt(2.0 * r)) / total  # 1 - rho
    least = 0.25 * total * gap**2

    def propose(key: Any) -> tuple[Any, Any]:
        u, v = jax.random.uniform(key, (2, *shape))
        t = 2.0 * jnp.arctan(gap / (1.0 + rho) * jnp.tan(np.pi * (u - 0.5)))
        y = least + 2.0 * kappa * jnp.sin(0.5 * t) ** 2
        return t, jnp.log(v) <= 1.0 - y + jnp.log(y)

    possible = jnp.broadcast_to((kappa > 0) & jnp.isfinite(kappa), shape)
    return until_accepted(key, possible, jnp.full(shape, jnp.nan), propose)
