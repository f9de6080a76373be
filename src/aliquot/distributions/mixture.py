"""Mixtures of any distributions, their component summed out."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from aliquot.distributions.base import Distribution
from aliquot.distributions.constraints import Constraint, simplex
from aliquot.distributions.interval_mass import log_mass, log_tails
from aliquot.distributions.logarithms import (
    FEW_TERMS,
    log_sum_of_terms,
    log_weighted_sum,
)
from aliquot.distributions.missing_entries import partial_events, whole_events
from aliquot.distributions.parameters import as_parameter
from aliquot.distributions.unions import along_last_axis, same_bound, union
from aliquot.errors import ParameterError, ShapeError


class Mixture(Distribution):
    r"""One of K components, with probabilities `w`: density :math:`\sum_k w_k f_k(x)`.

    Parameters
    ----------
    w : array or Expression, shape (..., K)
        Weights: non-negative, and sum to 1 along the last axis. Zero is allowed.
    comp_dists : sequence of Distribution, or Distribution
        Made with ``.dist(...)``. Either K distributions, of different families if need be, or one
        whose last batch axis, of length K, is the component. All continuous or all discrete, with
        events of one shape.

    Raises
    ------
    ParameterError
        Where a component is not a distribution, continuous and discrete ones are mixed, or
        weights that are known do not sum to 1.
    ShapeError
        Where the weights and components are not equally many, or the components' events differ
        in shape.

    Examples
    --------
    >>> import aliquot as aq
    >>> normal, wide = aq.Normal.dist(0, 1), aq.Cauchy.dist(0, 5)
    >>> round(float(aq.Mixture.dist(w=[0.9, 0.1], comp_dists=[normal, wide]).log_prob(0.0)), 6)
    -1.006724
    >>> three = aq.Mixture.dist(w=[0.2, 0.3, 0.5], comp_dists=aq.Poisson.dist([1, 5, 20]))
    >>> round(float(three.mean()), 6)
    11.7
    """

    constraints = {"w": simplex}

    def __init__(
        self, w: Any, comp_dists: Sequence[Distribution] | Distribution, *, shape: Any = None
    ) -> None:
        self.batched = isinstance(comp_dists, Distribution)
        components = checked_components(self.family, comp_dists)
        first = components[0]
        self.discrete = first.discrete  # type: ignore[misc]
        self.event_dims = first.event_dims  # type: ignore[misc]
        self.size = first.batch_shape[-1] if self.batched else len(components)
        w = as_parameter(self.family, "w", w, None)
        check_weights(self.family, w.shape, self.size)
        names = ["comp_dists"] if self.batched else [f"comp_dists[{k}]" for k in range(self.size)]
        super().__init__(
            {"w": w, **dict(zip(names, components, strict=True))},
            shape,
            event_shape=first.event_shape,
        )

    @property
    def components(self) -> list[Distribution]:
        """The component distributions: a list of one, where it is batched."""
        return [value for name, value in self.parameters.items() if name != "w"]

    @property
    def support(self) -> Constraint:
        if self.batched:
            return union(along_last_axis(self.components[0].support, self.size))
        return union([component.support for component in self.components])

    def component_log_prob(self, x: Any) -> Any:
        """Compute the log density under each component, shape (..., K), inside a traced function.

        ``-inf`` where a component cannot give the value. Weights are not included.
        """
        x = jnp.asarray(x)
        if self.batched:
            wide = jnp.expand_dims(x, x.ndim - self.event_dims)
            each = self.components[0].checked_log_prob(wide)
            return jnp.broadcast_to(each, (*each.shape[:-1], self.size))
        terms = [component.checked_log_prob(x) for component in self.components]
        return jnp.stack(jnp.broadcast_arrays(*terms), axis=-1)

    def checked_log_prob(self, x: Any) -> Any:
        """Compute the log density inside a traced function, ``-inf`` off the support.

        Each component looks after its own support, so that none is asked for the union.
        """
        return self._log_prob(x)

    @property
    def entrywise(self) -> bool:  # type: ignore[override]
        """Whether single entries of an event can be integrated out: where each component's can."""
        return all(component.entrywise for component in self.components)

    def seen_log_prob(self, x: Any, missing: np.ndarray, checked: bool = True) -> Any:
        """Compute the log density of what was seen: a mixture of that of each component."""
        if not partial_events(missing, self.event_dims).any():
            return super().seen_log_prob(x, missing, checked)
        terms = log_weighted_sum(self.seen_component_log_prob(x, missing), self.w)
        return jnp.where(whole_events(missing, self.event_dims), 0.0, terms)

    def draw_missing(self, key: Any, x: Any, missing: np.ndarray) -> Any:
        """Draw the missing entries given those that were seen: the component first."""
        if not partial_events(missing, self.event_dims).any():
            return super().draw_missing(key, x, missing)
        which, *keys = jax.random.split(key, 1 + len(self.components))
        axis = missing.ndim - self.event_dims
        scores = jnp.log(self.w) + self.seen_component_log_prob(x, missing)
        index = jax.random.categorical(which, scores)
        if self.batched:
            wide, gaps = self._wide(x, missing)
            each = self.components[0].draw_missing(keys[0], wide, gaps)
        else:
            parts = zip(self.components, keys, strict=True)
            each = jnp.stack([c.draw_missing(k, x, missing) for c, k in parts], axis=axis)
        index = index.reshape((*index.shape, *(1,) * (1 + self.event_dims)))
        return jnp.squeeze(jnp.take_along_axis(each, index, axis=axis), axis=axis)

    def kept(self, missing: np.ndarray) -> np.ndarray:
        """Say which missing entries some component needs for the others to be integrated out."""
        return np.logical_or.reduce([c.kept(missing) for c in self.components])

    def seen_component_log_prob(self, x: Any, missing: np.ndarray) -> Any:
        """Compute the log density of what was seen under each component, shape (..., K).

        Zero for an event that is missing altogether. Arguments as for `seen_log_prob`.
        """
        if self.batched:
            wide, gaps = self._wide(x, missing)
            return self.components[0].seen_log_prob(wide, gaps)
        terms = [component.seen_log_prob(x, missing) for component in self.components]
        return jnp.stack(jnp.broadcast_arrays(*terms), axis=-1)

    def _wide(self, x: Any, missing: np.ndarray) -> tuple[Any, np.ndarray]:
        """Repeat values and what is missing of them along the axis of components."""
        axis = missing.ndim - self.event_dims
        shape = (*missing.shape[:axis], self.size, *missing.shape[axis:])
        wide = jnp.broadcast_to(jnp.expand_dims(x, axis), shape)
        return wide, np.broadcast_to(np.expand_dims(missing, axis), shape)

    def _log_prob(self, x: Any) -> Any:
        if self.batched or self.size > FEW_TERMS:
            return log_weighted_sum(self.component_log_prob(x), self.w)
        terms = [component.checked_log_prob(x) for component in self.components]
        w = jnp.asarray(self.w)
        return log_sum_of_terms(terms, [w[..., k] for k in range(self.size)])

    def _log_tails(self, x: Any) -> tuple[Any, Any]:
        pairs = self._tails_of_each(lambda component, x: log_tails(component, x), x)
        return tuple(log_weighted_sum(each, self.w) for each in pairs)

    def _log_between(self, low: Any, high: Any, first: Any, last: Any) -> Any:
        (each,) = self._tails_of_each(lambda *args: (log_mass(*args),), low, high)
        return log_weighted_sum(each, self.w)

    def _tails_of_each(self, function: Any, *points: Any) -> list[Any]:
        """Compute logs of probabilities of each component, of shape (..., K)."""
        if self.batched:
            found = function(self.components[0], *(jnp.asarray(x)[..., None] for x in points))
            return [jnp.broadcast_to(x, (*jnp.shape(x)[:-1], self.size)) for x in found]
        each = [function(component, *points) for component in self.components]
        return [
            jnp.stack(jnp.broadcast_arrays(*parts), axis=-1) for parts in zip(*each, strict=True)
        ]

    def with_tails(self) -> Distribution:
        """Give itself with its components prepared, or say which of them has no tails."""
        super().with_tails()
        prepared, parameters = copy(self), dict(self.parameters)
        for name, component in parameters.items():
            if isinstance(component, Distribution):
                try:
                    parameters[name] = component.with_tails()
                except ParameterError as error:
                    raise ParameterError(f"of {name}, {component.family}: {error}") from None
        prepared.parameters = parameters
        return prepared

    @property
    def point_masses(self) -> list[Any]:
        return self.components[0].point_masses

    def _sample(self, key: Any, shape: tuple[int, ...]) -> Any:
        batch, event = shape[: len(shape) - self.event_dims], shape[len(shape) - self.event_dims :]
        which, *keys = jax.random.split(key, 1 + len(self.components))
        index = jax.random.categorical(which, jnp.log(self.w), shape=batch)
        if self.batched:
            each = self.components[0].draw(keys[0], (*batch, self.size, *event))
        else:
            draws = [c.draw(k, shape) for c, k in zip(self.components, keys, strict=True)]
            each = jnp.stack(draws, axis=len(batch))
        index = index.reshape((*batch, 1, *(1,) * len(event)))
        return jnp.squeeze(jnp.take_along_axis(each, index, axis=len(batch)), axis=len(batch))

    def start_of_chain(self, turn: Any) -> Any:
        """Give a typical value of one component, another for each chain and element."""
        return one_in_turn(turn, self._of_each("start"), self.w, self.start(), self.event_dims)

    def _mean(self) -> Any:
        return jnp.sum(self._weighted(self._of_each("_mean")), axis=self._axis)

    def _variance(self) -> Any:
        deviation = self._of_each("_mean") - jnp.expand_dims(self._mean(), self._axis)
        # Not its square first, which a small weight might bring back into range.
        each = self._weighted(self._of_each("_variance")) + self._weighted(deviation) * deviation
        return jnp.sum(jnp.where(self._weights() > 0, each, 0.0), axis=self._axis)

    @property
    def _axis(self) -> int:
        """The component's axis, before the event's axes."""
        return -1 - self.event_dims

    def _weights(self) -> Any:
        w = jnp.asarray(self.w)
        return w.reshape(w.shape + (1,) * self.event_dims)

    def _weighted(self, each: Any) -> Any:
        """Multiply by the weights; what weighs nothing counts for nothing, infinite or not."""
        w = self._weights()
        return jnp.where(w > 0, w * each, 0.0)

    def _of_each(self, method: str) -> Any:
        """Compute a moment or the start of each component, of shape (..., K, *event_shape)."""
        if self.batched:
            component = self.components[0]
            return jnp.broadcast_to(getattr(component, method)(), component.shape)
        each = [jnp.broadcast_to(getattr(c, method)(), self.shape) for c in self.components]
        return jnp.stack(each, axis=self._axis)

    def _batch_shape_of(self, name: str, value: Any) -> tuple[int, ...]:
        batch = super()._batch_shape_of(name, value)
        return batch[:-1] if name == "comp_dists" else batch


