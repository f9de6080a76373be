"""What does not depend on labels: unchanged by every permutation, and nothing else lost."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from aliquot.diagnostics import check
from aliquot.diagnostics.label_free import label_free_quantities, phrase
from aliquot.diagnostics.orbits import fits, moved_by, numbered, orbits
from aliquot.symmetry import Block, Role
from tests.diagnostics.samples import noise, sample

SHAPES = {
    "means": (3,),
    "P": (3, 3),
    "by_group": (2, 3),
    "grid": (3, 2),
    "mu_1": (2,),
    "mu_2": (2,),
    "tau": (),
}
MIXTURE = Block((Role(("means",), 0, (0, 1, 2)), Role(("grid",), 0, (0, 1, 2))))
CHAIN = Block(
    (Role(("P",), 0, (0, 1, 2)), Role(("P",), 1, (0, 1, 2)), Role(("means",), 0, (0, 1, 2)))
)
PARTIAL = Block((Role(("means",), 0, (0, 2)), Role(("P",), 0, (0, 2)), Role(("P",), 1, (0, 2))))
GROUP = Block((Role(("by_group",), 1, (0, 1, 2), ((0, 1),)),))
APART = Block((Role(("mu_1", "mu_2")),))
COLUMNS = Block((Role(("grid",), 1, (0, 1)),))
CASES = [
    (MIXTURE,),
    (CHAIN,),
    (PARTIAL,),
    (GROUP,),
    (APART,),
    (MIXTURE, COLUMNS),
    (PARTIAL, GROUP, APART),
]


def values(chains: int = 2, draws: int = 6) -> dict[str, np.ndarray]:
    return {
        name: noise(*shape, seed=i, chains=chains, draws=draws)
        for i, (name, shape) in enumerate(SHAPES.items())
    }


def sorted_quantities(
    blocks: tuple[Block, ...], draws: dict[str, np.ndarray]
) -> dict[str, np.ndarray]:
    tree = sample(draws, *blocks)
    posterior: xr.Dataset = tree["posterior"].to_dataset()
    return {
        quantity.label(i): quantity.draws[i]
        for quantity in label_free_quantities(tree, posterior, blocks, None)
        for i in range(len(quantity.draws))
    }


def before_and_after(
    blocks: tuple[Block, ...], rng: np.random.Generator
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Give what is made of draws, and of the same draws with their components permuted."""
    before = after = values()
    for block in blocks:
        order = rng.permuted(np.tile(np.arange(block.components), (2, 6, 1)), axis=-1)
        after = {**after, **block.permute(after, order)}
    first, second = sorted_quantities(blocks, before), sorted_quantities(blocks, after)
    assert first.keys() == second.keys()
    return first, second


@pytest.mark.parametrize("blocks", CASES)
@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=15, deadline=None)
def test_permuting_draws_changes_nothing(blocks: tuple[Block, ...], seed: int) -> None:
    rng = np.random.default_rng(seed)
    first, second = before_and_after(blocks, rng)
    for name, draws in first.items():
        np.testing.assert_array_equal(draws, second[name], err_msg=name)


@pytest.mark.parametrize("blocks", CASES)
def test_every_value_that_moves_is_kept_once(blocks: tuple[Block, ...]) -> None:
    draws = values()
    made = {k: v for k, v in sorted_quantities(blocks, draws).items() if k.startswith("sorted")}
    moved = []
    for name in dict.fromkeys(name for block in blocks for name in block.variables):
        which = np.zeros(SHAPES[name], bool).ravel()
        for block in blocks:
            which |= moved_by(block, SHAPES).get(name, False)
        moved.append(draws[name].reshape(2, 6, -1)[..., which])
    expected = np.sort(np.concatenate(moved, axis=-1), axis=-1)
    np.testing.assert_array_equal(np.sort(np.stack(list(made.values()), axis=-1)), expected)


def test_statistics_do_not_depend_on_labels() -> None:
    """R-hat and effective sample sizes of a permuted sample are those of the sample itself."""
    draws = {"means": np.array([-5.0, 0.0, 5.0]) + noise(3), "grid": noise(3, 2, seed=4)}
    rng = np.random.default_rng(0)
    order = rng.permuted(np.tile(np.arange(3), (*draws["means"].shape[:2], 1)), axis=-1)
    facts = [check(sample(each, MIXTURE)).facts for each in (draws, MIXTURE.permute(draws, order))]
    for name in ("label_free_rhat", "label_free_ess_bulk", "label_free_ess_tail"):
        assert facts[0][name] == facts[1][name]


