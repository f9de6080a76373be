"""Distributions between two bounds: uniform, beta, and the von Mises distribution of angles."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import i0e

from aliquot.distributions.base import Distribution
from aliquot.distributions.constraints import (
    Constraint,
    Interval,
    circular,
    positive,
    real,
    unit_interval,
)
from aliquot.distributions.parameters import as_parameter, at, exactly_one_set
from aliquot.distributions.random_numbers import beta_draws, uniform, until_accepted
from aliquot.errors import ParameterError
from aliquot.expression import Expression
from aliquot.special.saddle_point import log_poisson_of_real, stirling


class Uniform(Distribution):
    r"""Equally likely everywhere between two bounds: :math:`f(x) = 1 / (u - l)`.

    Parameters
    ----------
    lower, upper : array or Expression
        Bounds, both included (0 and 1 by default).

    Raises
    ------
    ParameterError
        Where a known upper bound is not above the lower one.

    Examples
    --------
    >>> import aliquot as aq
    >>> float(aq.Uniform.dist(lower=-1, upper=3).mean())
    1.0
    """

    constraints = {"lower": real, "upper": real}

    def __init__(self, lower: Any = 0.0, upper: Any = 1.0, *, shape: Any = None) -> None:
        super().__init__({"lower": lower, "upper": upper}, shape)
        check_bounds(self.family, self.lower, self.upper)

    @property
    def support(self) -> Constraint:
        return Interval(self.lower, self.upper, closed=True)

    def _log_prob(self, x: Any) -> Any:
        return jnp.zeros_like(x) - jnp.log(self.upper - self.lower)

    def _sample(self, key: Any, shape: tuple[int, ...]) -> Any:
        u, rest = uniform(key, shape)
        # From the nearer bound, and by half of their distance, which cannot overflow.
        half = 0.5 * self.upper - 0.5 * self.lower
        near = jnp.where(u < rest, self.lower + half * (2 * u), self.upper - half * (2 * rest))
        return jnp.clip(near, self.lower, self.upper)

    def _mean(self) -> Any:
        return 0.5 * self.lower + 0.5 * self.upper

    def _variance(self) -> Any:
        return (0.5 * self.upper - 0.5 * self.lower) ** 2 / 3.0


class Beta(Distribution):
    r"""The beta distribution, of probabilities and proportions.

    .. math:: f(x) = \frac{x^{\alpha - 1} (1 - x)^{\beta - 1}}{B(\alpha, \beta)}, \quad 0 < x < 1

    Given by `alpha` and `beta`, by mean and standard deviation, or by mean and sample size:
    :math:`\alpha = \mu \nu` and :math:`\beta = (1 - \mu) \nu` with
    :math:`\nu = \mu (1 - \mu) / \sigma^2 - 1`. The end points, where the density may be infinite,
    are not in the support.

    Parameters
    ----------
    alpha, beta : array or Expression, positive
        Shapes.
    mu : array or Expression, strictly between 0 and 1
        Mean.
    sigma : array or Expression, positive, less than ``sqrt(mu * (1 - mu))``
        Standard deviation.
    nu : array or Expression, positive
        Sample size, alpha + beta.

    Raises
    ------
    ParameterError
        Where the arguments are not one of the three pairs, or out of range.

    Examples
    --------
    >>> import aliquot as aq
    >>> aq.Beta.dist(mu=0.25, nu=8)
    Beta(alpha=2.0, beta=6.0)
    """

    constraints = {"alpha": positive, "beta": positive}
    support = unit_interval

    def __init__(
        self,
        alpha: Any = None,
        beta: Any = None,
        mu: Any = None,
        sigma: Any = None,
        nu: Any = None,
        *,
        shape: Any = None,
    ) -> None:
        choices = {"alpha": alpha, "beta": beta, "mu": mu, "sigma": sigma, "nu": nu}
        pairs = ("alpha", "beta"), ("mu", "sigma"), ("mu", "nu")
        if "mu" in exactly_one_set(self.family, *pairs, **choices):
            mu = as_parameter(self.family, "mu", mu, unit_interval)
            if sigma is not None:
                sigma = as_parameter(self.family, "sigma", sigma, positive)
                _check_sd(self.family, mu, sigma)
                nu = mu * (1.0 - mu) / sigma**2 - 1.0
            else:
                nu = as_parameter(self.family, "nu", nu, positive)
            alpha, beta = mu * nu, (1.0 - mu) * nu
        super().__init__({"alpha": alpha, "beta": beta}, shape)

    def _log_prob(self, x: Any) -> Any:
        a, b = jnp.asarray(self.alpha, float), jnp.asarray(self.beta, float)
        log_x, log_rest, total = jnp.log(x), jnp.log1p(-x), a + b
        gap, log_total = b * x - a * (1.0 - x), jnp.log(total)
        parts = log_poisson_of_real(a, gap, a * (log_x + log_total))
        parts += log_poisson_of_real(b, -gap, b * (log_rest + log_total))
        constant = stirling(total) + jnp.log(a) + jnp.log(b) - log_total
        return constant + parts - log_x - log_rest

    def _sample(self, key: Any, shape: tuple[int, ...]) -> Any:
        # With small shapes, draws closer to 1 than a double can be are rounded inwards.
        draws, _ = beta_draws(key, self.alpha, self.beta, shape)
        return jnp.minimum(draws, 1.0 - np.finfo(float).epsneg)

    def _mean(self) -> Any:
        return share(self.alpha, self.beta)

    def _variance(self) -> Any:
        a, b = self.alpha, self.beta
        return share(a, b) * (share(b, a) / (1.0 + a + b))


def share(a: Any, b: Any) -> Any:
    """Compute ``a / (a + b)`` for positive numbers, whose sum may be too large for a double."""
    return 1.0 / (1.0 + b / a)


def check_bounds(family: str, lower: Any, upper: Any) -> None:
    """Refuse an upper bound that is known not to be above a known lower bound."""
    low, up = _known(lower), _known(upper)
    if low is None or up is None:
        return
    low, up = np.broadcast_arrays(low, up)
    if not np.all(low < up):
        index = tuple(np.argwhere(~(low < up))[0])
        raise ParameterError(
            f"{family}: upper must be greater than lower; "
            f"got lower={low[index]:g} and upper={up[index]:g}{at(index)}"
        )


def _check_sd(family: str, mu: Any, sigma: Any) -> None:
    mean, sd = _known(mu), _known(sigma)
    if mean is None or sd is None:
        return
    most, sd = np.broadcast_arrays(np.sqrt(mean * (1.0 - mean)), sd)
    if not np.all(sd < most):
        index = tuple(np.argwhere(~(sd < most))[0])
        raise ParameterError(
            f"{family}: sigma must be less than sqrt(mu * (1 - mu)) = {most[index]:g}; "
            f"got {sd[index]:g}"
        )


def _known(value: Any) -> np.ndarray | None:
    return value.value_now() if isinstance(value, Expression) else value


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