def checked_components(family: str, comp_dists: Any) -> list[Distribution]:
    """Read the components of a mixture, or say what keeps them from being mixed."""
    batched = isinstance(comp_dists, Distribution)
    if not batched and not isinstance(comp_dists, list | tuple):
        raise ParameterError(
            f"{family}: comp_dists must be a list of distributions, or one with a batch axis, made "
            f"with Normal.dist(...) or the like; got {comp_dists!r}"
        )
    components = [comp_dists] if batched else list(comp_dists)
    if not components:
        raise ParameterError(f"{family}: comp_dists is empty: give at least one distribution")
    for k, component in enumerate(components):
        if not isinstance(component, Distribution):
            raise ParameterError(
                f"{family}: comp_dists[{k}] must be a distribution, made with Normal.dist(...) or "
                f"the like and not registered in the model; got {component!r}"
            )
    if batched and not comp_dists.batch_shape:
        raise ShapeError(
            f"{family}: comp_dists is one {comp_dists.family} without a batch axis: its last batch "
            "axis must be the component, or give a list of distributions"
        )
    if len({component.discrete for component in components}) > 1:
        kinds = ", ".join(
            f"{c.family} ({'discrete' if c.discrete else 'continuous'})" for c in components
        )
        raise ParameterError(
            f"{family}: components must be all continuous or all discrete; got {kinds}"
        )
    check_point_masses(family, components)
    if len({component.event_shape for component in components}) > 1:
        shapes = ", ".join(f"{c.family} {c.event_shape}" for c in components)
        raise ShapeError(
            f"{family}: components must have events of one shape; their event shapes are {shapes}"
        )
    return components


