"""Whether components that can trade places compete, so that the density has mirror modes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from aliquot.symmetry.block import Block
from aliquot.symmetry.finding.probe import Point
from aliquot.symmetry.finding.search import Search
from aliquot.symmetry.role import Role

# Steps of the power method.
STEPS = 25


def is_coupled(block: Block, search: Search, beyond: Sequence[Point] = ()) -> bool:
    """Say whether two components depend on each other, given everything that does not move.

    At points at random, and at those given besides. Where they do not, the density given the rest
    is a product of one factor for each component, all the same: missing covariates of rows that are
    alike, effects of groups without data. Two components are moved, one, the other and both: of a
    product, the changes of the log density add up.
    """
    probe = search.probe
    if block.signs:
        return turns_apart(block, search)
    moving = [role for role in block.roles if not role.stays]
    # One of several numbers that keep their sum, such as probabilities, cannot change by itself.
    # What else moves shows it as well.
    roles = [r for r in moving if r.axis is None or not probe.along_sum(r.variables[0], r.axis)]
    rng = np.random.default_rng(11)
    found = list(search.probe.points(8))
    fresh = [point for point, _ in found[4:]]
    pairs = [*found[:4], *((point, probe.terms(point)) for point in beyond)]
    fresh += [fresh[0]] * len(beyond) if fresh else []
    for (point, terms), other in zip(pairs, fresh, strict=False):
        chosen = rng.permutation(block.components)[:2]
        moved = [
            with_values_of(other, point, roles or moving, [int(k) for k in which])
            for which in (chosen[:1], chosen[1:], chosen)
        ]
        if probe.interact(terms, *(probe.terms(p, anywhere=not roles) for p in moved)):
            return True
    return False


def turns_apart(block: Block, search: Search) -> bool:
    """Say whether signs that can turn make mirror modes.

    They do where the density rises from the center, which the mirror leaves where it is: a product
    of two unknowns that is known to be 3. They do not where the center is the top: a number with
    a prior and data that happen to be the same on both sides.

    It is looked for along lines at random, and in the direction in which the density curves up
    most, which is found by the power method on differences of gradients. For one number there is
    one direction, and nothing to find.
    """
    probe = search.probe
    rng = np.random.default_rng(13)
    for point, _ in search.probe.points(6):
        middle = {name: np.full(values.shape, np.nan) for name, values in point.items()}
        for role in block.roles:
            array = middle[role.variables[0]]
            array[role.index(array.ndim, 0)] = 0.5 * (role.mirror or 0.0)
        free = {name: ~np.isnan(values) for name, values in middle.items()}
        center = {name: np.where(free[name], middle[name], point[name]) for name in point}
        top = probe.terms(center)
        if not np.all(np.isfinite(top)):
            continue
        for size in (0.05, 0.3, 1.0):
            step = {
                n: size * probe.scales[n] * rng.standard_normal(m.shape) * m
                for n, m in free.items()
            }
            if _rises(probe, center, step, top):
                return True
        if _rises(probe, center, _upward(probe, center, free, rng), top):
            return True
    return False


def _rises(probe: Any, center: Point, step: Point, top: np.ndarray) -> bool:
    after = probe.terms({name: values + step[name] for name, values in center.items()})
    if not np.all(np.isfinite(after)):
        return False
    return bool(after.sum() - top.sum() > probe.tolerance(top, after).sum())


def _upward(probe: Any, center: Point, free: Point, rng: np.random.Generator) -> Point:
    """Give a small step in the direction in which the density curves up most."""
    small = 1e-3
    names = [name for name, mask in free.items() if mask.any()]
    ends = np.cumsum([int(free[name].sum()) for name in names])

    def as_step(direction: np.ndarray) -> Point:
        step = {name: np.zeros(values.shape) for name, values in center.items()}
        for name, own in zip(names, np.split(direction, ends[:-1]), strict=True):
            step[name][free[name]] = own
        return step

    if ends[-1] == 1:
        return as_step(np.full(1, 10 * small))
    at = probe.gradient(center)

    def curved(direction: np.ndarray) -> np.ndarray:
        step = as_step(small * direction)
        found = probe.gradient({name: values + step[name] for name, values in center.items()})
        change = [(found[name] - at[name])[free[name]] for name in names]
        return np.nan_to_num(np.concatenate(change) / small)

    direction = rng.standard_normal(int(ends[-1]))
    shift = 0.0
    for again in range(2):
        for _ in range(STEPS):
            direction /= np.linalg.norm(direction) or 1.0
            direction = curved(direction) + shift * direction
        if again == 0:
            # What is as large as the most negative curvature, so that none is larger but positive.
            shift = float(np.linalg.norm(direction))
            direction = direction + rng.standard_normal(direction.shape) * shift
    return as_step(10 * small * direction / (np.linalg.norm(direction) or 1.0))


def with_values_of(
    other: Point, point: Point, roles: Sequence[Role], components: Sequence[int]
) -> Point:
    """Give components the values that they have in another point."""
    result = dict(point)
    for role in roles:
        for k in components:
            name = role.variable_of(k)
            array = np.array(result[name])
            place = role.index(array.ndim, k)
            array[place] = other[name][place]
            result[name] = array
    return result
