"""The numbers that belong to a component move with it."""

from __future__ import annotations

import numpy as np

from aliquot.symmetry import Block, Role
from aliquot.symmetry.relabelling.block import relabel_block
from aliquot.symmetry.relabelling.features import component_features, first_number

# Three of five states trade places: of a vector, along both axes of a matrix, of two written apart.
PLACES = (0, 2, 3)
BLOCK = Block(
    (
        Role(("w",), 0, PLACES),
        Role(("P",), 0, PLACES),
        Role(("P",), 1, PLACES),
        Role(("centre",), 0, PLACES),
        Role(("a", "b", "c")),
    )
)


def values(rng: np.random.Generator, draws: int = 20) -> dict[str, np.ndarray]:
    return {
        "w": rng.dirichlet(np.ones(5), draws),
        "P": rng.dirichlet(np.ones(5), (draws, 5)),
        "centre": rng.standard_normal((draws, 5, 2)),
        "a": rng.standard_normal(draws),
        "b": rng.standard_normal(draws),
        "c": rng.standard_normal(draws),
    }


def test_features_move_with_their_component(rng):
    given = values(rng)
    permutations = rng.permuted(np.tile(np.arange(3), (20, 1)), axis=1)
    before = component_features(BLOCK, given)
    after = component_features(BLOCK, given | BLOCK.permute(given, permutations))
    # w, the diagonal, two entries in other columns, two in other rows, two of centre, a to c.
    assert before.shape == (20, 3, 1 + 1 + 2 + 2 + 2 + 1)
    np.testing.assert_array_equal(after, np.take_along_axis(before, permutations[..., None], 1))


def test_what_numbers_the_components(rng):
    given = values(rng)
    given["w"] = given["w"] / given["w"][:, list(PLACES)].sum(axis=1, keepdims=True)
    name, number = first_number(BLOCK, given)
    assert name == "a"
    np.testing.assert_array_equal(number, np.stack([given[n] for n in "abc"], axis=1))
    matrix = Block(BLOCK.roles[1:4])
    name, number = first_number(matrix, given)
    assert name == "P"
    np.testing.assert_array_equal(number, given["P"][:, PLACES, PLACES])
    only = Block((Role(("w",), 0, PLACES),))
    assert first_number(only, given)[0] == "w"
    several = Block((Role(("centre",), 0, PLACES),))
    name, number = first_number(several, given)
    np.testing.assert_array_equal(number, given["centre"][:, PLACES, 0])


def test_components_are_numbered_by_their_means(rng):
    means = np.array([3.0, -1.0, 7.0]) + 0.1 * rng.standard_normal((40, 3))
    mixed = rng.permuted(np.tile(np.arange(3), (40, 1)), axis=1)
    block = Block((Role(("means",), 0, (0, 1, 2)),))
    given = {"means": np.take_along_axis(means, mixed, 1)}
    for best in (0, 11):
        done = relabel_block(block, given, None, method="pivot", best=best)
        moved = block.permute(given, done.permutations)["means"].mean(axis=0)
        assert (np.diff(moved) > 3).all()
        assert done.certainty.min() > 0.99


def test_along_three_axes_the_diagonal_counts(rng):
    given = {"P": rng.dirichlet(np.ones(3), (10, 3, 3))}
    block = Block(tuple(Role(("P",), axis, (0, 1, 2)) for axis in range(3)))
    expected = given["P"][:, range(3), range(3), range(3)]
    np.testing.assert_array_equal(component_features(block, given)[..., 0], expected)


def test_components_of_one_group_are_numbered_by_one_number_each(rng):
    given = {"w": rng.dirichlet(np.ones(3), (10, 2)), "means": rng.standard_normal((10, 2, 3))}
    roles = [Role((name,), 1, (0, 1, 2), ((0, 1),)) for name in ("w", "means")]
    name, number = first_number(Block(tuple(roles)), given)
    assert name == "means"
    np.testing.assert_array_equal(number, given["means"][:, 1])
