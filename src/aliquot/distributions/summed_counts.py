"""Counts among `n`, whose distribution function is a sum of their probabilities."""

from __future__ import annotations

from copy import copy
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from aliquot.distributions.base import Distribution
from aliquot.distributions.count_tails import tails_of_table
from aliquot.errors import ParameterError
from aliquot.expression import Expression


class SummedCounts(Distribution):
    """A family whose values are some of the counts from 0 to its parameter `n`."""

    largest: int  # of n, set where the distribution function is asked for

    def _log_tails(self, x: Any) -> tuple[Any, Any]:
        wide = jax.tree.map(lambda parameter: jnp.asarray(parameter)[..., None], self)
        states = np.arange(self.largest + 1)
        possible = wide.support.check(states, jnp)
        log_prob = wide._log_prob(jnp.where(possible, states, wide.support.feasible(states, jnp)))
        return tails_of_table(jnp.where(possible, log_prob, -jnp.inf), states, x)

    def with_tails(self) -> Distribution:
        """Give itself with the largest `n`, which has to be known for a sum."""
        if isinstance(self.n, Expression):
            raise ParameterError(
                "its distribution function is a sum over all counts, for which n has to be a "
                f"number or an array; it is the expression {self.n.text}"
            )
        prepared = copy(self)
        prepared.largest = int(np.max(self.n, initial=0))
        return prepared
