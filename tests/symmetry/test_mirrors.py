"""What is mirrored as components trade places: its action on values, and as a record."""

from __future__ import annotations

import json

import numpy as np
import pytest

from aliquot.symmetry import Block, Role, Symmetries, signs_of

WEIGHT = Block((Role(("mu",), 0, (0, 1)), Role(("th",), mirror=1.0)), (("z", (0, 1)),))
CHAIN = Block((Role(("p", "q"), mirror=1.0), Role(("v",), 0, (0, 1), mirror=1.0)))
SIGNS = [
    Block((Role(("L",), within=((1, k),), mirror=0.0), Role(("F",), within=((0, k),), mirror=0.0)))
    for k in range(2)
]
FACTORS = Block((Role(("L",), 1, (0, 1)), Role(("F",), 0, (0, 1))))
SHAPES = {"mu": (2, 3), "th": (), "p": (), "q": (), "v": (2,), "L": (4, 2), "F": (2, 3)}


def values(rng: np.random.Generator) -> dict[str, np.ndarray]:
    return {name: rng.random((5, *shape)) for name, shape in SHAPES.items()}


@pytest.mark.parametrize("block", [WEIGHT, CHAIN, *SIGNS])
def test_twice_is_not_at_all(block, rng):
    given = values(rng)
    trade = np.array([[1, 0], [0, 1], [1, 0], [0, 1], [1, 0]])
    once = given | block.permute(given, trade)
    twice = once | block.permute(once, trade)
    for name in block.variables:
        np.testing.assert_allclose(twice[name], given[name], atol=1e-15)
        assert not np.array_equal(once[name][0], given[name][0])
        # Draws whose components stay are as they were to the last bit.
        np.testing.assert_array_equal(once[name][[1, 3]], given[name][[1, 3]])


def test_the_action(rng):
    given = values(rng)
    trade = np.tile([1, 0], (5, 1))
    moved = WEIGHT.permute(given, trade) | CHAIN.permute(given, trade)
    np.testing.assert_array_equal(moved["mu"], given["mu"][:, ::-1])
    np.testing.assert_array_equal(moved["th"], 1 - given["th"])
    np.testing.assert_array_equal(moved["p"], 1 - given["q"])
    np.testing.assert_array_equal(moved["q"], 1 - given["p"])
    np.testing.assert_array_equal(moved["v"], 1 - given["v"][:, ::-1])
    moved = SIGNS[1].permute(given, trade)
    np.testing.assert_array_equal(moved["L"], given["L"] * [1, -1])
    np.testing.assert_array_equal(moved["F"], given["F"] * np.array([[1], [-1]]))


def test_what_is_close_to_a_bound_stays_there():
    given = {"th": np.array([1e-300, 1e-300]), "mu": np.zeros((2, 2))}
    moved = WEIGHT.permute(given, np.array([[0, 1], [1, 0]]))
    assert moved["th"].tolist() == [1e-300, 1.0]


@pytest.mark.parametrize("block", [WEIGHT, CHAIN, *SIGNS, FACTORS])
def test_slices_trade_places(block, rng):
    """What stands for the components, image and all, is exchanged as they are."""
    given = values(rng)
    moved = given | block.permute(given, np.tile([1, 0], (5, 1)))
    for role in block.roles:
        before, after = role.slices(given, 1), role.slices(moved, 1)
        np.testing.assert_allclose(after, before[:, ::-1], atol=1e-15)


def test_the_record_keeps_mirrors():
    found = Symmetries((WEIGHT, CHAIN, *SIGNS))
    assert Symmetries.from_json(found.to_json()).blocks == found.blocks
    # Attributes of results from before there were mirrors.
    old = json.loads(Symmetries((FACTORS,)).to_json())
    assert "mirror" not in old["blocks"][0]["roles"][0]
    assert found.modes == 16


def test_a_record_that_says_more_is_read():
    block = Block((Role(("mu",), 0, (0, 1)),), (("z", (0, 1)),))
    given = json.loads(json.dumps(block.as_dict()))
    given["found"] = "later"
    given["roles"][0]["certain"] = True
    assert Block.from_dict(given) == block


def test_it_is_said():
    assert WEIGHT.text == "the 2 components of mu (with th turned to 1 - th)"
    assert Symmetries((WEIGHT,)).text.endswith("can trade places: 2 mirror modes.")
    sign = Block((Role(("x",), mirror=0.0),))
    assert Symmetries((sign,)).text == "The sign of x can turn: 2 mirror modes."
    both = Block((Role(("a",), mirror=0.0), Role(("b",), mirror=0.0)))
    assert Symmetries((both,)).text == "The signs of a and b can turn together: 2 mirror modes."


def test_each_component_by_its_own_sign():
    assert signs_of(FACTORS, [FACTORS, *SIGNS[::-1]]) == SIGNS
    assert signs_of(FACTORS, [FACTORS, SIGNS[0]]) == []
