"""What every family of distributions shares: parameters, shapes, checks and public methods.

A distribution is a JAX pytree whose leaves are its parameters. In a model these are expressions;
inside a traced function they are arrays. So the private methods (`_log_prob`, `_sample`, ...) are
pure functions that read ``self.mu`` and the like, and they can be jitted and vmapped.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self

import jax
import jax.numpy as jnp
import numpy as np

from aliquot.arguments import as_seed
from aliquot.compilation import lazily
from aliquot.distributions.constraints import Constraint
from aliquot.distributions.interval_mass import log_between
from aliquot.distributions.log_prob import LogProb
from aliquot.distributions.missing_entries import whole_events
from aliquot.distributions.parameters import (
    as_parameter,
    as_sample_shape,
    full_shape,
    keep_in_range,
    traced_in_range,
    vector_in_doubt,
)
from aliquot.distributions.random_numbers import LARGEST, as_count
from aliquot.distributions.state_table import StateTable
from aliquot.errors import ModelError, ParameterError, ShapeError
from aliquot.expression import Expression, apply, expressions
from aliquot.hints.arguments import DRAW
from aliquot.hints.explain import MissingError, explained, public
from aliquot.hints.names import DISTRIBUTION
from aliquot.precision import float64
from aliquot.primitives.internals import is_traced


class Distribution:
    """A family with its parameters filled in.

    Subclasses set the class attributes, call ``super().__init__`` with their parameters, and
    write `support`, `_log_prob`, `_sample` and, where they exist, `_mean` and `_variance`.

    A parameter is a number, an array, an `Expression` or a `Distribution`. It is checked against
    `constraints` where it is known. `shape` is that of one draw, batch axes before event axes; by
    default it is the parameters' own. `event_shape` is given by families whose events are vectors
    or matrices.
    """

    constraints: ClassVar[Mapping[str, Constraint]] = {}
    discrete: ClassVar[bool] = False
    event_dims: ClassVar[int] = 0
    # The parameter that is a typical value, of a family whose mean may not exist or be far out.
    typical: ClassVar[str | None] = None
    # How a count without an end is given one, so that it can be summed out.
    bounded_by: ClassVar[str] = "upper=100"
    # Whether events differ by their parameters alone, and not by where they stand.
    alike: ClassVar[bool] = True
    # Whether single entries of an event can be integrated out while others are seen.
    entrywise: ClassVar[bool] = False
    # Of a family without a distribution function: why, and what to use where one is needed.
    no_tails: ClassVar[str] = ""

    shape: tuple[int, ...]
    parameters: dict[str, Any]

    def __init__(
        self,
        parameters: Mapping[str, Any],
        shape: Any = None,
        event_shape: tuple[int, ...] = (),
    ) -> None:
        self.parameters = {
            name: as_parameter(self.family, name, value, self.constraints.get(name))
            for name, value in parameters.items()
        }
        batches = {
            name: self._batch_shape_of(name, value) for name, value in self.parameters.items()
        }
        self.shape = full_shape(self.family, batches, shape, event_shape)

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        jax.tree_util.register_pytree_node(cls, cls._flatten, cls._unflatten)

    def __getattr__(self, name: str) -> Any:
        parameters = self.__dict__.get("parameters", {})
        if name in parameters:
            return parameters[name]
        if name.startswith("_"):
            raise AttributeError(f"{type(self).__name__} has no attribute {name!r}")
        raise MissingError(
            type(self).__name__, name, DISTRIBUTION, lambda: [*public(self), *parameters], "dist."
        )

    @property
    def family(self) -> str:
        """The family's name."""
        return type(self).__name__

    @property
    def support(self) -> Constraint:
        """The set of possible values."""
        raise NotImplementedError

    @property
    def event_shape(self) -> tuple[int, ...]:
        """Shape of one event: the last axes of `shape`."""
        return self.shape[len(self.shape) - self.event_dims :]

    @property
    def batch_shape(self) -> tuple[int, ...]:
        """Shape of independent events: the first axes of `shape`."""
        return self.shape[: len(self.shape) - self.event_dims]

    @property
    def dtype(self) -> np.dtype[Any]:
        """Dtype of a draw."""
        return np.dtype(np.int64 if self.discrete else np.float64)

    def log_prob(self, value: Any) -> Any:
        """Compute the log density (or log probability) of a value.

        Parameters
        ----------
        value : array or Expression, shape (..., *shape)
            Batch axes broadcast.

        Returns
        -------
        Expression, or numpy.ndarray where nothing in it depends on a model
            One number for each event; ``-inf`` off the support, and where a vector or matrix among
            the parameters is computed and outside of its set.

        Raises
        ------
        ShapeError
            Where the shapes of value and distribution do not fit together.

        Examples
        --------
        >>> import aliquot as aq
        >>> round(float(aq.Normal.dist(0, 1).log_prob(0.0)), 6)
        -0.918939
        """
        if any(map(is_traced, jax.tree.leaves((self, value)))):  # in a function of the user's
            self._check_value_shape(np.shape(value))
            return jnp.where(traced_in_range(self), self.checked_log_prob(value), -jnp.inf)
        if not isinstance(value, Expression):
            value = np.asarray(value)
        self._check_value_shape(np.shape(value))
        text = f"log_prob({self.family}, {getattr(value, 'text', 'value')})"

        def compute(dist: Distribution, x: Any) -> Any:
            valid = keep_in_range(self, dist, vector_in_doubt, lambda *_: True)
            log_prob = dist.checked_log_prob(x)
            return log_prob if valid is None else jnp.where(valid, log_prob, -jnp.inf)

        result = apply(compute, self, value, text=text)
        return LogProb(result, self) if isinstance(result, Expression) else result

    def checked_log_prob(self, x: Any) -> Any:
        """Compute the log density of arrays inside a traced function, ``-inf`` off the support.

        The family's formula only ever sees points inside the support, so that neither its value
        nor its gradient can put a NaN where a ``-inf`` belongs.
        """
        x = jnp.asarray(x)
        support = self.support
        inside = support.check(x, jnp)
        wide = inside[(...,) + (None,) * support.event_dims] if support.event_dims else inside
        safe = jnp.where(wide, x, support.feasible(x, jnp).astype(x.dtype))
        return jnp.where(inside, self._log_prob(safe), -jnp.inf)

    def seen_log_prob(self, x: Any, missing: np.ndarray, checked: bool = True) -> Any:
        """Compute the log density of what was seen, inside a traced function: one number an event.

        What is missing, where `x` holds any number inside the support, is integrated out: an event
        that is missing altogether gives 0. What was seen may be off the support where it is
        `checked`. Families of which single entries of an event can be missing (`entrywise`)
        override this.
        """
        log_prob = (self.checked_log_prob if checked else self._log_prob)(x)
        return jnp.where(whole_events(missing, self.event_dims), 0.0, log_prob)

    def draw_missing(self, key: Any, x: Any, missing: np.ndarray) -> Any:
        """Draw the missing entries given those that were seen, inside a traced function."""
        return jnp.where(missing, self.draw(key, missing.shape), x)

    def kept(self, missing: np.ndarray) -> np.ndarray:
        """Say which missing entries have to be known for the others to be integrated out."""
        return np.zeros_like(missing)

    @property
    def without_draws(self) -> str | None:
        """Why nothing can be drawn from it, where that is so, and what to do."""
        inner = (p for p in self.parameters.values() if isinstance(p, Distribution))
        return next((why for p in inner if (why := p.without_draws) is not None), None)

    def improper(self, missing: np.ndarray) -> bool:
        """Say whether some missing entries have an infinite integral."""
        return any(
            isinstance(parameter, Distribution) and parameter.improper(missing)
            for parameter in self.parameters.values()
        )

    @explained(DRAW)
    def sample(self, sample_shape: Any = (), *, random_seed: Any = None) -> np.ndarray:
        """Draw from the distribution; its parameters must be numbers.

        Parameters
        ----------
        sample_shape : int or tuple of int
            Shape of independent draws, before the distribution's own shape.
        random_seed : int, sequence of int, numpy.random.Generator or None

        Returns
        -------
        numpy.ndarray, shape (*sample_shape, *shape)

        Raises
        ------
        ShapeError
            For a sample shape that is none.
        ModelError
            Where a parameter is an expression of a model.

        Examples
        --------
        >>> import aliquot as aq
        >>> aq.Normal.dist(0, 1, shape=2).sample(3, random_seed=1).shape
        (3, 2)
        """
        size = as_sample_shape(self.family, sample_shape)
        if found := expressions(self):
            raise ModelError(
                f"{self.family}.sample: the parameter {found[0].text} has no numbers yet, so "
                "nothing can be drawn. Name the variable in a model and use "
                "aq.sample_prior_predictive"
            )
        seed = as_seed(random_seed)
        with float64():
            draw = lazily(lambda dist, key: dist.draw(key, size + self.shape))
            return np.asarray(draw(self, jax.random.key(seed)))

    def draw(self, key: Any, shape: tuple[int, ...]) -> Any:
        """Draw inside a traced function; `shape` is that of the result, event axes included.

        What a double cannot hold becomes the largest number that it can: a draw is in the support.
        """
        draws = self._sample(key, shape)
        if not self.discrete:
            draws = jnp.clip(draws, -LARGEST, LARGEST)
        return draws.astype(self.dtype)

    def mean(self) -> Any:
        """Compute the mean, of the distribution's shape; NaN where it does not exist."""
        return self._moment("_mean")

    def variance(self) -> Any:
        """Compute the variance (of each element), of the distribution's shape."""
        return self._moment("_variance")

    def start(self) -> Any:
        """Give a typical value inside the support, inside a traced function: the mean if it is.

        Families without a mean, or with a better choice, name a parameter (`typical`) or override
        this.
        """
        if self.typical is not None:
            return jnp.broadcast_to(self.parameters[self.typical], self.shape)
        zeros = jnp.zeros(self.shape, self.dtype)
        middle = self.support.feasible(zeros, jnp)
        try:
            mean = jnp.broadcast_to(self._mean(), self.shape)
        except NotImplementedError:
            return middle
        if self.discrete:
            mean = jnp.round(mean)
        good = self.support.check(mean, jnp)
        good = good[(...,) + (None,) * self.support.event_dims] if self.support.event_dims else good
        return jnp.where(good, as_count(mean) if self.discrete else mean, middle)

    def start_of_chain(self, turn: Any) -> Any:
        """Give the typical value at which a chain starts that has `turn` others before it.

        Families with several modes override this: chains that start in different modes show by
        their disagreement that they do not get from one to another. The turn is traced, and below 0
        for the one start value that all chains would share.
        """
        del turn
        return self.start()

    def state_tables(self) -> list[StateTable] | None:
        """Give the log probabilities of all states at once, inside a traced function.

        The tables add up to the log probability. A family that has none gives ``None``: its log
        probability has to be evaluated at each state.
        """
        return None

    def _log_prob(self, x: Any) -> Any:
        """Compute the log density at points of the support: arrays in, one number an event out."""
        raise NotImplementedError

    def _log_tails(self, x: Any) -> tuple[Any, Any]:
        """Compute the logs of P(X <= x) and of P(X > x) at points of the support but its last."""
        raise NotImplementedError

    def _log_between(self, low: Any, high: Any, first: Any, last: Any) -> Any:
        """Compute the log of P(low < X <= high), given `_log_tails` of both points."""
        return log_between(self, low, high, first, last)

    def with_tails(self) -> Distribution:
        """Give itself, ready for `_log_tails`, or raise a `ParameterError` that says `no_tails`."""
        if self.event_dims:
            raise ParameterError("its values are vectors, which have no order")
        if type(self)._log_tails is Distribution._log_tails:
            raise ParameterError(self.no_tails or "its distribution function is not known here")
        return self

    @property
    def point_masses(self) -> list[Any]:
        """Values that have a probability of their own, of a variable that is else continuous."""
        return []

    def _sample(self, key: Any, shape: tuple[int, ...]) -> Any:
        """Draw an array of the given shape, event axes included."""
        raise NotImplementedError

    def _mean(self) -> Any:
        raise NotImplementedError(f"{self.family} has no closed-form mean")

    def _variance(self) -> Any:
        raise NotImplementedError(f"{self.family} has no closed-form variance")

    def _moment(self, method: str) -> Any:
        shape = self.shape
        return apply(
            lambda dist: jnp.broadcast_to(getattr(dist, method)(), shape),
            self,
            text=f"{method[1:]}({self.family})",
        )

    def _batch_shape_of(self, name: str, value: Any) -> tuple[int, ...]:
        """Give the part of a parameter's shape that is batch: all but its own event axes."""
        if isinstance(value, Distribution):
            return value.batch_shape
        constraint = self.constraints.get(name)
        own = 0 if constraint is None else constraint.event_dims
        shape = tuple(np.shape(value))
        if len(shape) < own:
            what = {1: "a vector", 2: "a matrix"}[own]
            raise ParameterError(
                f"{self.family}: {name} must be {what} along its last axes; it has shape {shape}"
            )
        return shape[: len(shape) - own]

    def _check_value_shape(self, shape: tuple[int, ...]) -> None:
        event = self.event_shape
        given = shape[len(shape) - self.event_dims :] if self.event_dims else ()
        try:
            np.broadcast_shapes(shape, self.shape)
            fits = given == event
        except ValueError:
            fits = False
        if not fits:
            raise ShapeError(
                f"{self.family}: a value of shape {shape} does not fit a distribution of shape "
                f"{self.shape}"
            )

    def _flatten(self) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
        statics = {k: v for k, v in self.__dict__.items() if k != "parameters"}
        return tuple(self.parameters.values()), (
            tuple(self.parameters),
            tuple(sorted(statics.items())),
        )

    @classmethod
    def _unflatten(cls, aux: tuple[Any, ...], children: tuple[Any, ...]) -> Self:
        names, statics = aux
        new = object.__new__(cls)
        new.__dict__.update(statics)
        new.__dict__["parameters"] = dict(zip(names, children, strict=True))
        return new

    def __repr__(self) -> str:
        from aliquot.expression.text import label

        inside = ", ".join(
            f"{name}={value!r}" if isinstance(value, Distribution) else f"{name}={label(value)}"
            for name, value in self.parameters.items()
        )
        return f"{self.family}({inside})"
