"""One of several categories, ordered or not, and counts of them."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from aliquot.distributions.base import Distribution
from aliquot.distributions.constraints import (
    Constraint,
    CountsVector,
    IntegerInterval,
    counts,
    ordered_vector,
    real,
    real_vector,
    simplex,
)
from aliquot.distributions.count_tails import tails_of_table
from aliquot.distributions.logarithms import log_power
from aliquot.distributions.parameters import as_parameter, exactly_one
from aliquot.distributions.random_numbers import as_count, multinomial_draws, uniform
from aliquot.distributions.state_table import StateTable, table_of_elements
from aliquot.special.saddle_point import (
    excess,
    log_poisson,
    stirling_of_count,
)

SELECT_BY_MASK = 32


class Categories(Distribution):
    """What families of one category out of several share: the moments of the category's number."""

    discrete = True

    def probabilities(self) -> Any:
        """Give the probability of each category, inside a traced function: shape (..., K)."""
        raise NotImplementedError

    def _mean(self) -> Any:
        p = self.probabilities()
        return jnp.sum(p * jnp.arange(p.shape[-1]), axis=-1)

    def _variance(self) -> Any:
        p = self.probabilities()
        k = jnp.arange(p.shape[-1])
        mean = jnp.sum(p * k, axis=-1)
        return jnp.sum(p * (k - mean[..., None]) ** 2, axis=-1)


class Categorical(Categories):
    r"""One of K categories, numbered from 0.

    Parameters
    ----------
    p : array or Expression, shape (..., K)
        Probabilities; they sum to 1 along the last axis, and are not normalised here.
    logit_p : array or Expression, shape (..., K)
        In place of `p`: logarithms of unnormalised probabilities.

    Raises
    ------
    ParameterError
        Where `p` is known and does not sum to 1; the message says what it sums to.

    Examples
    --------
    >>> import aliquot as aq
    >>> round(float(aq.Categorical.dist(p=[0.2, 0.3, 0.5]).log_prob(2)), 6)
    -0.693147
    """

    constraints = {"p": simplex, "logit_p": real_vector}

    def __init__(self, p: Any = None, logit_p: Any = None, *, shape: Any = None) -> None:
        name, value = exactly_one(self.family, p=p, logit_p=logit_p)
        super().__init__({name: value}, shape)

    @property
    def support(self) -> Constraint:
        (table,) = self.parameters.values()
        return IntegerInterval(0, table.shape[-1] - 1)

    def probabilities(self) -> Any:
        return jax.nn.softmax(self.logit_p) if "logit_p" in self.parameters else self.p

    def _log_prob(self, x: Any) -> Any:
        if "logit_p" in self.parameters:
            return entry_at(jax.nn.log_softmax(self.logit_p), x)
        if jnp.ndim(self.p) > 1:
            return log_power(entry_at(self.p, x), 1)
        return entry_at(log_power(self.p, 1), x)

    def state_tables(self) -> list[StateTable]:
        """Give the log of each category's probability, inside a traced function."""
        if "logit_p" in self.parameters:
            return table_of_elements(jax.nn.log_softmax(self.logit_p), self.shape)
        return table_of_elements(log_power(self.p, 1), self.shape)

    def _log_tails(self, x: Any) -> tuple[Any, Any]:
        if "logit_p" in self.parameters:
            table = jax.nn.log_softmax(self.logit_p)
        else:
            table = log_power(self.p, 1)
        return tails_of_table(table, np.arange(table.shape[-1]), x)

    def _sample(self, key: Any, shape: tuple[int, ...]) -> Any:
        # Normalised, since large numbers would swallow the noise.
        logits = self.parameters.get("logit_p")
        logits = jnp.log(self.p) if logits is None else jax.nn.log_softmax(logits)
        return jax.random.categorical(key, logits, shape=shape)

    def start(self) -> Any:
        """Give the most probable category, inside a traced function."""
        return jnp.broadcast_to(jnp.argmax(self.probabilities(), axis=-1), self.shape)