def check_point_masses(family: str, components: Sequence[Distribution]) -> None:
    """Refuse components of which only some have a probability of their own at a value.

    What others say of that value is a density, and the two cannot be added.
    """
    first = components[0].point_masses
    for k, component in enumerate(components[1:], start=1):
        other = component.point_masses
        pairs = zip(first, other, strict=False)
        if len(first) != len(other) or not all(same_bound(a, b) for a, b in pairs):
            raise ParameterError(
                f"{family}: comp_dists[0], {components[0]!r:.60}, and comp_dists[{k}], "
                f"{component!r:.60}, do not have the same values that are probable by themselves "
                "(bounds of aq.Censored, the zero of a hurdle family). Give all components the "
                "same ones, or mix first and censor the mixture: "
                "aq.Censored.dist(aq.Mixture.dist(...), ...)"
            )


LEAST_WEIGHT = 0.01  # chains do not start in components that weigh less


def one_in_turn(turn: Any, each: Any, w: Any, typical: Any, event_dims: int = 0) -> Any:
    """Choose one component's value for each element, the next component for the next chain.

    Of values (..., K, *event) of each component. The typical value is taken where the turn is
    below 0, and in place of a component of little weight.
    """
    typical, w = jnp.asarray(typical), jnp.asarray(w)
    split = typical.ndim - event_dims
    batch, event = typical.shape[:split], typical.shape[split:]
    size = w.shape[-1]
    which = (turn + np.arange(np.prod(batch, dtype=int)).reshape(batch)) % size
    chosen = (which[..., None] == np.arange(size)) & (turn >= 0)
    chosen = (chosen & (w >= LEAST_WEIGHT)).reshape(*batch, size, *(1,) * event_dims)
    each = jnp.broadcast_to(each, (*batch, size, *event))
    picked = jnp.sum(jnp.where(chosen, each, 0.0), axis=split)
    return jnp.where(jnp.any(chosen, axis=split), picked, typical)


def check_weights(family: str, shape: tuple[int, ...], size: int) -> None:
    """Refuse weights of which there is not one for each component."""
    if shape[-1:] != (size,):
        raise ShapeError(
            f"{family}: w has shape {shape}, but there are {size} components: "
            f"the last axis of w must have length {size}"
        )


def component_count(family: str, **shapes: tuple[int, ...]) -> int:
    """Give the length of the last axis that several parameters share, 1 broadcasting."""
    sizes = {name: shape[-1] for name, shape in shapes.items() if shape}
    try:
        return int(np.broadcast_shapes(*((size,) for size in sizes.values()))[-1])
    except ValueError:
        said = ", ".join(f"{name} {shapes[name]}" for name in sizes)
        raise ShapeError(
            f"{family}: the last axis is the component, and its length is not the same "
            f"everywhere: {said}"
        ) from None
