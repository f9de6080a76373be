"""The oracle: a model's log density by enumerating all joint states of its discrete variables.

Nothing of `aliquot.marginal` is used. Every leaf of the model gets a value, every variable's
`checked_log_prob` is summed, once for each joint state, and NumPy adds the states up.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from math import lgamma
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from scipy.special import logsumexp

import aliquot as aq
from aliquot.distributions.base import Distribution
from aliquot.distributions.constraints import Real
from aliquot.expression import Evaluation, leaves
from aliquot.model.free import exchangeable
from aliquot.model.variables import FreeVariable, MissingValues
from aliquot.precision import float64
from aliquot.transforms import Identity, Ordered, PositiveOrdered
from tests.programs import quick

LARGEST = 100_000


class Brute:
    """Everything that can be known of a small model at one point, by enumeration.

    Parameters
    ----------
    model : aq.Model
    states : mapping from str to (int, int), optional
        Lowest and highest state of discrete variables whose support does not say.

    Attributes
    ----------
    size : int
        Number of unconstrained coordinates of the continuous variables, in the model's order.
    states : numpy.ndarray, shape (joint states, elements)
        The discrete variables' values, element by element, variable after variable.
    """

    def __init__(self, model: aq.Model, states: Mapping[str, tuple[int, int]] | None = None):
        self.model = model
        idle = [leaf for leaf in model.free if is_idle(model, leaf)]
        self.continuous = [
            leaf
            for leaf in model.free
            if not (leaf.distribution.discrete or any(leaf is other for other in idle))
        ]
        discrete = [leaf for leaf in model.free if leaf.distribution.discrete]
        bounds = {leaf.name: _bounds(leaf, (states or {}).get(leaf.name)) for leaf in discrete}
        # Missing values without end say nothing as long as nothing depends on them.
        self.ignored = [leaf for leaf in discrete if bounds[leaf.name] is None] + idle
        self.discrete = [leaf for leaf in discrete if bounds[leaf.name] is not None]
        if any(isinstance(leaf, FreeVariable) for leaf in self.ignored):
            raise ValueError("a free variable with infinitely many states cannot be enumerated")
        self.bounds = {leaf.name: bounds[leaf.name] for leaf in self.discrete}
        self.size = sum(int(np.prod(_flat_shape(leaf), dtype=int)) for leaf in self.continuous)
        self.states = self._joint_states()

    def _joint_states(self) -> np.ndarray:
        lows = np.concatenate([low.ravel() for low, _ in self.bounds.values()] or [[]]).astype(int)
        highs = np.concatenate([high.ravel() for _, high in self.bounds.values()] or [[]])
        counts = tuple(int(count) for count in highs - lows + 1)
        joint = int(np.prod(counts, dtype=object))
        if joint > LARGEST:
            raise ValueError(f"{joint} joint states are too many to enumerate")
        if not counts:
            return np.zeros((1, 0), int)
        return np.stack(np.unravel_index(np.arange(joint), counts), axis=1) + lows

    def _values(self, flat: Any, elements: Any) -> tuple[Evaluation, Any]:
        """Give every leaf its value; return the log-Jacobian of the transforms with them."""
        data = {leaf: jnp.asarray(value) for leaf, value in self._data.items()}
        values = Evaluation(data)
        start = 0
        for leaf in self.discrete:
            values.set(leaf, elements[start : start + leaf.size].reshape(leaf.shape))
            start += leaf.size
        for leaf in self.ignored:
            low = getattr(leaf.distribution.support, "lower", None)
            lowest = low if leaf.distribution.discrete else 1.0 + (low or 0.0)
            values.set(leaf, jnp.asarray(np.full(leaf.shape, lowest or 0), leaf.dtype))
        start, jacobian = 0, jnp.zeros(())
        for leaf in self.continuous:
            shape = _flat_shape(leaf)
            size = int(np.prod(shape, dtype=int))
            transform = values(leaf.transform or Identity())
            unconstrained = flat[start : start + size].reshape(shape)
            values.set(leaf, transform.backward(unconstrained))
            jacobian += jnp.sum(transform.log_det_jacobian(unconstrained))
            start += size
            if isinstance(transform, Ordered | PositiveOrdered) and exchangeable(leaf.distribution):
                vectors = int(np.prod(leaf.shape[:-1], dtype=int))
                jacobian += vectors * lgamma(leaf.shape[-1] + 1)
        return values, jacobian

    @cached_property
    def _data(self) -> dict[Any, np.ndarray]:
        model = self.model
        trees = [v.distribution for v in (*model.free, *model.observed)]
        trees += [v.value for v in model.observed] + list(model.potentials)
        trees += [leaf.transform for leaf in self.continuous if leaf.transform is not None]
        found = leaves(*trees)
        return {leaf: leaf.value_now() for leaf in found if leaf.value_now() is not None}

    def _parts(self, flat: Any, elements: Any) -> tuple[Any, dict[str, Any]]:
        """Compute the log density in parts: one number, and the observed variables' pointwise."""
        values, rest = self._values(flat, elements)
        for variable in self.model.free:
            if isinstance(variable, FreeVariable):
                terms = _log_prob(variable.distribution, values, values(variable))
                rest += jnp.sum(terms)
        for potential in self.model.potentials:
            rest += jnp.sum(values(potential))
        pointwise = {}
        for variable in self.model.observed:
            terms = _log_prob(variable.distribution, values, values(variable.value))
            if variable.missing is not None and self._unaccounted(variable):
                terms = jnp.where(variable.missing, 0.0, terms)
            pointwise[variable.name] = terms
        return rest, pointwise

    def _unaccounted(self, variable: Any) -> bool:
        return variable.latent is None or any(variable.latent is leaf for leaf in self.ignored)

    def _total(self, flat: Any, elements: Any) -> Any:
        rest, pointwise = self._parts(flat, elements)
        return rest + sum(jnp.sum(terms) for terms in pointwise.values()), (rest, pointwise)

    @cached_property
    def _program(self) -> Any:
        each = jax.vmap(jax.grad(self._total, has_aux=True), in_axes=(None, 0))
        return quick(each)

    @cached_property
    def _parts_program(self) -> Any:
        return quick(jax.vmap(self._parts, in_axes=(None, 0)))

    def at(self, flat: Any, *, gradient: bool = True) -> Point:
        """Enumerate at one point, shape (size,); without the gradient less is compiled."""
        flat = np.asarray(flat, float)
        with float64():
            if gradient:
                each, (rest, pointwise) = self._program(flat, self.states)
            else:
                each, (rest, pointwise) = None, self._parts_program(flat, self.states)
            return Point(self, *jax.device_get((rest, pointwise, each)))

    def constrained(self, flat: Any) -> dict[str, np.ndarray]:
        """Map a point to the continuous variables' own scale."""

        def compute(flat: Any) -> Any:
            values, _ = self._values(flat, self.states[0])
            return {leaf.name: values(leaf) for leaf in self.continuous}

        with float64():
            result = quick(compute)(np.asarray(flat, float))
        return {name: np.asarray(value) for name, value in result.items()}

    def split(self, elements: np.ndarray) -> dict[str, np.ndarray]:
        """Cut arrays of elements (..., elements) into the discrete variables, by name."""
        result, start = {}, 0
        for leaf in self.discrete:
            part = elements[..., start : start + leaf.size]
            result[leaf.name] = part.reshape((*elements.shape[:-1], *leaf.shape))
            start += leaf.size
        return result

    def number(self, values: Mapping[str, np.ndarray]) -> np.ndarray:
        """Give the number of the joint state, a row of `states`, of values (..., *shape)."""
        batch = None
        parts, counts = [], []
        for leaf in self.discrete:
            low, high = self.bounds[leaf.name]
            value = np.asarray(values[leaf.name])
            batch = value.shape[: value.ndim - len(leaf.shape)]
            parts.append((value - low).reshape((*batch, leaf.size)))
            counts += list((high - low + 1).ravel())
        numbers = np.moveaxis(np.concatenate(parts, axis=-1), -1, 0)
        return np.asarray(np.ravel_multi_index(tuple(numbers), tuple(counts)))