class OrderedLogistic(Categories):
    r"""One of K ordered categories: where a logistic variable falls among the cutpoints.

    With :math:`\sigma` the logistic function and :math:`c_0 = -\infty`, :math:`c_K = \infty`,
    :math:`P(k) = \sigma(c_{k+1} - \eta) - \sigma(c_k - \eta)`, for k from 0.

    Parameters
    ----------
    eta : array or Expression
        Location; the larger, the higher the categories.
    cutpoints : array or Expression, shape (..., K - 1), increasing
        Boundaries between categories.

    Notes
    -----
    The difference is computed as a product,
    :math:`\sigma(b) - \sigma(a) = \sigma(b)\, \sigma(-a)\, (1 - e^{a - b})`, which loses no
    digits in the tails.

    Examples
    --------
    >>> import aliquot as aq
    >>> round(float(aq.OrderedLogistic.dist(eta=0, cutpoints=[-1, 1]).log_prob(1)), 6)
    -0.771937
    """

    constraints = {"eta": real, "cutpoints": ordered_vector}

    def __init__(self, eta: Any, cutpoints: Any, *, shape: Any = None) -> None:
        super().__init__({"eta": eta, "cutpoints": cutpoints}, shape)

    @property
    def support(self) -> Constraint:
        return IntegerInterval(0, self.cutpoints.shape[-1])

    def probabilities(self) -> Any:
        k = jnp.arange(self.cutpoints.shape[-1] + 1)
        each = OrderedLogistic._unflatten(
            (("eta", "cutpoints"), ()),
            (jnp.asarray(self.eta)[..., None], jnp.asarray(self.cutpoints)[..., None, :]),
        )
        return jnp.exp(each._log_prob(k))

    def _log_prob(self, x: Any) -> Any:
        cuts = jnp.asarray(self.cutpoints)
        last = cuts.shape[-1]
        # Beyond the ends any cutpoint does: its term is masked.
        lower = entry_at(cuts, jnp.maximum(x - 1, 0))
        upper = entry_at(cuts, jnp.minimum(x, last - 1))
        inner = (x > 0) & (x < last)
        width = jnp.where(inner, upper - lower, 1.0)
        return (
            jnp.where(x < last, jax.nn.log_sigmoid(upper - self.eta), 0.0)
            + jnp.where(x > 0, jax.nn.log_sigmoid(self.eta - lower), 0.0)
            + jnp.where(inner, jnp.log(-jnp.expm1(-width)), 0.0)
        )

    def _log_tails(self, x: Any) -> tuple[Any, Any]:
        cut = entry_at(self.cutpoints, x) - self.eta
        return jax.nn.log_sigmoid(cut), jax.nn.log_sigmoid(-cut)

    def _sample(self, key: Any, shape: tuple[int, ...]) -> Any:
        u, rest = uniform(key, shape)
        latent = (jnp.log(u) - jnp.log(rest))[..., None]
        # Not their sum with eta: digits would go where eta is large.
        return jnp.sum(latent > self.cutpoints - jnp.asarray(self.eta)[..., None], axis=-1)


class Multinomial(Distribution):
    r"""Counts of K categories in `n` independent trials.

    Parameters
    ----------
    n : int array or Expression, non-negative
        Number of trials.
    p : array or Expression, shape (..., K)
        Probabilities; they sum to 1 along the last axis, and are not normalised here.
    shape : int or tuple of int, optional
        Ends in K.

    Raises
    ------
    ParameterError
        Where `p` is known and does not sum to 1; the message says what it sums to.

    Examples
    --------
    >>> import aliquot as aq
    >>> aq.Multinomial.dist(n=10, p=[0.2, 0.3, 0.5]).mean()
    array([2., 3., 5.])
    """

    constraints = {"n": counts, "p": simplex}
    discrete = True
    event_dims = 1

    def __init__(self, n: Any, p: Any, *, shape: Any = None) -> None:
        p = as_parameter(self.family, "p", p, None)
        super().__init__({"n": n, "p": p}, shape, event_shape=p.shape[-1:])

    @property
    def support(self) -> Constraint:
        return CountsVector(self.n)

    def _log_prob(self, x: Any) -> Any:
        p, n, x = jnp.asarray(self.p), jnp.asarray(self.n, float)[..., None], jnp.asarray(x, float)
        log_n = jnp.log(jnp.where(n > 0, n, 1.0))
        each = log_poisson(x, n * p - x, log_power(p, x) + x * log_n)
        return stirling_of_count(n[..., 0]) + jnp.sum(each, axis=-1) + n[..., 0] * excess(p)

    def _sample(self, key: Any, shape: tuple[int, ...]) -> Any:
        return multinomial_draws(key, self.n, self.p, shape)

    def start(self) -> Any:
        """Give counts next to their means, inside a traced function."""
        return jnp.broadcast_to(counts_near(self._mean(), self.n), self.shape)

    def _mean(self) -> Any:
        return jnp.asarray(self.n)[..., None] * self.p

    def _variance(self) -> Any:
        return self._mean() * (1 - self.p)


def counts_near(mean: Any, n: Any) -> Any:
    """Round down means of counts, (..., K), and give what they then lack to `n` to the largest."""
    down = as_count(mean)
    rest = jnp.asarray(n) - jnp.sum(down, axis=-1)
    largest = jnp.arange(down.shape[-1]) == jnp.argmax(down, axis=-1)[..., None]
    return down + jnp.where(largest, rest[..., None], 0)


@jax.jit
def entry_at(table: Any, index: Any) -> Any:
    """Pick one entry of the last axis, of length K, for each index, batch axes broadcast.

    Short rows are read by a mask and not by a gather, because the gradient of a gather is a
    scatter, which keeps XLA from compiling a sampler's loop into one function on CPU. It stands by
    its name in a trace, so that what is known of a table is known of its entries.
    """
    table = jnp.asarray(table)
    size = table.shape[-1]
    index = jnp.asarray(index).astype(int)
    if size <= SELECT_BY_MASK:
        return jnp.sum(jnp.where(index[..., None] == jnp.arange(size), table, 0.0), axis=-1)
    if table.ndim == 1:
        return table[index]
    batch = jnp.broadcast_shapes(table.shape[:-1], index.shape)
    rows = jnp.broadcast_to(table, (*batch, size))
    return jnp.take_along_axis(rows, jnp.broadcast_to(index, batch)[..., None], axis=-1)[..., 0]
