"""One cell of the space of parameters, of which a model's symmetries make all others."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import permutations, product
from math import prod

import numpy as np

from aliquot.errors import ModelError
from aliquot.symmetry.block import Block, numbered
from aliquot.symmetry.relabelling.assignment import assign
from aliquot.symmetry.relabelling.features import component_features
from aliquot.symmetry.relabelling.pivot import distances, half_width, pivot

# Blocks that move the same variables are gone through image by image, up to so many.
MOST_IMAGES = 5040

type Values = Mapping[str, np.ndarray]
type Back = Callable[[Values], dict[str, np.ndarray]]


@dataclass(frozen=True, eq=False)
class Cell:
    """The points that are nearer to a reference than any of their own mirror images.

    Every point has exactly one image in the cell, but for a set of volume zero. So the integral of
    a function with the symmetries of some blocks is `images` times that over the cell, draws are
    folded into it without changing their distribution but for the labels, and a proposal needs to
    cover no more.

    Nearness is of values on their own scale, each number in units of its half width. Blocks that
    move variables of their own are told apart one by one, each by a linear assignment.

    >>> from aliquot.symmetry.role import Role
    >>> block = Block((Role(("means",), 0, (0, 1)),))
    >>> draws = {"means": np.array([[-2.0, 2.0], [2.1, -1.9], [-2.2, 1.8]])}
    >>> cell = Cell.around((block,), draws, 0)
    >>> cell.inside(draws), cell.folded(draws)["means"][1]
    (array([ True, False,  True]), array([-1.9,  2.1]))
    >>> cell.images
    2
    """

    parts: tuple[_Single | _Shared, ...]

    @classmethod
    def around(cls, blocks: Sequence[Block], values: Values, reference: int) -> Cell:
        """Return the cell around one of some points, (n, *shape) each, which also give the scales.

        Blocks that share variables and have more than 5,040 images together are a `ModelError`.
        """
        return cls(
            tuple(
                _Single.around(group[0], values, reference)
                if len(group) == 1
                else _Shared.around(group, values, reference)
                for group in _entangled(blocks, values)
            )
        )

    @property
    def images(self) -> int:
        """How many images of the cell fill the space."""
        return prod(part.images for part in self.parts)

    def inside(self, values: Values) -> np.ndarray:
        """Say of points (n, *shape) which are in the cell, shape (n,)."""
        result: np.ndarray | None = None
        for part in self.parts:
            own = part.inside(values)
            result = own if result is None else result & own
        if result is None:
            return np.ones(len(next(iter(values.values()))), bool)
        return result

    def folded(self, values: Values) -> dict[str, np.ndarray]:
        """Give of each point (n, *shape) its image in the cell."""
        result = dict(values)
        for part in self.parts:
            result |= part.folded(result)
        return result

    def placed(self, values: Values) -> tuple[dict[str, np.ndarray], Back] | None:
        """Give the image in the cell of one point (1, *shape), and the way back for others.

        None where it is in the cell.

        >>> from aliquot.symmetry.role import Role
        >>> block = Block((Role(("means",), 0, (0, 1)),))
        >>> cell = Cell.around((block,), {"means": np.array([[-2.0, 2.0], [-2.1, 1.9]])}, 0)
        >>> home, back = cell.placed({"means": np.array([[1.0, -3.0]])})
        >>> home["means"], back({"means": np.array([[-4.0, 5.0]])})["means"]
        (array([[-3.,  1.]]), array([[ 5., -4.]]))
        """
        if self.inside(values).all():
            return None
        ways: list[Back] = []
        home = dict(values)
        for part in self.parts:
            moved, back = part.placed(home)
            home |= moved
            ways.append(back)

        def all_back(values: Values) -> dict[str, np.ndarray]:
            result = dict(values)
            for back in reversed(ways):
                result |= back(result)
            return result

        return home, all_back


@dataclass(frozen=True, eq=False)
class _Single:
    """The cell of one block, whatever the number of its components."""

    block: Block
    target: np.ndarray  # (1, K, numbers): the features of the reference
    scale: np.ndarray  # (numbers,)

    @classmethod
    def around(cls, block: Block, values: Values, reference: int) -> _Single:
        features = component_features(block, values)
        order = pivot(features, reference)
        together = np.take_along_axis(features, order[:, :, None], axis=1)
        return cls(block, features[reference : reference + 1], half_width(together))

    @property
    def images(self) -> int:
        return self.block.modes

    def inside(self, values: Values) -> np.ndarray:
        return np.asarray((self._order(values) == np.arange(self.block.components)).all(axis=1))

    def folded(self, values: Values) -> dict[str, np.ndarray]:
        return self.block.permute(values, self._order(values))

    def placed(self, values: Values) -> tuple[dict[str, np.ndarray], Back]:
        order = self._order(values)
        inverse = np.argsort(order, axis=1)

        def back(others: Values) -> dict[str, np.ndarray]:
            count = len(next(iter(others.values())))
            return self.block.permute(others, np.repeat(inverse, count, axis=0))

        return self.block.permute(values, order), back

    def _order(self, values: Values) -> np.ndarray:
        features = component_features(self.block, values)
        both = np.concatenate([self.target, features])
        return assign(distances(both, 0, self.scale)[1:])


@dataclass(frozen=True, eq=False)
class _Shared:
    """The cell of blocks that move the same variables: all images are looked at."""

    blocks: tuple[Block, ...]
    target: np.ndarray  # (numbers,)
    scale: np.ndarray  # (numbers,)

    @classmethod
    def around(cls, blocks: Sequence[Block], values: Values, reference: int) -> _Shared:
        if prod(block.modes for block in blocks) > MOST_IMAGES:
            names = "; ".join(block.text for block in blocks)
            raise ModelError(
                f"{names}: these move the same variables, and have more than {MOST_IMAGES:,} "
                "mirror images together, which cannot be told apart one by one. Order one of "
                "them with transform=aq.transforms.ordered"
            )
        made = cls(tuple(blocks), np.zeros(0), np.ones(0))
        target = made._numbers(values)[reference]
        scale = np.ones_like(target)
        for _ in range(3):  # until labels and scales agree, which they nearly always do at once
            made = cls(tuple(blocks), target, scale)
            together = made._numbers(made.folded(values))
            scale = half_width(together[:, None, :])
        return cls(tuple(blocks), target, scale)

    @property
    def images(self) -> int:
        return prod(block.modes for block in self.blocks)

    def inside(self, values: Values) -> np.ndarray:
        return self._nearest(values) == 0

    def folded(self, values: Values) -> dict[str, np.ndarray]:
        which = self._nearest(values)
        result = {name: np.array(values[name], float) for name in self._names}
        for number in np.unique(which):
            own = which == number
            image = self._image({name: values[name][own] for name in self._names}, number)
            for name in result:
                result[name][own] = image[name]
        return result

    def placed(self, values: Values) -> tuple[dict[str, np.ndarray], Back]:
        number = int(self._nearest(values)[0])
        orders = [np.argsort(order) for order in self._elements[number]]

        def back(others: Values) -> dict[str, np.ndarray]:
            result = {name: others[name] for name in self._names}
            count = len(next(iter(others.values())))
            for block, order in zip(reversed(self.blocks), reversed(orders), strict=True):
                result |= block.permute(result, np.tile(order, (count, 1)))
            return result

        return self._image({name: values[name] for name in self._names}, number), back

    @cached_property
    def _elements(self) -> list[tuple[tuple[int, ...], ...]]:
        """All combinations of permutations; the first leaves everything where it is."""
        each = [permutations(range(block.components)) for block in self.blocks]
        return list(product(*each))

    @cached_property
    def _names(self) -> list[str]:
        return list(dict.fromkeys(name for block in self.blocks for name in block.variables))

    def _image(self, values: Values, number: int) -> dict[str, np.ndarray]:
        result = dict(values)
        count = len(next(iter(values.values())))
        for block, order in zip(self.blocks, self._elements[number], strict=True):
            result |= block.permute(result, np.tile(order, (count, 1)))
        return result

    def _numbers(self, values: Values) -> np.ndarray:
        return np.concatenate(
            [np.asarray(values[n], float).reshape((len(values[n]), -1)) for n in self._names],
            axis=1,
        )

    def _nearest(self, values: Values) -> np.ndarray:
        own = {name: values[name] for name in self._names}
        best = np.full(len(next(iter(own.values()))), np.inf)
        which = np.zeros(best.shape, int)
        for number in range(len(self._elements)):
            numbers = self._numbers(self._image(own, number))
            far = (((numbers - self.target) / self.scale) ** 2).sum(axis=1)
            which[far < best] = number
            best = np.minimum(far, best)
        return which


def _entangled(blocks: Sequence[Block], values: Values) -> list[list[Block]]:
    """Put together blocks that move a number in common."""
    groups: list[tuple[list[Block], set[tuple[str, int]]]] = []
    for block in blocks:
        own, moved = [block], _moved(block, values)
        for group in [g for g in groups if g[1] & moved]:
            own, moved = [*group[0], *own], group[1] | moved
            groups = [g for g in groups if g is not group]
        groups.append((own, moved))
    return [group for group, _ in groups]


def _moved(block: Block, values: Values) -> set[tuple[str, int]]:
    """Say which elements of which variables a block moves."""
    shapes = {name: np.shape(values[name])[1:] for name in block.variables}
    result = set()
    for role in block.roles:
        for name in role.variables:
            numbers = numbered({name: shapes[name]})[name]
            result |= {(name, int(i)) for i in np.ravel(numbers[role.index(numbers.ndim)])}
    return result