class Point:
    """What enumeration gives at one point.

    Attributes
    ----------
    log_joint : numpy.ndarray, shape (joint states,)
        The log density of each joint state together with all that is observed.
    """

    def __init__(
        self,
        brute: Brute,
        rest: np.ndarray,
        pointwise: Mapping[str, np.ndarray],
        each: np.ndarray | None,
    ):
        flat = [terms.reshape(len(rest), -1) for terms in pointwise.values()]
        # One column for all that is not observed, and one for each observation.
        self._columns = np.concatenate([rest[:, None], *flat], axis=1)
        self._shapes = {name: terms.shape[1:] for name, terms in pointwise.items()}
        self.brute, self._each = brute, each
        self.log_joint = self._columns.sum(axis=1)
        assert not np.isnan(self.log_joint).any(), "the log density of some joint state is NaN"
        assert not (self.log_joint == np.inf).any(), "that of some joint state is infinite"

    @property
    def log_density(self) -> float:
        """The log of the sum over all joint states."""
        return _log_sum(self.log_joint)

    @property
    def joint(self) -> np.ndarray:
        """The posterior probability of each joint state."""
        total = self.log_density
        possible = np.isfinite(total)
        return np.exp(self.log_joint - total) if possible else np.zeros(len(self.log_joint))

    @property
    def gradient(self) -> np.ndarray:
        """The gradient of `log_density`: the states' gradients, weighted by their probability."""
        if not np.isfinite(self.log_density):
            return np.zeros(self.brute.size)
        assert self._each is not None, "enumerated without the gradient"
        possible = np.isfinite(self.log_joint)
        return np.asarray(self.joint[possible] @ self._each[possible])

    @property
    def probabilities(self) -> dict[str, np.ndarray]:
        """The posterior of each element, by variable: shape (*shape, states)."""
        values = self.brute.split(self.brute.states)
        result = {}
        for name, (low, high) in self.brute.bounds.items():
            count = int((high - low).max()) + 1
            is_state = (values[name] - low)[..., None] == np.arange(count)
            result[name] = np.tensordot(self.joint, is_state, axes=1)
        return result

    @property
    def most_probable(self) -> tuple[dict[str, np.ndarray], float]:
        """A most probable joint state, by variable, and its log density."""
        best = int(np.argmax(self.log_joint))
        return self.brute.split(self.brute.states[best]), float(self.log_joint[best])

    def log_likelihood(self) -> dict[str, np.ndarray]:
        """The log of p(one observation | all others, point), by observed variable."""
        columns = self._columns
        without = [
            _log_sum(np.delete(columns, i, axis=1).sum(axis=1)) for i in range(columns.shape[1])
        ]
        each = self.log_density - np.array(without[1:])
        result, start = {}, 0
        for name, shape in self._shapes.items():
            size = int(np.prod(shape, dtype=int))
            result[name] = each[start : start + size].reshape(shape)
            start += size
        return result

    def without(self, gone: Mapping[str, np.ndarray]) -> tuple[dict[str, np.ndarray], float]:
        """Leave observations out: those that are `gone`, an array of bool for some variables.

        The log of p(one observation | all others that are not gone, point), by observed variable,
        and the log density of the rest.
        """
        columns = self._columns
        out = [gone.get(name, np.zeros(shape, bool)) for name, shape in self._shapes.items()]
        counted = ~np.concatenate([[False], *(np.ravel(each) for each in out)])
        each = np.empty(columns.shape[1])
        for i in range(1, columns.shape[1]):
            others = counted & (np.arange(columns.shape[1]) != i)
            rest = columns[:, others].sum(axis=1)
            each[i] = _log_sum(rest + columns[:, i]) - _log_sum(rest)
        result, start = {}, 1
        for name, shape in self._shapes.items():
            size = int(np.prod(shape, dtype=int))
            result[name] = each[start : start + size].reshape(shape)
            start += size
        return result, _log_sum(columns[:, counted].sum(axis=1))