def test_sets_are_those_of_all_permutations() -> None:
    """Union of what all permutations, one by one, carry into one another."""
    from itertools import permutations

    for blocks in CASES:
        shapes = {n: SHAPES[n] for block in blocks for n in block.variables}
        numbers = numbered(shapes)
        size = sum(array.size for array in numbers.values())
        reached = np.eye(size, dtype=bool)
        for block in blocks:
            for order in permutations(range(block.components)):
                moved = {**numbers, **block.permute(numbers, np.array(order))}
                flat = np.concatenate([array.ravel() for array in moved.values()])
                reached[np.arange(size), flat] = True
        for _ in range(size):
            reached = reached @ reached
        expected = {tuple(np.flatnonzero(row)) for row in reached if row.sum() > 1}
        assert {tuple(sorted(members)) for members in orbits(blocks, shapes)} == expected


def test_names_tell_what_was_sorted() -> None:
    def names(*blocks: Block) -> list[str]:
        return [name for name in sorted_quantities(blocks, values()) if name.startswith("sorted")]

    assert names(MIXTURE) == [
        *(f"sorted means[{rank}]" for rank in range(3)),
        *(f"sorted grid[:, {column}][{rank}]" for column in range(2) for rank in range(3)),
    ]
    assert names(CHAIN)[:9] == [
        *(f"sorted diagonal of P[{rank}]" for rank in range(3)),
        *(f"sorted off-diagonal of P[{rank}]" for rank in range(6)),
    ]
    assert names(GROUP) == [f"sorted by_group[1, :][{rank}]" for rank in range(3)]
    assert names(APART)[:2] == ["sorted (mu_1[0], mu_2[0])[0]", "sorted (mu_1[0], mu_2[0])[1]"]
    assert phrase(["log density"]) == "the log density"
    many = phrase([f"sorted x{i}" for i in range(9)])
    assert many == "sorted x0, x1, x2 and 6 more"


def test_a_block_must_fit_the_posterior() -> None:
    assert fits(PARTIAL, SHAPES)
    assert not fits(PARTIAL, {**SHAPES, "means": ()})
    assert not fits(PARTIAL, {"means": (3,)})
    assert not fits(GROUP, {"by_group": (1, 3)})
    assert not fits(Block((), (("z", (0, 1)),)), SHAPES)


# With mirrors: a weight as one number, signs, probabilities that trade places as they are mirrored.
MIRRORED = [
    (Block((Role(("means",), 0, (0, 1)), Role(("tau",), mirror=1.0))),),
    (Block((Role(("mu_1",), mirror=0.0), Role(("mu_2",), mirror=0.0))),),
    (Block((Role(("mu_1",), 0, (0, 1), mirror=1.0),)),),
    (
        Block((Role(("P",), 0, (0, 1, 2)), Role(("by_group",), 1, (0, 1, 2)))),
        *(
            Block(
                (
                    Role(("P",), within=((0, k),), mirror=0.0),
                    Role(("by_group",), within=((1, k),), mirror=0.0),
                )
            )
            for k in range(3)
        ),
    ),
]


@pytest.mark.parametrize("blocks", MIRRORED)
def test_mirrored_draws_change_nothing(blocks: tuple[Block, ...]) -> None:
    rng = np.random.default_rng(3)
    first, second = before_and_after(blocks, rng)
    for name, draws in first.items():
        np.testing.assert_allclose(draws, second[name], atol=1e-12, err_msg=name)
    moving = {name for block in blocks for name in block.variables}
    assert all(any(name in label for label in first) for name in moving)


def test_a_mirrored_number_is_the_lesser_of_both() -> None:
    draws = values()
    made = sorted_quantities(MIRRORED[0], draws)
    (label,) = [name for name in made if "tau" in name]
    np.testing.assert_allclose(made[label], np.minimum(draws["tau"], 1 - draws["tau"]))
    made = sorted_quantities(MIRRORED[2], draws)
    made = {name: draws for name, draws in made.items() if name.startswith("sorted")}
    p, q = draws["mu_1"][..., 0], draws["mu_1"][..., 1]
    np.testing.assert_allclose(
        np.stack(list(made.values())), np.sort(np.stack([p, 1 - q]), axis=0), atol=1e-15
    )
