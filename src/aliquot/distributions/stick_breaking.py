"""Weights of a truncated Dirichlet process, by breaking a stick."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np
from jax.lax import cumlogsumexp

from aliquot.arguments import is_whole_number
from aliquot.distributions.base import Distribution
from aliquot.distributions.constraints import positive, simplex
from aliquot.distributions.logarithms import log_power
from aliquot.distributions.random_numbers import TINY, beta_draws
from aliquot.errors import ParameterError


class StickBreakingWeights(Distribution):
    r"""Weights of the first K components of a Dirichlet process, and of all the rest together.

    A stick of length one is broken K times: :math:`w_k = v_k \prod_{j < k} (1 - v_j)` with
    :math:`v_k \sim \mathrm{Beta}(1, \alpha)`, and the last of the K + 1 weights is what is left.
    The first weights are larger on average, so that the components of a mixture with such weights
    cannot trade places, as they can with those of a `Dirichlet`.

    With :math:`S_k = \sum_{j > k} w_j` what is left after k pieces, the density with respect to the
    first K weights is :math:`\alpha^K\, S_K^{\alpha - 1} \prod_{k < K} S_k^{-1}`.

    Parameters
    ----------
    alpha : array or Expression, positive
        Concentration: the larger, the more components share the stick.
    K : int
        Number of breaks, at least 1. A draw has K + 1 weights.
    shape : int or tuple of int, optional
        Ends in K + 1.

    Raises
    ------
    ParameterError
        Where `K` is not a whole number of at least 1.

    References
    ----------
    .. [1] J. Sethuraman (1994), A constructive definition of Dirichlet priors, Statistica Sinica
       4(2), 639-650.
    .. [2] H. Ishwaran and L. F. James (2001), Gibbs sampling methods for stick-breaking priors,
       Journal of the American Statistical Association 96(453), section 3.2.

    Examples
    --------
    >>> import aliquot as aq
    >>> aq.StickBreakingWeights.dist(alpha=1, K=3).mean()
    array([0.5  , 0.25 , 0.125, 0.125])
    """

    constraints = {"alpha": positive}
    event_dims = 1
    support = simplex

    def __init__(self, alpha: Any, K: int, *, shape: Any = None) -> None:
        if not is_whole_number(K) or K < 1:
            raise ParameterError(
                f"{self.family}: K must be a whole number of breaks, at least 1; got {K!r}"
            )
        self.K = int(K)
        super().__init__({"alpha": alpha}, shape, event_shape=(self.K + 1,))

    def _log_prob(self, x: Any) -> Any:
        alpha = jnp.asarray(self.alpha)
        # By logarithms of the weights, which are known where these are next to nothing.
        some = x > 0
        logs = jnp.where(some, jnp.log(jnp.where(some, x, 1.0)), -1e4)
        left = cumlogsumexp(logs, axis=logs.ndim - 1, reverse=True)[..., 1:]
        gone = jnp.cumsum(x[..., ::-1], axis=-1)[..., ::-1][..., 1:] == 0
        left = jnp.where(gone, 0.0, left)
        # What is left may be nothing, to the last power and to as many others as are nothing, too.
        power = alpha - jnp.sum(gone, axis=-1)
        power = jnp.where(gone[..., -1], power, 0.0)
        nothing = log_power(jnp.where(gone[..., -1], 0.0, 1.0), power)
        each = alpha * left[..., -1] - jnp.sum(left, axis=-1)
        return self.K * jnp.log(alpha) + each + nothing

    def _sample(self, key: Any, shape: tuple[int, ...]) -> Any:
        size = (*shape[:-1], self.K)
        part, rest = beta_draws(key, 1.0, jnp.asarray(self.alpha)[..., None], size)
        one = jnp.ones_like(part[..., :1])
        before = jnp.concatenate([one, jnp.cumprod(rest, axis=-1)], axis=-1)
        return jnp.maximum(before * jnp.concatenate([part, one], axis=-1), TINY)

    def _mean(self) -> Any:
        alpha = jnp.asarray(self.alpha)[..., None]
        return self._pieces(1 / (1 + alpha), alpha / (1 + alpha))

    def _variance(self) -> Any:
        # The mean square, less the square of the mean: by the log of their ratio.
        alpha = jnp.asarray(self.alpha)[..., None]
        square = self._pieces(2 / (1 + alpha) / (2 + alpha), alpha / (2 + alpha))
        breaks = np.minimum(np.arange(self.K + 1), self.K)
        own = jnp.where(breaks < self.K, jnp.log1p(alpha / (2 + alpha)), 0.0)
        ratio = own + breaks * jnp.log1p(1 / alpha / (alpha + 2))
        return square * -jnp.expm1(-ratio)

    def _pieces(self, part: Any, rest: Any) -> Any:
        """Give what is left after each break times the part that is broken off, all at the end."""
        breaks = np.arange(self.K + 1)
        return rest**breaks * jnp.where(breaks < self.K, part, 1.0)
