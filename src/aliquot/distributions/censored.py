"""Any univariate distribution, of which values beyond bounds are recorded as the bound."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax.numpy as jnp
import numpy as np

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
from aliquot.distributions.cut_supports import Censoring, IntegersWithin
from aliquot.distributions.interval_mass import log_tails
from aliquot.errors import ParameterError


class Censored(Distribution):
    r"""A univariate variable whose values beyond a bound are recorded as the bound.

    .. math:: p(x) = \begin{cases} P_g(X \le l) & x = l \\ g(x) & l < x < u \\ P_g(X \ge u) & x = u
              \end{cases}

    where g is the density (or the probabilities) of `dist`. Of a continuous variable the bounds
    have a probability, and what is between them a density.

    Parameters
    ----------
    dist : Distribution
        Univariate, made with ``.dist(...)``: continuous or discrete, a mixture too.
    lower, upper : array or Expression, optional
        Bounds. ``None``, or an infinite number, for none; by row, where some values only are
        censored.

    Raises
    ------
    ParameterError
        Where `dist` is no distribution, or has no distribution function (Flat, VonMises); where a
        known upper bound is not above the lower one, or no value is between the bounds.
    ShapeError
        Where the values of `dist` are vectors.

    See Also
    --------
    Truncated : values beyond the bounds are never seen at all.

    Examples
    --------
    Of a waiting time that was not over after 5 days all that is known is that it is at least 5:

    >>> import aliquot as aq
    >>> wait = aq.Censored.dist(aq.Exponential.dist(scale=4), upper=5)
    >>> wait.log_prob([1.0, 5.0]).round(6)
    array([-1.636294, -1.25    ])
    """

    def __init__(
        self, dist: Any, lower: Any = None, upper: Any = None, *, shape: Any = None
    ) -> None:
        inner = univariate(self.family, dist)
        self.discrete = inner.discrete  # type: ignore[misc]
        bounds = given_bounds(self.family, inner, lower, upper)
        check_order(self.family, bounds, equal=False)
        check_overlap(self.family, inner, bounds)
        bounds = {name: bound for name, bound in bounds.items() if not _idle(inner, name, bound)}
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
        return (IntegersWithin if self.discrete else Censoring)(self.dist.support, lower, upper)

    @property
    def point_masses(self) -> list[Any]:
        if self.discrete:
            return []
        bounds = (self.parameters.get(name) for name in ("lower", "upper"))
        return [bound for bound in bounds if bound is not None]

    def with_tails(self) -> Distribution:
        """Give itself, where it is discrete."""
        if self.point_masses:
            raise ParameterError(
                "its bounds have a probability of their own. Give the distribution that is "
                "censored, with the bounds that hold in the end"
            )
        return self

    def checked_log_prob(self, x: Any) -> Any:
        """Compute the log density inside a traced function, ``-inf`` off the support."""
        x = jnp.asarray(x)
        return jnp.where(self.support.check(x, jnp), self._log_prob(x), -jnp.inf)

    def _log_prob(self, x: Any) -> Any:
        x = jnp.asarray(x)
        lower, upper = self.parameters.get("lower"), self.parameters.get("upper")
        within = jnp.ones((), bool)
        if lower is not None:
            within = within & (x > lower)
        if upper is not None:
            within = within & (x < upper)
        middle = self.dist.support.feasible(x, jnp).astype(x.dtype)
        log_prob = self.dist.checked_log_prob(jnp.where(within, x, middle))
        if lower is not None:
            log_prob = jnp.where(x <= lower, log_tails(self.dist, lower)[0], log_prob)
        if upper is not None:
            last = upper - 1 if self.discrete else upper
            log_prob = jnp.where(x >= upper, log_tails(self.dist, last)[1], log_prob)
        return log_prob

    def _log_tails(self, x: Any) -> tuple[Any, Any]:
        # Of counts; from the lower bound on, below the upper one.
        return log_tails(self.dist, x)

    def _sample(self, key: Any, shape: tuple[int, ...]) -> Any:
        return self._recorded(self.dist.draw(key, shape))

    def start(self) -> Any:
        """Give what would be recorded of the distribution's typical value."""
        return jnp.broadcast_to(self._recorded(self.dist.start()), self.shape).astype(self.dtype)

    def _recorded(self, x: Any) -> Any:
        lower, upper = self.parameters.get("lower"), self.parameters.get("upper")
        x = x if lower is None else jnp.maximum(x, lower)
        return x if upper is None else jnp.minimum(x, upper)


def _idle(dist: Distribution, name: str, bound: Any) -> bool:
    """Say whether no value is beyond a bound, which is then no value of a probability either."""
    end = getattr(dist.support, name, None)
    if end is None or hasattr(end, "text") or not isinstance(bound, np.ndarray):
        return False
    return bool(np.all(bound <= end if name == "lower" else bound >= end))
