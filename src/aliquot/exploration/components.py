"""Components that may stand elsewhere: where one is empty, or two have taken the place of one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import permutations
from typing import Any

import numpy as np

from aliquot.distributions.mixture import Mixture
from aliquot.distributions.normal_mixture import NormalMixture
from aliquot.transforms import Ordered
from aliquot.transforms.probabilities import Simplex
from aliquot.variational.heights import affordable

# Of more components none are moved.
MOST_COMPONENTS = 12
# Evaluations that a short climb from a moved component takes, how many climbs there are with very
# many data, and what evaluations times numbers in the data may come to.
EACH, FEWEST, WORTH = 20, 6, 50_000_000
# For each component that joins another so many are replaced, at most.
REPLACED = 2
# Which part of the way between them remains, where a component comes to another: where priors are
# vague an empty one may be thousands of widths away.
REMAINS = (0.001, 0.03)


@dataclass(frozen=True, eq=False)
class _Axis:
    """One axis of a variable along which there are components."""

    name: str
    axis: int
    ordered: bool  # whether values increase along it
    shares: bool  # whether they sum to one along it


class Components:
    """Moves that take one component to the place of another, as splitting and merging do.

    In a poor mode of a mixture a component stands where there are no data, or two share a group
    and another has two groups: no climb leads from there to the right one. Ueda, Nakano, Ghahramani
    and Hinton (2000), SMEM algorithm for mixture models, Neural Computation 12. A few outlying rows
    are near no other component: so others are replaced by those of points in a `pool` (n, d). All
    axes as long as a discrete variable has states, or an observed mixture components, are taken for
    those of components that belong together. Nothing needs to be proved of them: a move that makes
    no sense leads nowhere.
    """

    def __init__(self, density: Any, pool: np.ndarray | None = None) -> None:
        self._density = density
        self._pool = np.empty((0, density.size)) if pool is None else pool
        self._axes: dict[int, list[_Axis]] = {}
        lengths = _components(density)
        for slot in density.slots:
            shape = slot.variable.shape
            transform = slot.transform
            simplex = isinstance(transform, Simplex)
            by = transform.ordered_axis(shape) if isinstance(transform, Ordered) else None
            for axis, length in enumerate(shape):
                if length in lengths:
                    shares = simplex and axis == len(shape) - 1
                    found = _Axis(slot.variable.name, axis, axis == by, shares)
                    self._axes.setdefault(length, []).append(found)

    def moved(self, position: np.ndarray, most: int, rng: np.random.Generator) -> np.ndarray:
        """Give points (n, d), at most so many, each a position (d,) with one component moved."""
        names = {slot.variable.name for slot in self._density.slots}
        most = affordable(self._density, most * EACH, FEWEST * EACH, WORTH) // EACH
        drawn = self._pool[rng.integers(len(self._pool), size=most if len(self._pool) else 0)]
        there = self._density.constrain_draws(np.vstack([position, drawn]))
        values = {name: there[name][0] for name in names}
        if not all(np.isfinite(value).all() for value in values.values()):
            return np.empty((0, position.size))
        ways = [
            (length, one, other, remains)
            for length in self._axes
            for one, other in permutations(range(length), 2)
            for remains in REMAINS
        ]
        joined = most if not len(drawn) else most // 2
        if len(ways) > joined:
            ways = [ways[i] for i in np.sort(rng.permutation(len(ways))[:joined])]
        rows = [
            _joined(values, self._axes[length], one, other, remains)
            for length, one, other, remains in ways
        ]
        others = [{name: there[name][i + 1] for name in names} for i in range(len(drawn))]
        rows += self._replaced(values, others[: min(most - len(rows), REPLACED * len(rows))], rng)
        if not rows:
            return np.empty((0, position.size))
        points = self._density.unconstrain_draws(
            {name: np.stack([row[name] for row in rows]) for name in names}
        )
        return points[np.isfinite(points).all(axis=1)]

    def _replaced(
        self,
        values: dict[str, np.ndarray],
        others: Sequence[dict[str, np.ndarray]],
        rng: np.random.Generator,
    ) -> list[dict[str, np.ndarray]]:
        """Replace a component by one of some other values, once for each of these."""
        lengths = list(self._axes)
        rows = []
        for from_ in others:
            length = lengths[rng.integers(len(lengths))]
            one, other = rng.integers(length, size=2)
            if all(np.isfinite(value).all() for value in from_.values()):
                rows.append(_replaced(values, self._axes[length], one, from_, other))
        return rows


def _components(density: Any) -> set[int]:
    """Say how many components there are, of everything that has some."""
    numbers = {unknown.states for unknown in density.unknowns}
    for variable in density.observed:
        if isinstance(variable.distribution, Mixture | NormalMixture):
            numbers.add(variable.distribution.size)
    return {number for number in numbers if 2 <= number <= MOST_COMPONENTS}


def _replaced(
    values: dict[str, np.ndarray],
    axes: Sequence[_Axis],
    one: int,
    others: dict[str, np.ndarray],
    other: int,
) -> dict[str, np.ndarray]:
    """Put one of the components of some other values in the place of one."""
    result = dict(values)
    for along in axes:
        moved = np.moveaxis(np.array(result[along.name], float), along.axis, 0)
        moved[one] = np.moveaxis(others[along.name], along.axis, 0)[other]
        if along.shares:
            moved /= moved.sum(axis=0)
        result[along.name] = np.moveaxis(moved, 0, along.axis)
    return _in_order(result, axes)


def _joined(
    values: dict[str, np.ndarray], axes: Sequence[_Axis], one: int, other: int, remains: float
) -> dict[str, np.ndarray]:
    """Bring one component next to another, with half of what it has a share of."""
    result = dict(values)
    for along in axes:
        moved = np.moveaxis(np.array(result[along.name], float), along.axis, 0)
        if along.shares:
            moved[one] = moved[other] = 0.5 * moved[other]
            moved /= moved.sum(axis=0)
        else:
            moved[one] = moved[other] + remains * (moved[one] - moved[other])
        result[along.name] = np.moveaxis(moved, 0, along.axis)
    return _in_order(result, axes)


def _in_order(values: dict[str, np.ndarray], axes: Sequence[_Axis]) -> dict[str, np.ndarray]:
    """Let components trade places so that what is ordered increases."""
    for along in axes:
        if along.ordered and values[along.name].ndim == 1:
            order = np.argsort(values[along.name], kind="stable")
            for each in axes:
                values = values | {each.name: np.take(values[each.name], order, axis=each.axis)}
            break
    return values
