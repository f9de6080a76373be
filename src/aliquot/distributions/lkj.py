"""LKJ correlation matrices; covariance matrices with such correlations, as Cholesky factors."""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from aliquot.arguments import is_whole_number
from aliquot.distributions.array_constraints import correlation
from aliquot.distributions.base import Distribution
from aliquot.distributions.constraints import (
    Constraint,
    Interval,
    LowerCholesky,
    positive,
)
from aliquot.distributions.random_numbers import TINY, beta_draws
from aliquot.distributions.triangular import cholesky_or_off, row_lengths
from aliquot.errors import ParameterError
from aliquot.special.saddle_point import stirling


class LKJCholeskyCov(Distribution):
    r"""Cholesky factors of covariance matrices: LKJ correlations, any standard deviations.

    The value is the lower factor :math:`L` of the covariance
    :math:`L L^T = \mathrm{diag}(s)\, R\, \mathrm{diag}(s)`, with :math:`R \sim` LKJ(eta), that is
    density proportional to :math:`\det(R)^{\eta - 1}`, and the standard deviations :math:`s` from
    `sd_dist`. The density is with respect to the lower triangle of :math:`L`, and is normalised.

    Parameters
    ----------
    eta : array or Expression, positive
        Shape: 1 is uniform over correlation matrices, larger draws them towards the identity.
    n : int
        Number of rows, at least 2.
    sd_dist : Distribution
        Of the standard deviations, made with ``.dist(...)``: positive, of shape () or (..., n).
    shape : int or tuple of int, optional
        Ends in (n, n).

    Raises
    ------
    ParameterError
        Where `n` is not a whole number of at least 2, or `sd_dist` is not a distribution of
        positive numbers.

    References
    ----------
    .. [1] D. Lewandowski, D. Kurowicka, H. Joe. Generating random correlation matrices based on
       vines and extended onion method. Journal of Multivariate Analysis 100(9), 2009, eq. 16 for
       the constant, section 3.2 for the draws.
    .. [2] Stan Functions Reference, "Cholesky LKJ correlation distribution".

    Examples
    --------
    >>> import aliquot as aq
    >>> chol = aq.LKJCholeskyCov.dist(eta=2, n=3, sd_dist=aq.Exponential.dist(1))
    >>> chol.shape
    (3, 3)
    """

    constraints = {"eta": positive}
    event_dims = 2

    def __init__(self, eta: Any, n: int, sd_dist: Any, *, shape: Any = None) -> None:
        self.n = rows_of(self.family, n)
        check_scales(self.family, self.n, sd_dist)
        super().__init__({"eta": eta, "sd_dist": sd_dist}, shape, event_shape=(self.n, self.n))

    @property
    def support(self) -> Constraint:
        return LowerCholesky(self.sd_dist.support)

    def _log_prob(self, x: Any) -> Any:
        scales = self.sd_dist.support
        sds = row_lengths(x, scales.lower, scales.upper)
        log_diagonal = jnp.log(jnp.diagonal(x, axis1=-2, axis2=-1)) - jnp.log(sds)
        log_sds = self.sd_dist.checked_log_prob(sds)
        if self.sd_dist.event_dims == 0:
            log_sds = jnp.sum(log_sds, axis=-1)
        # Row i (from 0) in polar coordinates, with its direction given by its first i entries:
        # dL_i = sds_i**i / diagonal_i  dsds_i dC_i.
        jacobian = jnp.sum(log_diagonal - np.arange(self.n) * jnp.log(sds), axis=-1)
        return lkj_log_prob(log_diagonal, self.eta) + log_sds + jacobian

    def _sample(self, key: Any, shape: tuple[int, ...]) -> Any:
        first, second = jax.random.split(key)
        sds = self.sd_dist.draw(first, shape[:-1])
        factor = sds[..., None] * lkj_cholesky_draw(second, self.eta, shape)
        # No number on the diagonal is rounded to zero.
        return jnp.where(np.eye(self.n) > 0, jnp.maximum(factor, TINY), factor)

    def start(self) -> Any:
        """Give the factor of a diagonal covariance of typical size, inside a traced function."""
        sds = jnp.broadcast_to(self.sd_dist.start(), self.shape[:-1])
        return sds[..., None] * jnp.eye(self.n)

    def _batch_shape_of(self, name: str, value: Any) -> tuple[int, ...]:
        batch = super()._batch_shape_of(name, value)
        return batch[:-1] if name == "sd_dist" and value.event_dims == 0 else batch


