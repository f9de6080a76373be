"""Cells of symmetry groups: every point has one image in each, whatever the group."""

from __future__ import annotations

from collections.abc import Callable
from itertools import permutations, product

import numpy as np
import pytest

from aliquot.errors import ModelError
from aliquot.symmetry import Block, Role
from aliquot.symmetry.relabelling.cell import Cell

type Values = dict[str, np.ndarray]


def mixture(rng: np.random.Generator, n: int) -> tuple[list[Block], Values]:
    block = Block((Role(("means",), 0, (0, 1, 2)), Role(("w",), 0, (0, 1, 2))))
    return [block], {"means": rng.normal(size=(n, 3)), "w": rng.dirichlet([2.0] * 3, n)}


def weight(rng: np.random.Generator, n: int) -> tuple[list[Block], Values]:
    block = Block((Role(("means",), 0, (0, 1)), Role(("p",), mirror=1.0)))
    return [block], {"means": rng.normal(size=(n, 2)), "p": rng.random(n)}


def hidden_markov(rng: np.random.Generator, n: int) -> tuple[list[Block], Values]:
    block = Block(
        (Role(("P",), 0, (0, 1, 2)), Role(("P",), 1, (0, 1, 2)), Role(("mu",), 0, (0, 1, 2)))
    )
    return [block], {"P": rng.dirichlet([1.0] * 3, (n, 3)), "mu": rng.normal(size=(n, 3))}


def apart(rng: np.random.Generator, n: int) -> tuple[list[Block], Values]:
    block = Block((Role(("mu_1", "mu_2")), Role(("s_1", "s_2"))))
    return [block], {name: rng.normal(size=n) for name in ("mu_1", "mu_2", "s_1", "s_2")}


def groups(rng: np.random.Generator, n: int) -> tuple[list[Block], Values]:
    blocks = [Block((Role(("means",), 1, (0, 1), within=((0, g),)),)) for g in range(14)]
    return blocks, {"means": rng.normal(size=(n, 14, 2))}


def rows_and_columns(rng: np.random.Generator, n: int) -> tuple[list[Block], Values]:
    blocks = [
        Block((Role(("rate",), 0, (0, 1, 2)), Role(("u",), 0, (0, 1, 2)))),
        Block((Role(("rate",), 1, (0, 1)), Role(("v",), 0, (0, 1)))),
    ]
    return blocks, {
        "rate": rng.normal(size=(n, 3, 2)),
        "u": rng.normal(size=(n, 3)),
        "v": rng.normal(size=(n, 2)),
    }


def signs(rng: np.random.Generator, n: int) -> tuple[list[Block], Values]:
    """Two factors that can trade places, and turn."""
    turning = [
        Block(
            (
                Role(("a",), within=((1, k),), mirror=0.0),
                Role(("f",), within=((0, k),), mirror=0.0),
            )
        )
        for k in (0, 1)
    ]
    trading = Block((Role(("a",), 1, (0, 1)), Role(("f",), 0, (0, 1))))
    return [*turning, trading], {"a": rng.normal(size=(n, 4, 2)), "f": rng.normal(size=(n, 2))}


CASES = [mixture, weight, hidden_markov, apart, groups, rows_and_columns, signs]


def images(blocks: list[Block], values: Values) -> list[Values]:
    """Every element of the group applied to points; of many, some at random."""
    elements = list(product(*([*permutations(range(b.components))] for b in blocks[:5])))
    result = []
    for element in elements:
        moved, n = dict(values), len(next(iter(values.values())))
        for block, order in zip(blocks, element, strict=False):
            moved |= block.permute(moved, np.tile(order, (n, 1)))
        result.append(moved)
    return result


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_one_image_of_each_point_is_inside(
    case: Callable[[np.random.Generator, int], tuple[list[Block], Values]],
) -> None:
    blocks, values = case(np.random.default_rng(1), 40)
    cell = Cell.around(blocks, values, 3)
    assert cell.images == np.prod([block.modes for block in blocks], dtype=float)
    assert cell.inside(values)[3]
    every = images(blocks, values)
    if len(every) == cell.images:
        count = np.sum([cell.inside(image) for image in every], axis=0)
        np.testing.assert_array_equal(count, 1)
    home = cell.folded(values)
    assert cell.inside(home).all()
    for image in every:
        again = cell.folded(image)
        for name in values:
            np.testing.assert_allclose(again[name], home[name], atol=1e-12)


def test_without_symmetries_everything_is_inside() -> None:
    values = {"x": np.arange(3.0)}
    cell = Cell.around((), values, 0)
    assert cell.images == 1
    assert cell.inside(values).all()
    np.testing.assert_array_equal(cell.folded(values)["x"], values["x"])


def test_too_many_images_of_shared_variables_are_refused() -> None:
    places = tuple(range(5))
    blocks = [Block((Role(("rate",), axis, places),)) for axis in (0, 1)]
    with pytest.raises(ModelError, match=r"more than 5,040 mirror images"):
        Cell.around(blocks, {"rate": np.zeros((3, 5, 5))}, 0)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_the_way_back_undoes_the_way_home(
    case: Callable[[np.random.Generator, int], tuple[list[Block], Values]],
) -> None:
    blocks, values = case(np.random.default_rng(2), 40)
    cell = Cell.around(blocks, values, 3)
    assert cell.placed({name: v[3:4] for name, v in values.items()}) is None
    homes, moved = cell.folded(values), 0
    for i in range(40):
        point = {name: v[i : i + 1] for name, v in values.items()}
        placed = cell.placed(point)
        if placed is None:
            continue
        moved += 1
        home, back = placed
        # Several points of the cell go the same way.
        others = {name: np.concatenate([home[name], v[:5]]) for name, v in homes.items()}
        away = back(others)
        for name in values:
            np.testing.assert_allclose(home[name][0], homes[name][i], atol=1e-12)
            np.testing.assert_allclose(away[name][0], values[name][i], atol=1e-12)
        again = cell.folded(away)
        for name in values:
            np.testing.assert_allclose(again[name], others[name], atol=1e-12)
    assert moved > 10
