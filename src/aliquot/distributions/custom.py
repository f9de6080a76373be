"""A family of the user's own: a log density, and draws if need be, as functions that JAX traces."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from aliquot.distributions.base import Distribution
from aliquot.distributions.constraints import Constraint
from aliquot.distributions.custom_support import given_support
from aliquot.distributions.parameters import as_parameter, as_shape, full_shape
from aliquot.distributions.traced_function import ResultShapeError, shape_of_result
from aliquot.errors import DTypeError, ModelError, ParameterError, ShapeError
from aliquot.expression import Expression

LOWER, UPPER = "support_lower", "support_upper"


class CustomDist(Distribution):
    r"""A family of your own, from its log density.

    Parameters
    ----------
    *params : array or Expression
        Parameters, handed to `logp` and `random` in this order. Whole numbers stay whole, so that
        they can index.
    logp : callable
        ``logp(value, *params)``: the log density, or log probability, of each value. A function of
        arrays that JAX can trace: written with `jax.numpy`, without ``if`` on values. It gives one
        number for each value (each vector or matrix with `ndim_supp`), and takes values with more
        axes in front. What it uses of the model is among the parameters.
    random : callable, optional
        ``random(*params, rng=None, size=None)``: draws of shape `size`, the axes of one value
        included, with `rng` a JAX key: ``mu + jax.random.normal(rng, size)``. JAX traces it, too,
        since draws are made for all points of a posterior in one program: NumPy's generators
        cannot be used. Without it, nothing can be predicted, all else works.
    support : str, tuple of two, or Constraint, optional
        Possible values: two bounds, both included, either of them ``None`` or an expression; or
        "real" (the default), "positive", "nonnegative", "circular", of vectors "simplex" or
        "ordered". From it follow the transform of a free variable and which data are refused; the
        density is zero elsewhere. A discrete variable that is to be summed out needs two bounds.
    discrete : bool
        Whether values are integers.
    ndim_supp : int
        Number of axes of one value: 1 where `logp` is of vectors, whose length comes from
        `shape`, `dims` or the data.
    ndims_params : sequence of int, optional
        How many of each parameter's last axes belong to one value. By default none where
        `ndim_supp` is 0, so that parameters broadcast with the values, and otherwise all.

    Raises
    ------
    ParameterError
        Where `logp` or `random` does not take the parameters, or gives something else than arrays.
    ShapeError, DTypeError
        Where they give another shape or no real numbers, or where JAX cannot trace them.
    ModelError
        Where they use variables of a model that are not among the parameters.

    Notes
    -----
    That the density integrates to one is not checked. It has to where an evidence is computed,
    observations are missing, or it is a component of a mixture.

    Examples
    --------
    >>> import jax.numpy as jnp
    >>> import aliquot as aq
    >>> def logp(value, mu, b):  # Laplace's
    ...     return -jnp.abs(value - mu) / b - jnp.log(2 * b)
    >>> float(aq.CustomDist.dist(0.0, 0.5, logp=logp).log_prob(1.0))
    -2.0
    """

    bounded_by = "support=(0, 100)"
    no_tails = "only its density is known. Write that of what is cut in logp, with support="
    alike = False  # a user's function may treat the first value otherwise than the second

    def __init__(
        self,
        *params: Any,
        logp: Callable[..., Any],
        random: Callable[..., Any] | None = None,
        support: Any = None,
        discrete: bool = False,
        ndim_supp: int = 0,
        ndims_params: Sequence[int] | None = None,
        shape: Any = None,
    ) -> None:
        self.logp = _function("logp", logp)
        self.random = None if random is None else _function("random", random)
        self.discrete = bool(discrete)  # type: ignore[misc]
        self.event_dims = _axes("ndim_supp", ndim_supp)  # type: ignore[misc]
        names = _names(logp, len(params))
        values = [_parameter(*each) for each in zip(names, params, strict=True)]
        # How many of each parameter's axes belong to one value.
        self.own = _own_axes(ndims_params, values, self.event_dims)
        kind, bounds = given_support(support, self.discrete, self.event_dims)
        self.kind = kind
        self.parameters = dict(zip(names, values, strict=True))
        for name, bound in zip((LOWER, UPPER), bounds, strict=True):
            if bound is not None:
                self.parameters[name] = _parameter(name, bound)
        self.shape = self._full_shape(shape)
        self._check("logp", self.shape[: len(self.shape) - self.event_dims])
        if random is not None:
            self._check("random", self.shape)

    @property
    def support(self) -> Constraint:
        """The set of possible values, with bounds that are parameters."""
        return self.kind.between(self.parameters.get(LOWER), self.parameters.get(UPPER))

    @property
    def arguments(self) -> list[Any]:
        """What `logp` is called with besides the value."""
        return [self.parameters[name] for name in self.parameters if name not in (LOWER, UPPER)]

    @property
    def without_draws(self) -> str | None:
        """Why nothing can be drawn from it, where that is so, and what to do."""
        if self.random is not None:
            return None
        return (
            "its CustomDist has no random=. Give random=f with f(*params, rng=None, size=None), "
            "which draws an array of shape size with the JAX key rng"
        )

    def _log_prob(self, x: Any) -> Any:
        return jnp.asarray(self.logp(x, *map(_as_traced, self.arguments)), np.float64)

    def _sample(self, key: Any, shape: tuple[int, ...]) -> Any:
        if self.random is None:
            raise ModelError(f"nothing can be drawn: {self.without_draws}")
        return jnp.asarray(self.random(*map(_as_traced, self.arguments), rng=key, size=shape))

    def _batch_shape_of(self, name: str, value: Any) -> tuple[int, ...]:
        shape = tuple(np.shape(value))
        own = dict(zip(self.parameters, self.own, strict=False)).get(name, 0)
        return shape[: len(shape) - own]

    def _full_shape(self, shape: Any) -> tuple[int, ...]:
        batches = {name: self._batch_shape_of(name, v) for name, v in self.parameters.items()}
        event: tuple[int, ...] = ()
        if self.event_dims:
            wanted = () if shape is None else as_shape(shape)
            if len(wanted) < self.event_dims:
                raise ShapeError(
                    f"{self.family}: a value has {self.event_dims} axes (ndim_supp), whose lengths "
                    "no parameter says: give shape= or dims="
                )
            event = wanted[len(wanted) - self.event_dims :]
        try:
            return full_shape(self.family, batches, shape, event)
        except ShapeError as error:
            raise ShapeError(
                f"{error}. Where a parameter's last axes belong to one value, as those of a vector "
                "of cutpoints, say how many of each with ndims_params=, such as "
                f"{[np.ndim(value) for value in self.arguments]}"
            ) from None

    def _check(self, what: str, expected: tuple[int, ...]) -> None:
        """Trace a function once, and refuse what is not as the density will need it."""
        known = [None if isinstance(p, Expression) else p for p in self.arguments]
        inputs = [p for p in self.arguments if isinstance(p, Expression)]

        def call(given: Any, *values: Any) -> Any:
            left = iter(values)
            arguments = [next(left) if p is None else _as_traced(p) for p in known]
            if what == "logp":
                return self.logp(given, *arguments)
            return getattr(self, what)(*arguments, rng=given, size=self.shape)

        value = jax.ShapeDtypeStruct(self.shape, self.dtype) if what == "logp" else None
        result = shape_of_result(self.family, what, call, value, inputs)
        given = ", ".join(
            f"{name} {np.shape(value)}" for name, value in self.parameters.items() if value.ndim
        )
        shapes = f"parameters of shapes {given}" if given else "parameters that are numbers"
        if result.shape != expected:
            advice = (
                "a number for each value: leave sums out, or give ndim_supp=1 where a value is a "
                "vector"
                if what == "logp" and not self.event_dims
                else "the axes of one value summed over (axis=-1), others left"
                if what == "logp"
                else "what it is asked for as size="
            )
            raise ResultShapeError(
                f"{self.family}: {what} gives an array of shape {result.shape} for values of shape "
                f"{self.shape} and {shapes}; expected {expected}, {advice}"
            )
        if np.dtype(result.dtype).kind not in ("f" if what == "logp" else "bif"):
            raise DTypeError(
                f"{self.family}: {what} gives numbers of dtype {result.dtype}; expected "
                f"{'floats, such as 0.0 * value for a density of 1' if what == 'logp' else 'real'}"
            )


def _as_traced(value: Any) -> Any:
    """Let a known array be one of JAX's, which others can index."""
    return jnp.asarray(value) if isinstance(value, np.ndarray) and value.ndim else value


