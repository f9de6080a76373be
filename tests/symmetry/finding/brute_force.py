"""All ways to exchange and mirror the numbers of a model that leave its density unchanged."""

from __future__ import annotations

from itertools import permutations, product

import jax
import numpy as np

import aliquot as aq
from aliquot.distributions.constraints import Real
from aliquot.precision import float64
from aliquot.symmetry import Block
from tests.programs import quick

# A signed permutation: what comes in the place of each number, from 1, negative where mirrored.
Element = tuple[int, ...]

POINTS = 24
# Where all numbers are far from the data, that of them counts which has least weight elsewhere.
WIDTHS = (0.7, 1.5, 6.0, 25.0)
# Near a bound, 1 - x has not the digits that x has.
WIDEST_WITHIN_BOUNDS = 1.5
RELATIVE = 1e-9


class BruteForce:
    """The log density of a model at values of its scalars, all in one vector.

    Parameters
    ----------
    model : Model
    """

    def __init__(self, model: aq.Model) -> None:
        self.density = density = model.density()
        self.shapes = {s.variable.name: s.variable.shape for s in density.slots}
        supports = {s.variable.name: s.variable.distribution.support for s in density.slots}
        self._unbounded = {n for n, s in supports.items() if type(s) is Real}
        self.names = [n for n, shape in self.shapes.items() for _ in range(int(np.prod(shape)))]
        self.centers = np.concatenate(
            [np.broadcast_to(_center(s.variable), s.variable.shape).ravel() for s in density.slots]
        )

        def total(row, data):
            values, begin = {}, 0
            for name, shape in self.shapes.items():
                size = int(np.prod(shape))
                values[name] = row[begin : begin + size].reshape(shape)
                begin += size
            return sum(density.log_terms_of(values, data).values())

        self._program = quick(jax.vmap(total, in_axes=(0, None)))

    def group(self) -> set[Element]:
        """Try every signed permutation at points at random."""
        size = len(self.names)
        mirrored = np.isfinite(self.centers)
        ways = [p for p in permutations(range(size)) if (mirrored[list(p)] == mirrored).all()]
        signs = list(product(*((1, -1) if m else (1,) for m in mirrored)))
        left = np.array([(np.array(p) + 1) * np.array(s) for p in ways for s in signs])
        rng = np.random.default_rng(4)
        for number in range(POINTS):
            point = self._point(rng, WIDTHS[number % len(WIDTHS)])
            here = float(self._values(point[None])[0])
            if not np.isfinite(here):
                continue
            values = self._values(self.applied(left, point))
            left = left[np.abs(values - here) <= RELATIVE * (1 + abs(here))]
        return {tuple(row.tolist()) for row in left}

    def applied(self, elements: np.ndarray, point: np.ndarray) -> np.ndarray:
        """Let signed permutations act on values: x about its center for y about its own."""
        source, sign = np.abs(elements) - 1, np.sign(elements)
        middle = np.where(np.isfinite(self.centers), self.centers, 0.0)
        return middle + sign * (point - middle)[source]

    def _point(self, rng: np.random.Generator, width: float) -> np.ndarray:
        noise = rng.normal(size=self.density.size)
        free, within = (
            self.density.constrain_draws(self.density.start + w * noise)
            for w in (width, min(width, WIDEST_WITHIN_BOUNDS))
        )
        values = (free[n] if n in self._unbounded else within[n] for n in self.shapes)
        return np.concatenate([np.ravel(value) for value in values])

    def _values(self, rows: np.ndarray) -> np.ndarray:
        with float64():
            return np.nan_to_num(np.asarray(self._program(rows, self.density.data)), nan=-np.inf)


def generated(blocks: tuple[Block, ...], shapes: dict[str, tuple[int, ...]]) -> set[Element]:
    """Give all that blocks can do, made one after the other in any order."""
    numbers, begin = {}, 1
    for name, shape in shapes.items():
        size = int(np.prod(shape))
        numbers[name] = begin + np.arange(size).reshape(shape)
        begin += size
    generators = []
    for block in blocks:
        for k in range(1, block.components):
            order = np.arange(block.components)
            order[[0, k]] = k, 0
            moved = {**numbers, **block.linear().permute(numbers, order)}
            generators.append(np.concatenate([moved[n].ravel() for n in shapes]).astype(int))
    identity = tuple(range(1, begin))
    found, waiting = {identity}, [identity]
    while waiting:
        known = np.array(waiting.pop())
        for move in generators:
            more = tuple((np.sign(move) * known[np.abs(move) - 1]).tolist())
            if more not in found:
                found.add(more)
                waiting.append(more)
    return found


def _center(variable) -> float | np.ndarray:
    """Give the middle of two bounds, or of a prior on the whole line; none else."""
    support = variable.distribution.support
    bounds = [getattr(support, side, None) for side in ("lower", "upper")]
    if all(bound is not None for bound in bounds):
        return 0.5 * (np.asarray(bounds[0], float) + np.asarray(bounds[1], float))
    if any(bound is not None for bound in bounds) or support.event_dims:
        return np.nan
    mu = variable.distribution.parameters.get("mu", 0.0)
    return np.asarray(mu, float) if isinstance(mu, np.ndarray | float) else 0.0
