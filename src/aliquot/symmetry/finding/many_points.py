"""What a probe does at one point, at many of them at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import jax
import numpy as np

from aliquot.precision import float64
from aliquot.symmetry.finding.places import natural_transform
from aliquot.symmetry.finding.probe import Displacement, Point, Probe
from aliquot.symmetry.finding.sums import moved_by


def displaced_each(
    probe: Probe, base: Mapping[str, np.ndarray], changes: Sequence[Iterable[Displacement]]
) -> Point:
    """Make points along a first axis like those of `Probe.displaced`, no simplex among them."""
    coordinates = {name: np.repeat(v[None], len(changes), 0) for name, v in base.items()}
    for number, own in enumerate(changes):
        for name, place, axes, size in own:
            transform = natural_transform(probe.by_name[name])
            step = moved_by(transform, probe.shape(name), place, axes, size)
            coordinates[name][number] += probe.scales[name] * step
    ones = {name: np.ones(probe.shape(name)) for name in probe.simplices()}
    each = jax.vmap(probe.own_scale, (0, None, None))
    with float64():
        values = probe.density.program("values of many", each)(
            coordinates, ones, probe.density.data
        )
    return {name: np.asarray(value) for name, value in values.items()}


def terms_of_each(probe: Probe, points: Point) -> np.ndarray:
    """Evaluate all terms at points along a first axis, shape (points, terms)."""
    program = probe.density.program("terms of many", jax.vmap(probe.all_terms, (0, None)))
    with float64():
        values = np.array(program(points, probe.density.data))
    for name, support in probe.supports.items():
        inside = np.reshape(support.check(points[name]), (len(values), -1)).all(axis=1)
        values[~inside, probe.place_of(name)] = -np.inf
    probe.see(values)
    return values
