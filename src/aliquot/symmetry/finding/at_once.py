"""A probe's terms at several points, in few calls where the data are few.

A call takes about a tenth of a millisecond, whatever it computes. Of so few numbers the terms at
many points take no longer than at one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

import jax
import numpy as np

from aliquot.precision import float64

if TYPE_CHECKING:
    from aliquot.symmetry.finding.probe import Point, Probe

# So many points at once, where the data are no more numbers than this.
TOGETHER, NUMBERS = 40, 1000


def is_quick(density: Any) -> bool:
    """Say whether several points at once take hardly longer than one."""
    return sum(map(np.size, density.data.values())) <= NUMBERS


def terms_of_some(probe: Probe, points: Iterable[Point]) -> Iterator[np.ndarray]:
    """Evaluate all terms at points, (terms,) each, without a note of how large they are.

    What is not asked for is not evaluated, where the data are many.
    """
    if not is_quick(probe.density):
        yield from map(probe.noted_by_nobody, points)
        return
    each = jax.vmap(probe.all_terms, (0, None))
    waiting = iter(points)
    while some := list(islice(waiting, TOGETHER)):
        program = probe.density.program("terms at once", each)
        try:
            with float64():
                values = np.array(program(_stacked(some), probe.density.data))
        except (NotImplementedError, ValueError):  # a call back into Python, for one point alone
            yield from map(probe.noted_by_nobody, some)
            continue
        for point, row in zip(some, values, strict=False):
            yield probe.off_supports(point, row)


def own_scale_of_some(
    probe: Probe, coordinates: Sequence[Mapping[str, np.ndarray]]
) -> Iterator[Point]:
    """Map unconstrained coordinates to each variable's own scale, as `Probe.point` does."""
    if not is_quick(probe.density):
        yield from map(probe.point, coordinates)
        return
    ones = {name: np.ones(probe.shape(name)) for name in probe.simplices()}
    each = jax.vmap(probe.own_scale, (0, None, None))
    waiting = iter(coordinates)
    while some := list(islice(waiting, TOGETHER)):
        program = probe.density.program("values at once", each)
        with float64():
            found = program(_stacked(some), ones, probe.density.data)
        arrays = {name: np.asarray(values) for name, values in found.items()}
        for number in range(len(some)):
            yield {name: values[number] for name, values in arrays.items()}


def _stacked(points: Sequence[Mapping[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """Put points along a first axis, always as many: the last stands in for those that lack."""
    filled = [*points, *[points[-1]] * (TOGETHER - len(points))]
    return {name: np.array([point[name] for point in filled], float) for name in points[0]}
