"""Distributions between two bounds."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np

from aliquot.distributions.base import Distribution
from aliquot.distributions.constraints import (
    Constraint,
    Interval,
    positive,
    real,
    unit_interval,
)
from aliquot.distributions.parameters import as_parameter, at, exactly_one_set
from aliquot.distributions.random_numbers import beta_draws, uniform
from aliquot.errors import ParameterError
from aliquot.expression import Expression
from aliquot.special.incomplete_beta import log_beta_tails, log_density_of_odds


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

    def _log_tails(self, x: Any) -> tuple[Any, Any]:
        width = jnp.log(self.upper - self.lower)
        return jnp.log(x - self.lower) - width, jnp.log(self.upper - x) - width

    def _log_between(self, low: Any, high: Any, first: Any, last: Any) -> Any:
        return jnp.log(high - low) - jnp.log(self.upper - self.lower)

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
        log_x, log_rest = jnp.log(x), jnp.log1p(-x)
        return log_density_of_odds(a, b, x, 1.0 - x, log_x, log_rest) - log_x - log_rest

    def _log_tails(self, x: Any) -> tuple[Any, Any]:
        return log_beta_tails(self.alpha, self.beta, x, 1.0 - x)

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
