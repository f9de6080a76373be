"""Which numbers stand for components, read from trees made by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from aliquot.errors import ModelError
from aliquot.plots.components import find_block, read_components
from aliquot.symmetry import Block, Role
from tests.plots.mirrors import MEANS, mirrored, relabelled, switched


def read(tree: Any, var_name: str | None = None, **arguments: Any) -> Any:
    name, block = find_block([tree], var_name)
    return read_components(tree, name, block, var_name, **arguments)


def test_labels_are_those_of_the_coordinate() -> None:
    right, _, _ = switched()
    found = read(
        mirrored({"means": right}, dims={"means": ["group"]}, coords={"group": ["a", "b"]})
    )
    np.testing.assert_array_equal(found.values, right)
    assert (found.name, found.labels, found.names) == (
        "means",
        ("a", "b"),
        ("means[a]", "means[b]"),
    )


@pytest.mark.parametrize("components", [2, 4])
def test_relabelling_is_undone(components: int) -> None:
    right, shuffled, permutations = switched(components)
    block = Block((Role(("means",), 0, tuple(range(components))),))
    tree = relabelled({"means": right}, permutations, block)
    np.testing.assert_array_equal(read(tree).values, right)
    np.testing.assert_array_equal(read(tree, undo=True).values, shuffled)


def test_relabelling_is_undone_along_both_axes_of_a_matrix() -> None:
    """The diagonal stands for the components; the whole matrix moves."""
    rng = np.random.default_rng(1)
    P = rng.dirichlet(np.ones(3), size=(2, 5, 3))
    _, _, permutations = switched(3, 5)
    block = Block((Role(("P",), 0, (0, 1, 2)), Role(("P",), 1, (0, 1, 2))))
    tree = relabelled({"P": P}, permutations, block, name="P")
    before = np.empty_like(P)
    for chain, draw in np.ndindex(2, 5):
        p = permutations[chain, draw]
        before[chain, draw][np.ix_(p, p)] = P[chain, draw]
    found = read(tree, undo=True)
    np.testing.assert_array_equal(found.values, np.diagonal(before, axis1=2, axis2=3))
    assert found.names[1] == "P[1, 1]"


def test_components_that_are_variables_of_their_own() -> None:
    right, shuffled, permutations = switched()
    block = Block((Role(("mu_1", "mu_2")),))
    values = {"mu_1": right[..., 0], "mu_2": right[..., 1]}
    tree = relabelled(values, permutations, block, name="mu_1")
    found = read(tree, undo=True)
    np.testing.assert_array_equal(found.values, shuffled)
    assert (found.name, found.names) == ("mu_1 and mu_2", ("mu_1", "mu_2"))


def test_further_axes_and_what_is_chosen_along_them() -> None:
    values = np.random.default_rng(2).normal(size=(2, 5, 3, 2))
    block = Block((Role(("means",), 1, (0, 1)),))
    tree = mirrored(
        {"means": values},
        block,
        dims={"means": ["axis", "group"]},
        coords={"axis": ["x", "y", "z"]},
    )
    np.testing.assert_array_equal(read(tree).values, values[:, :, 0])
    found = read(tree, sel={"axis": "y", "chain": 1})
    np.testing.assert_array_equal(found.values, values[1:, :, 1])
    assert (found.names[0], found.chains) == ("means[0, y]", ("1",))


def test_one_group_of_several() -> None:
    values = np.random.default_rng(3).normal(size=(2, 5, 4, 3))
    blocks = [Block((Role(("means",), 1, (0, 2), ((0, group),)),)) for group in (1, 3)]
    tree = mirrored({"means": values}, *blocks)
    np.testing.assert_array_equal(read(tree).values, values[:, :, 1, [0, 2]])
    found = read(tree, "means_block_1")
    np.testing.assert_array_equal(found.values, values[:, :, 3, [0, 2]])
    assert found.labels == ("0", "2")


RIGHT = switched()[0]
TREE = mirrored({"means": RIGHT})
ALONE = Block((Role(("theta",), 0, (0, 1)),), coupled=False)


@pytest.mark.parametrize(
    ("tree", "arguments", "message"),
    [
        (mirrored({"means": RIGHT}, ALONE), {}, "no components of this"),
        (TREE, {"var_name": "w"}, "'w' does not move with components.*those that do: means"),
        (mirrored({"w": RIGHT}), {}, "'means' is not in the posterior, whose variables are w"),
        (mirrored({"means": RIGHT[..., :1]}), {}, r"shape \(1,\).*without the 2 components"),
        (TREE, {"sel": {"means_dim_0": 1}}, "cannot choose along 'means_dim_0', the components"),
        (TREE, {"sel": {"axis": 1}}, "'means' has no dim 'axis'"),
        (TREE, {"undo": True}, r"call aq\.relabel first"),
        (relabelled({"means": RIGHT}, switched()[2], name="w"), {"undo": True}, "no 'permutation_"),
        (TREE.drop_nodes("posterior"), {}, "no group 'posterior'"),
    ],
)
def test_what_is_not_there_is_named(tree: Any, arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ModelError, match=message):
        read(tree, **arguments)


def test_results_that_know_of_no_components() -> None:
    tree = mirrored({"means": RIGHT})
    del tree.attrs["symmetries"]
    with pytest.raises(ModelError, match="do not say which components can trade places"):
        find_block([tree], None)
    assert find_block([tree, TREE], None) == ("means", MEANS)
