"""Counts with a largest value: what makes a count finite, so that it can be summed out."""

from __future__ import annotations

from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import numpy as np

from aliquot.distributions.base import Distribution
from aliquot.distributions.constraints import Constraint, IntegerInterval
from aliquot.distributions.log_weighted_sum import log_weighted_sum
from aliquot.errors import ParameterError
from aliquot.expression import Expression


class BoundedAbove(Distribution):
    r"""What the families of counts with an `upper` share; the family itself follows in the bases.

    With f the family's probabilities, :math:`p(x) = f(x) / \sum_{k \le u} f(k)` for x up to u: the
    distribution of the count given that it is at most u. Without `upper` the family is as it was.
    """

    lowest: ClassVar[int] = 0

    def read_upper(self, upper: Any) -> dict[str, Any]:
        """Read the largest value as a parameter, and keep the largest of all for static shapes."""
        if upper is None:
            return {}
        if isinstance(upper, Expression):
            raise ParameterError(
                f"{self.family}: upper must be a whole number or an array of them, which does not "
                f"depend on the model; got the expression {upper.text}"
            )
        values = np.asarray(upper)
        if values.dtype.kind in "iu":  # what else it may be is refused as any parameter is
            self.largest = int(np.max(values, initial=self.lowest))
        return {"upper": upper}

    @property
    def support(self) -> Constraint:
        if "upper" not in self.parameters:
            return super().support
        return IntegerInterval(self.lowest, self.upper)

    def _log_prob(self, x: Any) -> Any:
        log_prob = super()._log_prob(x)
        return log_prob if "upper" not in self.parameters else log_prob - self._table()[1]

    def _sample(self, key: Any, shape: tuple[int, ...]) -> Any:
        if "upper" not in self.parameters:
            return super()._sample(key, shape)
        below = jnp.cumsum(self._probabilities(), axis=-1)
        below = below / below[..., -1:]  # rounding is not to leave anything above the last value
        uniform = jax.random.uniform(key, shape)
        return self.lowest + jnp.sum(uniform[..., None] >= below, axis=-1)

    def _mean(self) -> Any:
        if "upper" not in self.parameters:
            return super()._mean()
        return jnp.sum(self._probabilities() * self._values(), axis=-1)

    def _variance(self) -> Any:
        if "upper" not in self.parameters:
            return super()._variance()
        deviation = self._values() - self._mean()[..., None]
        return jnp.sum(self._probabilities() * deviation**2, axis=-1)

    def _values(self) -> np.ndarray:
        return np.arange(self.lowest, self.largest + 1)

    def _table(self) -> tuple[Any, Any]:
        """Compute the family's log probabilities up to `upper`, and the log of their sum."""
        wide = jax.tree.map(lambda parameter: jnp.asarray(parameter)[..., None], self)
        values = self._values()
        log_prob = super(BoundedAbove, wide)._log_prob(jnp.asarray(values))
        log_prob, possible = jnp.broadcast_arrays(log_prob, values <= wide.upper)
        total = log_weighted_sum(log_prob, possible.astype(float))
        return jnp.where(possible, log_prob, -jnp.inf), jnp.where(total > -jnp.inf, total, 0.0)

    def _probabilities(self) -> Any:
        log_prob, total = self._table()
        return jnp.exp(log_prob - total[..., None])