class LKJCorr(Distribution):
    r"""Correlation matrices, with density proportional to :math:`\det(R)^{\eta - 1}`.

    The value is the matrix itself, with ones on its diagonal, and the density is with respect to
    the entries below it. Each correlation by itself is Beta(b, b) on (-1, 1), with
    :math:`b = \eta - 1 + n / 2`. Where standard deviations are unknown as well, a `LKJCholeskyCov`
    is the cheaper prior, since it needs no factorisation; and where `eta` is below about 0.2, the
    better one, since matrices next to singular ones are then likely, which rounding takes for one.

    Parameters
    ----------
    n : int
        Number of rows, at least 2.
    eta : array or Expression, positive
        Shape: 1 is uniform over correlation matrices, larger draws them towards the identity.
    return_matrix : bool
        Taken as PyMC's, and only as True: the entries above the diagonal, which PyMC gives
        otherwise, are ``R[np.triu_indices(n, 1)]``.
    shape : int or tuple of int, optional
        Ends in (n, n).

    Raises
    ------
    ParameterError
        Where `n` is not a whole number of at least 2.

    References
    ----------
    .. [1] D. Lewandowski, D. Kurowicka, H. Joe. Generating random correlation matrices based on
       vines and extended onion method. Journal of Multivariate Analysis 100(9), 2009, eq. 16 for
       the constant, section 3.2 for the draws.

    Examples
    --------
    >>> import aliquot as aq
    >>> correlations = aq.LKJCorr.dist(n=2, eta=1)
    >>> float(correlations.log_prob([[1.0, 0.3], [0.3, 1.0]]).round(6))  # uniform on (-1, 1)
    -0.693147
    """

    constraints = {"eta": positive}
    event_dims = 2
    support = correlation

    def __init__(self, n: int, eta: Any, *, return_matrix: bool = True, shape: Any = None) -> None:
        self.n = rows_of(self.family, n)
        if not return_matrix:
            raise ParameterError(
                f"{self.family}: return_matrix must be True; got {return_matrix!r}. The value is "
                f"the matrix, and its entries above the diagonal are R[np.triu_indices({n}, 1)]"
            )
        super().__init__({"eta": eta}, shape, event_shape=(self.n, self.n))

    def _log_prob(self, x: Any) -> Any:
        factor, off = cholesky_or_off(jnp.asarray(x))
        log_diagonal = jnp.log(jnp.diagonal(factor, axis1=-2, axis2=-1))
        eta = jnp.asarray(self.eta)
        log_det = 2 * jnp.sum(log_diagonal, axis=-1)
        return (eta - 1) * log_det - lkj_log_constant(eta, self.n) + off

    def _sample(self, key: Any, shape: tuple[int, ...]) -> Any:
        return correlation_matrix(lkj_cholesky_draw(key, self.eta, shape))

    def _mean(self) -> Any:
        return jnp.eye(self.n)

    def _variance(self) -> Any:
        each = 1 / (2 * jnp.asarray(self.eta) + (self.n - 1))
        return each[..., None, None] * (1 - np.eye(self.n))


def rows_of(family: str, n: Any) -> int:
    """Read a number of rows, or refuse it."""
    if not is_whole_number(n) or n < 2:
        raise ParameterError(f"{family}: n must be a whole number of rows, at least 2; got {n!r}")
    return int(n)


def least_eigenvalue(n: int) -> float:
    """Give what is added to the eigenvalues of a correlation matrix, and taken off again in part.

    It is several times what rounding makes of them, so that a matrix next to a singular one is
    positive definite, and has a factor, also as it is rounded.
    """
    return 4.0 * n * n * float(np.finfo(float).eps)


def correlation_matrix(factor: Any) -> Any:
    """Multiply factors of correlation matrices with their transposes, away from singular ones."""
    n = factor.shape[-1]
    product = jnp.sum(factor[..., :, None, :] * factor[..., None, :, :], axis=-1)
    return jnp.where(np.eye(n) > 0, 1.0, (1 - least_eigenvalue(n)) * product)


