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


def test_weights_do_not_number_the_components_where_something_else_can(rng):
    given = values(rng)
    given["w"] = given["w"] / given["w"][:, list(PLACES)].sum(axis=1, keepdims=True)
    name, number = first_number(BLOCK, given)
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
