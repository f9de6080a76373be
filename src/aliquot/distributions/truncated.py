"""Any univariate distribution, known to be between two bounds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax.numpy as jnp

from aliquot.distributions.base import Distribution
from aliquot.distributions.bounds_of import (
    BOUNDS,
    WHOLE_BOUNDS,
    check_order,
    check_overlap,
    given_bounds,
    univariate,
)
from aliquot.distributions.constraints import Constraint
from aliquot.distributions.cut_supports import IntegersWithin, Within
from aliquot.distributions.interval_mass import log_mass, tails_within
from aliquot.distributions.inversion import draws_between, quantile_between


class Truncated(Distribution):
    r"""A univariate variable that is known to lie between two bounds, both included.

    .. math:: f(x) = \frac{g(x)}{P_g(l \le X \le u)}, \quad l \le x \le u

    where g is the density (or the probabilities) of `dist`. The probability of the interval is
    computed by its logarithm on the side where it is small, so that bounds may be far in a tail.

    Parameters
    ----------
    dist : Distribution
        Univariate, made with ``.dist(...)``: continuous or discrete, a mixture too.
    lower, upper : array or Expression, optional
        Bounds. ``None``, or an infinite number, for none.

    Raises
    ------
    ParameterError
        Where `dist` is no distribution, or has no distribution function (Flat, VonMises); where
        known bounds leave no value.
    ShapeError
        Where the values of `dist` are vectors.

    See Also
    --------
    Censored : values beyond the bounds are not left out, but recorded as the bound.
    TruncatedNormal : the same as ``Truncated.dist(Normal.dist(mu, sigma), lower, upper)``, with
        moments, and all digits of its density thousands of standard deviations from the mean.

    Notes
    -----
    Prior draws are those of `dist` that happen to be between the bounds; what is too improbable for
    that is drawn by inverting the distribution function.

    Examples
    --------
    >>> import aliquot as aq
    >>> some = aq.Truncated.dist(aq.Poisson.dist(2), lower=1)
    >>> round(float(some.log_prob(1)), 6)
    -1.161439
    >>> far = aq.Truncated.dist(aq.Gamma.dist(2, 1), lower=800)
    >>> round(float(far.log_prob(801.0)), 6)
    -1.0
    """

    def __init__(
        self, dist: Any, lower: Any = None, upper: Any = None, *, shape: Any = None
    ) -> None:
        inner = univariate(self.family, dist)
        self.discrete = inner.discrete  # type: ignore[misc]
        bounds = given_bounds(self.family, inner, lower, upper)
        check_order(self.family, bounds, equal=inner.discrete)
        check_overlap(self.family, inner, bounds)
        super().__init__({"dist": inner, **bounds}, shape)

    @property
    def constraints(self) -> Mapping[str, Constraint]:  # type: ignore[override]
        """What the bounds have to be: whole numbers, where the values are."""
        return WHOLE_BOUNDS if self.discrete else BOUNDS

    @property
    def support(self) -> Constraint:
        lower, upper = self.parameters.get("lower"), self.parameters.get("upper")
        if lower is None and upper is None:
            support: Constraint = self.dist.support
            return support
        return (IntegersWithin if self.discrete else Within)(self.dist.support, lower, upper)

    def _log_prob(self, x: Any) -> Any:
        total = log_mass(self.dist, *self._ends())
        none = total == -jnp.inf
        log_prob = self.dist._log_prob(x) - jnp.where(none, 0.0, total)
        return jnp.where(none, -jnp.inf, log_prob)

    def _log_tails(self, x: Any) -> tuple[Any, Any]:
        return tails_within(self.dist, *self._ends(), x)

    def _log_between(self, low: Any, high: Any, first: Any, last: Any) -> Any:
        return log_mass(self.dist, low, high) - log_mass(self.dist, *self._ends())

    def _sample(self, key: Any, shape: tuple[int, ...]) -> Any:
        draws = draws_between(self.dist, key, *self._ends(), shape)
        lower, upper = self.parameters.get("lower"), self.parameters.get("upper")
        draws = draws if lower is None else jnp.maximum(draws, lower)
        return draws if upper is None else jnp.minimum(draws, upper)

    def start(self) -> Any:
        """Give the median, inside a traced function."""
        median = quantile_between(self.dist, *self._ends(), 0.5, 0.5, self.shape)
        return median.astype(self.dtype)

    def _ends(self) -> tuple[Any, Any]:
        """Give the bounds of an interval that is open below, which matters to integers."""
        lower, upper = self.parameters.get("lower"), self.parameters.get("upper")
        return lower - 1 if self.discrete and lower is not None else lower, upper
