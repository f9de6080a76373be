"""The hypergeometric distribution, of draws without replacement."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from aliquot.distributions.constraints import Constraint, IntegerInterval, counts
from aliquot.distributions.parameters import at
from aliquot.distributions.summed_counts import SummedCounts
from aliquot.distributions.without_replacement import hypergeometric_draws
from aliquot.errors import ParameterError
from aliquot.expression import Expression
from aliquot.special.double_double import two_product
from aliquot.special.saddle_point import log_poisson, stirling_of_count


class HyperGeometric(SummedCounts):
    r"""How many of `n` that are drawn without replacement are among `k` of `N`.

    .. math:: P(x) = \binom{k}{x} \binom{N - k}{n - x} \bigg/ \binom{N}{n}, \quad
              \max(0, n - N + k) \le x \le \min(k, n)

    Parameters
    ----------
    N : int array or Expression, non-negative
        Size of the population.
    k : int array or Expression, from 0 to `N`
        How many of the population count.
    n : int array or Expression, from 0 to `N`
        How many are drawn.

    Raises
    ------
    ParameterError
        Where `k` or `n` is known to be more than `N`.

    Examples
    --------
    >>> import aliquot as aq
    >>> import numpy as np
    >>> round(float(np.exp(aq.HyperGeometric.dist(N=20, k=5, n=4).log_prob(1))), 6)
    0.469556
    """

    constraints = {"N": counts, "k": counts, "n": counts}
    discrete = True

    def __init__(self, N: Any, k: Any, n: Any, *, shape: Any = None) -> None:
        super().__init__({"N": N, "k": k, "n": n}, shape)
        for name in ("k", "n"):
            self._check_part(name)

    @property
    def support(self) -> Constraint:
        N, k, n = self.N, self.k, self.n
        xp = jnp if any(isinstance(size, jax.Array) for size in (N, k, n)) else np
        return IntegerInterval(xp.maximum(n - (N - k), 0), xp.minimum(k, n))

    def _log_prob(self, x: Any) -> Any:
        # Two binomials of the probability n / N over a third: Loader's form of each.
        x, whole, k, n = (jnp.asarray(each) for each in (x, self.N, self.k, self.n))
        others = whole - k
        seen = stirling_of_count(k) + stirling_of_count(others) + stirling_of_count(n)
        total = seen + stirling_of_count(whole - n) - stirling_of_count(whole)
        # How many more of the k are expected: a difference of products, each of 32 digits.
        size = jnp.maximum(jnp.asarray(whole, float), 1.0)
        expected = two_product(jnp.asarray(k, float), jnp.asarray(n, float))
        found = two_product(jnp.asarray(x, float), size)
        gap = ((expected.high - found.high) + (expected.low - found.low)) / size
        for count, more in (
            (x, gap),
            (k - x, -gap),
            (n - x, -gap),
            (others - (n - x), gap),
        ):
            number = jnp.asarray(count, float)
            mean = jnp.maximum(number + more, 0.0)
            total += log_poisson(number, more, number * jnp.log(jnp.where(mean > 0, mean, 1.0)))
        return total

    def _sample(self, key: Any, shape: tuple[int, ...]) -> Any:
        return hypergeometric_draws(key, self.N, self.k, self.n, shape)

    def _mean(self) -> Any:
        return self.n * self._share()

    def _variance(self) -> Any:
        N = jnp.asarray(self.N)
        left = (N - self.n) / jnp.maximum(N - 1, 1)
        return self._mean() * ((N - self.k) / jnp.maximum(N, 1)) * left

    def _share(self) -> Any:
        return self.k / jnp.maximum(jnp.asarray(self.N), 1)

    def _check_part(self, name: str) -> None:
        """Refuse a part of the population that is known to be more than all of it."""
        known: list[Any] = [
            size.value_now() if isinstance(size, Expression) else size
            for size in (self.N, self.parameters[name])
        ]
        if any(size is None for size in known):
            return
        whole, part = np.broadcast_arrays(*known)
        if not np.all(part <= whole):
            index = tuple(np.argwhere(part > whole)[0])
            raise ParameterError(
                f"{self.family}: {name} must be at most N; "
                f"got {name}={part[index]} and N={whole[index]}{at(index)}"
            )
