"""Evaluating a model's terms at points of our choice, and telling which numbers are equal.

Points are given on each variable's own scale, so that components can be exchanged in them. They
are made from unconstrained coordinates, which reach all of every support.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from aliquot.density import Density
from aliquot.model.variables import FreeVariable
from aliquot.precision import float64
from aliquot.symmetry.finding.places import Move, natural_transform
from aliquot.symmetry.finding.random_points import RandomPoints
from aliquot.symmetry.finding.reach import bounds_by_transform, reached
from aliquot.symmetry.finding.sums import moved_by, sums_along
from aliquot.transforms import Simplex, ZeroSum

Point = dict[str, np.ndarray]

# Two evaluations of a term that differ by less, relative to its size, are rounding. What tells
# components apart changes a term by far more at points this wide.
RELATIVE = 1e-10
# A term may be so much smaller than what it adds up.
CANCELLED = 100.0
# How far an element is moved, in units of its coordinate's scale.
STEP = 0.37


class Displacement(NamedTuple):
    """Elements that are moved: of a variable, at a place, along some axes, by so many scales."""

    name: str
    place: tuple[Any, ...]
    axes: list[int]
    size: np.ndarray | float  # in the variable's shape, or one number for all


class Probe:
    """A density's terms, as functions of constrained values.

    `names` are those of the terms, in the order of the numbers that `terms` gives. `priors` has for
    each free variable the position of its own term, where it has one.
    """

    def __init__(self, density: Density) -> None:
        self.density = density
        self.slots = density.slots
        self.by_name = {slot.variable.name: slot for slot in self.slots}
        self._scale_seen: np.ndarray | None = None
        self._random = RandomPoints(self)
        self._values = density.program("values of coordinates", self.own_scale)
        self.names = sorted(density.term_names())
        self._terms = density.of_values("terms of values", self.all_terms)
        self.priors = {
            slot.variable.name: self.names.index(slot.variable.name)
            for slot in self.slots
            if isinstance(slot.variable, FreeVariable) and slot.variable.name in self.names
        }
        marginal = density.marginal
        self._summed = -1 if marginal is None else self.names.index(marginal.name)
        # What has to be looked at again and again is known.
        self.supports = {
            slot.variable.name: slot.variable.distribution.support
            for slot in self.slots
            if isinstance(slot.variable, FreeVariable)
            and slot.variable.distribution.support.constant()
        }

    def terms(self, point: Point, *, anywhere: bool = False) -> np.ndarray:
        """Evaluate all terms, shape (terms,).

        The formulas are used off the support, too, where it may be `anywhere`; else the variable's
        own term is -inf there.
        """
        with float64():
            values = np.array(self._terms(point))
        if not anywhere:
            values = self.off_supports(point, values)
        self.see(values[None])
        return values

    def noted_by_nobody(self, point: Point) -> np.ndarray:
        """Evaluate all terms, shape (terms,), without a note of how large they are."""
        with float64():
            return self.off_supports(point, np.array(self._terms(point)))

    def off_supports(self, point: Point, values: np.ndarray) -> np.ndarray:
        """Put -inf where a point is off a variable's support."""
        for name, support in self.supports.items():
            if not np.all(support.check(np.asarray(point[name]))):
                values[self.place_of(name)] = -np.inf
        return values

    def place_of(self, name: str) -> int:
        """Give the number of the term that a variable's prior is in."""
        # A prior that depends on discrete variables is part of their sum.
        return self.priors.get(name, self._summed)

    def see(self, values: np.ndarray) -> None:
        """Note how large terms (points, terms) are."""
        largest = np.where(np.isfinite(values), np.abs(values), 0.0).max(axis=0)
        seen = self._scale_seen
        self._scale_seen = largest if seen is None else np.maximum(seen, largest)

    def gradient(self, point: Point) -> Point:
        """Differentiate the sum of all terms by the values of each variable."""

        def total(values: Any, data: Any) -> Any:
            return sum(self.density.log_terms_of(values, data).values(), jnp.zeros(()))

        with float64():
            program = self.density.program("gradient by values", jax.grad(total))
            found = program(point, self.density.data)
        return {name: np.asarray(values) for name, values in found.items()}

    def terms_with(self, variables: Collection[str]) -> set[str]:
        """Name the terms that are computed from some of the variables."""
        nodes = [self.by_name[name].variable for name in variables]
        return self.density.terms_with(nodes)

    def shape(self, name: str) -> tuple[int, ...]:
        shape: tuple[int, ...] = self.by_name[name].variable.shape
        return shape

    def event(self, name: str) -> int:
        """Give how many last axes one coordinate of a variable is about, without an ordering."""
        return natural_transform(self.by_name[name]).event_dims

    def tolerance(self, *values: np.ndarray) -> np.ndarray:
        """What terms at some points may differ by and still count as equal, shape (terms,).

        Numbers of the size that a term has at these points, or anywhere: it may nearly vanish
        where those that it adds up do not. A term that is huge elsewhere is no excuse.
        """
        assert self._scale_seen is not None
        here = np.max(np.abs(np.where(np.isfinite(values), values, 0.0)), axis=0)
        bound: np.ndarray = RELATIVE * (
            1.0 + np.minimum(self._scale_seen, CANCELLED * (1.0 + here))
        )
        return bound

    def interact(self, *corners: np.ndarray) -> bool:
        """Say whether two changes do together what they do not do one by one.

        By the terms as they were, after the one change, after the other, and after both.
        """
        before, one, other, both = corners
        if not np.all(np.isfinite(corners)):
            return False
        return bool(np.any(np.abs(before - one - other + both) > self.tolerance(*corners)))

    def differences(
        self,
        one: np.ndarray,
        other: np.ndarray,
        moved: Sequence[str],
        ignored: Collection[str] = (),
    ) -> list[str] | None:
        """Name the terms, but for those ignored, that differ by more than rounding.

        The priors of variables that are `moved`, exchanged whole, may trade their values: their sum
        counts. ``None`` where neither point has a density, so that they cannot tell.
        """
        if not moved and not ignored:
            return self._all_differences(one, other)
        looked_at = [i for i, name in enumerate(self.names) if name not in ignored]
        if not np.all(np.isfinite(one[looked_at])) and not np.all(np.isfinite(other[looked_at])):
            return None
        first, bound = self._grouped(one, other, moved)
        second, _ = self._grouped(other, one, moved)
        with np.errstate(invalid="ignore"):
            close = np.abs(first - second) <= bound
        names = [name for name in self.names if self.priors.get(name) is None or name not in moved]
        if moved:
            names.append("")
        wrong = [name for name, good in zip(names, close, strict=True) if not good]
        found = [n for name in wrong for n in ([name] if name else list(moved))]
        return [name for name in found if name not in ignored]

    def _all_differences(self, one: np.ndarray, other: np.ndarray) -> list[str] | None:
        if not np.isfinite(one).all() and not np.isfinite(other).all():
            return None
        with np.errstate(invalid="ignore"):
            close = np.abs(one - other) <= self.tolerance(one, other)
        return [self.names[i] for i in np.flatnonzero(~close)]

    def _grouped(
        self, values: np.ndarray, others: np.ndarray, moved: Sequence[str]
    ) -> tuple[np.ndarray, np.ndarray]:
        """Add the priors of what is exchanged whole; give their tolerance besides."""
        together = [self.priors[name] for name in moved if name in self.priors]
        apart = [i for i in range(len(self.names)) if i not in together]
        bound = self.tolerance(values, others)
        if not moved:
            return values, bound
        return (
            np.append(values[apart], values[together].sum()),
            np.append(bound[apart], bound[together].sum()),
        )

    def point(
        self,
        coordinates: Mapping[str, np.ndarray],
        factors: Mapping[str, np.ndarray] | None = None,
    ) -> Point:
        """Map unconstrained coordinates to each variable's own scale.

        Those of a variable kept in order as if it were not. Vectors of probabilities are multiplied
        by `factors`, before they sum to one again.
        """
        given = {name: np.ones(self.shape(name)) for name in self.simplices()}
        given |= {name: value for name, value in (factors or {}).items() if name in given}
        with float64():
            values = self._values(dict(coordinates), given, self.density.data)
        return {name: np.asarray(value) for name, value in values.items()}

    def simplices(self) -> list[str]:
        """Name the variables that are vectors of probabilities."""
        return [n for n, s in self.by_name.items() if isinstance(natural_transform(s), Simplex)]

    def points(self, count: int, *, ahead: bool = False) -> Iterator[tuple[Point, np.ndarray]]:
        """Yield so many points at random that have a density, with the terms there.

        They are always the same. There are fewer where hardly any has a density. What is looked at
        `ahead` is noted when its turn comes.
        """
        return self._random.points(count, ahead=ahead)

    def apart(self) -> dict[str, np.ndarray]:
        """Give coordinates like `base`, but of variables alike each at a level of its own."""
        rng = np.random.default_rng(21)
        result = dict(self.base)
        for name, slot in self.by_name.items():
            if not isinstance(natural_transform(slot), Simplex | ZeroSum):
                result[name] = result[name] + self.scales[name] * rng.uniform(0.1, 0.4)
        return result

    def bumped(
        self,
        *bumps: tuple[Move, Sequence[float]],
        beside: Sequence[Move] = (),
        base: Mapping[str, np.ndarray] | None = None,
    ) -> Point:
        """Make the base point, or another, with some components moved.

        In the base all components are equal. A bump says of each component of a move how far it
        goes, in units of the scale, such as (1, -0.7) of components 0 and 1::

            m, along its axis       P, along both axes       B, along axis 0,
                                    at once                  beside an exchange of B along 1, 2

              1  -0.7   0             1    0    0              1  0  0    -0.7    0     0
                                      0  -0.7   0              0  1  0      0   -0.7    0
                                      0    0    0              0  0  1      0     0   -0.7

        Of P the diagonal is moved: any other entry belongs to two components. Of B it is the
        diagonal of each slice, so that an exchange `beside`, which moves the same variable along
        the other axes at once, leaves the point where it is.
        """
        changes = (
            self._displacement(move, k, size, beside)
            for move, sizes in bumps
            for k, size in enumerate(sizes)
        )
        return self.displaced(self.base if base is None else base, changes)

    def _displacement(
        self, move: Move, k: int, size: float, beside: Sequence[Move]
    ) -> Displacement:
        """Say where component k of a move stands, as `bumped` shows it."""
        name = move[0].variable_of(k)
        shape = self.shape(name)
        place: list[Any] = [slice(None)] * len(shape)
        for role in move:
            for axis, at in role.within:
                place[axis] = at
            if role.axis is not None:
                place[role.axis] = role.positions[k]
        axes = [role.axis for role in move if role.axis is not None]
        for other in beside:
            others = [role.axis for role in other if role.axis is not None]
            if len(other) > 1 and other[0].variables == (name,) and not {*others} & {*axes}:
                for axis in others:
                    place[axis] = np.arange(shape[axis])
                axes += others
        return Displacement(name, tuple(place), axes, size)

    def displaced(self, base: Mapping[str, np.ndarray], changes: Iterable[Displacement]) -> Point:
        """Make a point with some elements moved away from the base, by so many scales.

        Probabilities along an axis that is to sum to one are multiplied. See `moved_by`.
        """
        coordinates = dict(base)
        factors: dict[str, np.ndarray] = {}
        for name, place, axes, size in changes:
            transform, shape = natural_transform(self.by_name[name]), self.shape(name)
            whole = any(self.along_sum(name, axis) for axis in axes)
            if whole and isinstance(transform, Simplex):
                factor = factors.setdefault(name, np.ones(shape))
                factor[place] *= np.exp(np.resize(size, shape)[place])
            else:
                step = moved_by(transform, shape, place, axes, size)
                coordinates[name] = coordinates[name] + self.scales[name] * step
        return self.point(coordinates, factors)

    def along_sum(self, name: str, axis: int) -> bool:
        """Say whether an axis of a variable is one along which the sum is always the same."""
        return sums_along(natural_transform(self.by_name[name]), self.shape(name), axis)

    @cached_property
    def typical(self) -> dict[str, np.ndarray]:
        """Typical coordinates under the prior, whatever start values users gave, by name."""
        return self._coordinates(self.density.typical)

    def _coordinates(self, flat: np.ndarray) -> dict[str, np.ndarray]:
        program = self.density.program("coordinates without an order", self._natural)
        with float64():
            found = program(flat, self.density.data)
        return {name: np.asarray(values, float) for name, values in found.items()}

    @property
    def base(self) -> dict[str, np.ndarray]:
        """Coordinates at which all slices of every variable, and variables alike, agree."""
        return self._symmetric[0]

    @property
    def scales(self) -> dict[str, float]:
        """How far each variable is moved."""
        return self._symmetric[1]

    @cached_property
    def _symmetric(self) -> tuple[dict[str, np.ndarray], dict[str, float]]:
        rng = np.random.default_rng(20)
        start = self._coordinates(self.density.start)
        base: dict[str, np.ndarray] = {}
        scales: dict[str, float] = {}
        groups: dict[Any, list[str]] = {}
        for slot in self.slots:
            name, transform = slot.variable.name, natural_transform(slot)
            values = start[name]
            event = transform.event_dims
            # One event, or number, for all: its own coordinates stay as they are.
            axes = tuple(range(values.ndim - event))
            level = values.mean(axis=axes, keepdims=True) if axes and values.size else values
            reach = np.ptp(values) if values.size else 0.0
            scales[name] = float(1.0 + 0.1 * np.abs(level).max(initial=0.0) + reach)
            if isinstance(transform, Simplex | ZeroSum):
                base[name] = np.zeros(values.shape)
                continue
            base[name] = np.broadcast_to(level, values.shape)
            kind = (type(slot.variable.distribution), slot.variable.shape, type(transform))
            groups.setdefault(kind, []).append(name)
        for names in groups.values():
            level = np.mean([base[name] for name in names], axis=0)
            scale = max(scales[name] for name in names)
            shift = scale * rng.uniform(0.1, 0.4)
            for name in names:
                scales[name] = scale
                base[name] = level + shift
        return base, scales

    def _natural(self, flat: Any, data: Any) -> dict[str, Any]:
        values = self.density.evaluation_at(flat, data)
        return {
            slot.variable.name: values(natural_transform(slot)).forward(values(slot.variable))
            for slot in self.slots
        }

    def own_scale(self, coordinates: Any, factors: Any, data: Any) -> dict[str, Any]:
        """Compute values from coordinates, as `point` does; a pure function."""
        values = self.density.evaluation_of({}, data)
        result = {}
        for slot in self.slots:
            name = slot.variable.name
            value = values(natural_transform(slot)).backward(coordinates[name])
            if name in factors:
                value = value * factors[name]
                value = value / jnp.sum(value, axis=-1, keepdims=True)
            slot.give(values, value)
            result[name] = value
        return result

    def all_terms(self, point: Any, data: Any) -> Any:
        """Compute all terms at a point; a pure function."""
        terms = self.density.log_terms_of(point, data)
        values = self.density.evaluation_of(point, data)
        off = [~reached(slot, values) for slot in self.slots if bounds_by_transform(slot)]
        stacked = jnp.stack([terms[name] for name in self.names])
        return jnp.where(jnp.any(jnp.stack(off)), -jnp.inf, stacked) if off else stacked