def _function(name: str, given: Any) -> Callable[..., Any]:
    if isinstance(given, Expression) or not callable(given):
        call = "logp(value, *params)" if name == "logp" else "random(*params, rng=None, size=None)"
        raise ParameterError(f"CustomDist: {name} must be a function, {call}; got {given!r:.80}")
    function: Callable[..., Any] = given
    return function


def _axes(name: str, number: Any) -> int:
    if isinstance(number, bool) or not isinstance(number, int | np.integer) or number < 0:
        raise ParameterError(f"CustomDist: {name} must be a whole number; got {number!r}")
    return int(number)


def _names(logp: Callable[..., Any], count: int) -> list[str]:
    """Name the parameters as `logp` does, and refuse another number of them."""
    try:
        signature = inspect.signature(logp)
    except (TypeError, ValueError):  # of a function that Python knows nothing of
        return [f"params[{i}]" for i in range(count)]
    try:
        bound = signature.bind(None, *(None,) * count)
    except TypeError as error:
        raise ParameterError(
            f"CustomDist: logp takes {signature}, the value first, but is called with the value "
            f"and {count} parameter{'' if count == 1 else 's'} ({error}): give one for each "
            "argument after the first"
        ) from None
    places = [
        name
        for name in bound.arguments
        if signature.parameters[name].kind is not inspect.Parameter.VAR_POSITIONAL
    ][1:]
    return [*places, *(f"params[{i}]" for i in range(len(places), count))]


def _parameter(name: str, value: Any) -> Any:
    """Read a parameter; whole numbers stay whole."""
    if isinstance(value, Distribution):
        raise DTypeError(
            f"CustomDist: the parameter {name} must be numbers; got a distribution, {value!r:.80}. "
            "Give its parameters, or write it out in logp"
        )
    read = as_parameter("CustomDist", name, value, None)
    if isinstance(read, np.ndarray) and (kind := np.asarray(value).dtype.kind) in "bi":
        return read.astype(np.int64 if kind == "i" else np.bool_)
    return read


def _own_axes(given: Any, values: Sequence[Any], event_dims: int) -> tuple[int, ...]:
    if given is None:
        return tuple(np.ndim(value) if event_dims else 0 for value in values)
    if isinstance(given, int | np.integer | str) or len(given) != len(values):
        raise ParameterError(
            f"CustomDist: ndims_params must give one number for each of the {len(values)} "
            f"parameters; got {given!r}"
        )
    own = tuple(_axes("ndims_params", number) for number in given)
    for number, value in zip(own, values, strict=True):
        if np.ndim(value) < number:
            raise ParameterError(
                f"CustomDist: ndims_params says that a parameter of shape {np.shape(value)} has "
                f"{number} axes of its own"
            )
    return own
