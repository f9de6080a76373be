"""The multivariate t distribution."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from aliquot.distributions.base import Distribution
from aliquot.distributions.constraints import (
    lower_cholesky,
    positive,
    positive_definite,
    real_vector,
)
from aliquot.distributions.heavy_tailed import log1p_length, log_gamma_step
from aliquot.distributions.missing_entries import partial_events, whole_events
from aliquot.distributions.parameters import exactly_one
from aliquot.distributions.random_numbers import gamma_parts, times_exp
from aliquot.distributions.spread import Spread, location_and_matrix, times


class MvStudentT(Distribution):
    r"""The multivariate t distribution: elliptical, with heavier tails than the normal one.

    With :math:`S` the scale matrix and k entries in a vector,

    .. math:: f(x) = \frac{\Gamma((\nu + k) / 2)}{\Gamma(\nu / 2)\, (\nu \pi)^{k/2}\, |S|^{1/2}}
              \left(1 + \frac{(x - \mu)^T S^{-1} (x - \mu)}{\nu}\right)^{-(\nu + k) / 2}

    The covariance is not :math:`S` but :math:`S\, \nu / (\nu - 2)`, where `nu` is above 2.

    Parameters
    ----------
    nu : array or Expression, positive
        Degrees of freedom.
    mu : array or Expression, shape (..., k) or ()
        Location (0 by default).
    scale, cov, Sigma : array or Expression, shape (..., k, k)
        Scale matrix, by any of three names: symmetric and positive definite.
    tau : array or Expression, shape (..., k, k)
        Its inverse, in place of `scale`.
    chol : array or Expression, shape (..., k, k)
        Its Cholesky factor, in place of `scale`. The cheapest of the three.
    lower : bool
        Whether `chol` is the lower factor (the default) or the upper one, its transpose.
    shape : int or tuple of int, optional
        Ends in k.

    Raises
    ------
    ParameterError
        Where not exactly one of the matrices is given, or a known one is not what it should be.
    ShapeError
        Where the matrix is not square or its size is not that of `mu`.

    References
    ----------
    .. [1] S. Kotz and S. Nadarajah (2004), Multivariate t Distributions and Their Applications,
       Cambridge University Press: equation 1.1; section 1.10 for marginal densities, and P. Ding
       (2016), On the conditional distribution of the multivariate t distribution, The American
       Statistician 70(3), for those of missing entries.

    Examples
    --------
    >>> import aliquot as aq
    >>> x = aq.MvStudentT.dist(nu=4, scale=[[1, 0.5], [0.5, 1]])
    >>> round(float(x.log_prob([0.0, 0.0])), 6)
    -1.694036
    >>> x.variance()
    array([2., 2.])
    """

    constraints = {
        "nu": positive,
        "mu": real_vector,
        "scale": positive_definite,
        "tau": positive_definite,
        "chol": lower_cholesky,
    }
    event_dims = 1
    entrywise = True
    support = real_vector
    typical = "mu"

    def __init__(
        self,
        nu: Any,
        *,
        Sigma: Any = None,
        mu: Any = 0.0,
        scale: Any = None,
        cov: Any = None,
        tau: Any = None,
        chol: Any = None,
        lower: bool = True,
        shape: Any = None,
    ) -> None:
        name, matrix = exactly_one(
            self.family, scale=scale, cov=cov, Sigma=Sigma, tau=tau, chol=chol
        )
        kind = name if name in ("tau", "chol") else "scale"
        given = location_and_matrix(self.family, mu, lower, **{kind: matrix})
        parameters = {"nu": nu, "mu": given.mu, given.name: given.matrix}
        super().__init__(parameters, shape, event_shape=(given.size,))

    def spread(self) -> Spread:
        """Give the matrix, inside a traced function."""
        name = next(name for name in self.parameters if name not in ("nu", "mu"))
        return Spread("cov" if name == "scale" else name, jnp.asarray(self.parameters[name]))

    def _log_prob(self, x: Any) -> Any:
        z, log_scale = self.spread().standardised(x - self.mu)
        return _log_t(z, self.nu, z.shape[-1]) - log_scale

    def seen_log_prob(self, x: Any, missing: np.ndarray, checked: bool = True) -> Any:
        """Compute the log density of what was seen: t, with that part of location and scale."""
        if not partial_events(missing, 1).any():
            return super().seen_log_prob(x, missing, checked)
        seen = ~missing
        y = jnp.where(seen, x - self.mu, 0.0)
        z, log_scale = self.spread().standardised_where(y, seen)
        sizes = seen.sum(axis=-1)
        total = -log_scale
        for size in np.unique(sizes[sizes > 0]):
            total += jnp.where(sizes == size, _log_t(z, self.nu, int(size)), 0.0)
        return jnp.where(whole_events(missing, 1), 0.0, total)

    def draw_missing(self, key: Any, x: Any, missing: np.ndarray) -> Any:
        """Draw the missing entries given those that were seen.

        They are t again, about the regression on what was seen, with as many degrees of freedom
        more as entries were seen, and scales that know how far these are out.
        """
        first, second = jax.random.split(key)
        spread, seen = self.spread(), ~missing
        normal = times(spread.factor(), jax.random.normal(first, missing.shape))
        around = normal - spread.regressed(normal, seen)
        middle = self.mu + spread.regressed(x - self.mu, seen)
        y = jnp.where(seen, x - self.mu, 0.0)
        z, _ = spread.standardised_where(y, seen)
        nu = self.nu + seen.sum(axis=-1)
        size = jnp.sqrt(self.nu + jnp.sum(z**2, axis=-1)) / jnp.sqrt(nu)
        drawn = middle + _stretched(second, nu, around * size[..., None])
        return jnp.where(missing, drawn, x)

    def _sample(self, key: Any, shape: tuple[int, ...]) -> Any:
        first, second = jax.random.split(key)
        normal = times(self.spread().factor(), jax.random.normal(first, shape))
        return self.mu + _stretched(second, jnp.asarray(self.nu), normal)

    def _mean(self) -> Any:
        nu = jnp.asarray(self.nu)[..., None]
        return jnp.where(nu > 1, self.mu, jnp.nan)

    def _variance(self) -> Any:
        nu = jnp.asarray(self.nu)[..., None]
        finite = self.spread().variance() * (nu / jnp.where(nu > 2, nu - 2, 1.0))
        return jnp.where(nu > 2, finite, jnp.where(nu > 1, jnp.inf, jnp.nan))


def _stretched(key: Any, nu: Any, normal: Any) -> Any:
    """Divide normal vectors by the root of chi-squared numbers over their degrees of freedom.

    The square is too small for a double where `nu` is small, so that its logarithm is used.
    """
    half = 0.5 * nu
    value, log_factor = gamma_parts(key, half, normal.shape[:-1])
    stretch = jnp.sqrt(half / value)[..., None]
    return times_exp(normal, stretch, -0.5 * log_factor[..., None])


def _log_t(z: Any, nu: Any, size: int) -> Any:
    r"""Compute the log density in standard units, of vectors with so many entries.

    The quotient of gamma functions is a product, :math:`\prod_j (\nu / 2 + j)` for j below half of
    the size, and where that is odd, one over half a step.
    """
    nu = jnp.asarray(nu, float)
    whole, odd = divmod(size, 2)
    ratios = jnp.log1p(2 * np.arange(whole) / nu[..., None])
    constant = jnp.sum(ratios, axis=-1) - whole * np.log(2 * np.pi)
    if odd:
        constant += log_gamma_step(0.5 * nu + whole) - 0.5 * jnp.log(jnp.pi * nu)
    return constant - 0.5 * (nu + size) * log1p_length(z, nu)