class CorrelationAndScales(NamedTuple):
    """A covariance matrix in parts."""

    correlation: Any  # (..., n, n)
    scales: Any  # (..., n): the standard deviations


def correlation_and_scales(chol: Any, lower: Any = None, upper: Any = None) -> CorrelationAndScales:
    """Split the lower Cholesky factor of a covariance into correlations and standard deviations.

    `lower` and `upper` bound the standard deviations: rounding does not carry them there or beyond.
    """
    scales = row_lengths(chol, lower, upper)
    unit = chol / scales[..., None]
    return CorrelationAndScales(jnp.sum(unit[..., :, None, :] * unit[..., None, :, :], -1), scales)


def lkj_log_prob(log_diagonal: Any, eta: Any) -> Any:
    """Compute the LKJ log density of the Cholesky factor of a correlation matrix.

    Given the logarithm of its diagonal; with respect to the entries below the diagonal.
    """
    n = log_diagonal.shape[-1]
    eta = jnp.asarray(eta)
    below = n - 1 - np.arange(n)  # rows below each row
    powers = below + 2 * (eta[..., None] - 1)
    powers = jnp.where(np.arange(n) > 0, powers, 0.0)
    return jnp.sum(powers * log_diagonal, axis=-1) - lkj_log_constant(eta, n)


def lkj_log_constant(eta: Any, n: int) -> Any:
    """Compute the log integral of ``det(R)**(eta - 1)`` over correlation matrices of n rows."""
    # Equation 16 of Lewandowski, Kurowicka and Joe (2009).
    k = np.arange(1, n)
    eta = jnp.asarray(eta)[..., None]
    half = eta + 0.5 * (n - k - 1)
    # The logarithm of B(half, half), to which the powers of 2 that cancel with it are added.
    log_beta = 2 * stirling(half) - stirling(2 * half) - jnp.log(half)
    return jnp.sum((n - k) * log_beta, axis=-1)


def lkj_cholesky_draw(key: Any, eta: Any, shape: tuple[int, ...]) -> Any:
    """Draw Cholesky factors of LKJ correlation matrices, by the onion method.

    Row i (from 0) has a uniform direction in its first i entries, and a squared length of those
    that is Beta(i / 2, eta + (n - 1 - i) / 2), independently of the other rows.
    """
    n = shape[-1]
    first, second = jax.random.split(key)
    i = np.arange(1, n)
    rest = jnp.asarray(eta)[..., None] + 0.5 * (n - 1 - i)
    # Where eta is small, what squares lack to one is too little for their own digits to say.
    square, lack = (
        jnp.concatenate([jnp.full((*shape[:-2], 1), top), rows], axis=-1)
        for top, rows in zip(
            (0.0, 1.0), beta_draws(first, 0.5 * i, rest, (*shape[:-2], n - 1)), strict=True
        )
    )
    entries = jnp.where(np.tri(n, k=-1) > 0, jax.random.normal(second, shape), 0.0)
    length = jnp.sqrt(jnp.sum(entries**2, axis=-1))
    scale = jnp.sqrt(square) / jnp.where(length > 0, length, 1.0)
    return entries * scale[..., None] + jnp.sqrt(lack)[..., None] * jnp.eye(n)


def check_scales(family: str, n: int, sd_dist: Any) -> None:
    """Refuse a distribution of standard deviations that is not one."""
    if not isinstance(sd_dist, Distribution):
        raise ParameterError(
            f"{family}: sd_dist must be a distribution of standard deviations, made with "
            f"Exponential.dist(1) or the like; got {sd_dist!r}"
        )
    support = sd_dist.support
    bounded = isinstance(support, Interval) and support.lower is not None
    known = bounded and isinstance(support.lower, float | int | np.ndarray)  # type: ignore[attr-defined]
    if sd_dist.discrete or not bounded or (known and np.any(support.lower < 0)):  # type: ignore[attr-defined]
        raise ParameterError(
            f"{family}: sd_dist must be a distribution of positive numbers; "
            f"{sd_dist.family} has values that are {support.description}"
        )
    if sd_dist.shape and sd_dist.shape[-1] != n:
        raise ParameterError(
            f"{family}: sd_dist must have shape () or one that ends in n = {n}; "
            f"its shape is {sd_dist.shape}"
        )