def is_idle(model: aq.Model, leaf: Any) -> bool:
    """Say whether nothing but their own density needs missing values of a continuous variable."""
    if not isinstance(leaf, MissingValues) or leaf.distribution.discrete:
        return False
    others = [v for v in (*model.free, *model.observed) if getattr(v, "latent", None) is not leaf]
    needed = leaves([v.distribution for v in others], list(model.potentials))
    return not any(leaf is other for other in needed)


def _log_sum(terms: np.ndarray) -> float:
    return float(logsumexp(terms)) if np.isfinite(terms).any() else -np.inf


def _flat_shape(leaf: Any) -> tuple[int, ...]:
    return (leaf.transform or Identity()).unconstrained_shape(leaf.shape)


def _bounds(leaf: Any, given: tuple[int, int] | None) -> tuple[np.ndarray, np.ndarray] | None:
    """Give the lowest and the highest state of each element; None where there is no end."""
    if given is None:
        support = leaf.distribution.support
        if support.lower is None or support.upper is None:
            return None
        found = [support.lower, support.upper]
        values = Evaluation({source: source.value_now() for source in leaves(found)})
        with float64():
            given = values(found)
    shape = leaf.distribution.shape if isinstance(leaf, MissingValues) else leaf.shape
    ends = [np.broadcast_to(np.asarray(end).astype(int), shape) for end in given]
    if isinstance(leaf, MissingValues):
        ends = [end[leaf.index] for end in ends]
    return ends[0], ends[1]


def _log_prob(distribution: Distribution, values: Evaluation, value: Any) -> Any:
    """Compute the log density of each event; -inf where a parameter is out of its range."""
    terms = jnp.broadcast_to(values(distribution).checked_log_prob(value), distribution.batch_shape)
    return jnp.where(_in_range(distribution, values), terms, -jnp.inf)


def _in_range(distribution: Distribution, values: Evaluation) -> Any:
    found = [jnp.asarray(True)]
    for name, parameter in distribution.parameters.items():
        if isinstance(parameter, Distribution):
            found.append(_in_range(parameter, values))
            continue
        constraint = distribution.constraints.get(name)
        if constraint is None or isinstance(constraint, Real):
            continue
        if constraint.constant():
            found.append(jnp.all(constraint.check(jnp.asarray(values(parameter)), jnp)))
    return jnp.all(jnp.stack(found))
