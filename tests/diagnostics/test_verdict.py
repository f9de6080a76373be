"""Whether switched labels are named where they are the cause, and only there."""

from __future__ import annotations

import re

import numpy as np
import pytest
import xarray as xr

from aliquot.diagnostics import Diagnosis, check
from aliquot.errors import ConvergenceWarning, ModelError
from aliquot.results import build_tree
from aliquot.symmetry import Block, Role, Symmetries
from tests.diagnostics.samples import (
    CHAINS,
    DRAWS,
    PAIR,
    across,
    apart,
    exchange,
    levelled,
    mixing_slowly,
    noise,
    sample,
    within,
)


def kinds(found: Diagnosis) -> set[str]:
    return {record.kind for record in found.records}


def causes(found: Diagnosis, *variables: str) -> set[str | None]:
    return {
        r.cause for r in found.records if r.kind != "label_switching" and r.variable in variables
    }


def test_switching_across_chains_is_the_only_thing_said() -> None:
    tree = sample(exchange(apart(), across()), PAIR)
    found = check(tree, label_free={"log p(obs)": noise(7, seed=8)})
    assert not found.ok
    assert list(found.messages) == ["label_switching"]
    said = found.messages["label_switching"]
    assert "The labels of means and w switched across chains: R-hat is 1." in said
    assert "(the log density, log p(obs) and sorted means and w)" in said
    assert "Nothing else is wrong" in said
    for advice in ('label_switching="permute"', "aq.relabel(trace)", "aq.transforms.ordered"):
        assert advice in said
    assert said.count("switched") == 1
    record = found.records[0]
    assert (record.kind, record.variable, record.cause) == ("label_switching", "means", None)
    assert record.value > 1.5
    raw = [r for r in found.records if r.kind == "rhat"]
    assert {(r.variable, r.element, r.cause) for r in raw} == {
        (name, k, "label_switching") for name in ("means", "w") for k in (0, 1)
    }
    assert found.facts["rhat"] > 1.5
    assert found.facts["label_free_rhat"] < 1.01
    assert found.facts["label_free_ess_bulk"] > 400 > found.facts["ess_bulk"]
    assert "(label-free 1.00" in str(found)
    with pytest.warns(ConvergenceWarning) as caught:
        found.warn()
    assert len(caught) == 1
    assert {"cause", "label_free", "element"} <= set(found.to_dataframe().columns)


def test_switching_within_chains() -> None:
    found = check(sample(exchange(apart(), within()), PAIR))
    assert list(found.messages) == ["label_switching"]
    assert "switched within chains: the bulk effective" in found.messages["label_switching"]


def test_switching_across_and_within_chains() -> None:
    which = np.broadcast_to(within(), (CHAINS, DRAWS)).copy()
    which[0], which[3] = False, True
    found = check(sample(exchange(apart(), which), PAIR))
    assert list(found.messages) == ["label_switching"]
    assert "across chains, and within chains 1 and 2: R-hat" in found.messages["label_switching"]


def test_switching_within_one_chain_alone() -> None:
    found = check(sample(exchange(apart(chains=1), within()), PAIR))
    assert list(found.messages) == ["label_switching", "one_chain"]
    said = found.messages["label_switching"]
    assert "switched within the chain" in said
    assert "Nothing else is wrong" not in said


def test_chains_in_modes_that_are_no_mirror_images() -> None:
    values = apart()
    values["means"][2, :, 0] += 4.0
    values = exchange(values, across())
    lp = -(noise(seed=5) ** 2)
    lp[2] -= 6.0
    found = check(sample(values, PAIR, lp=lp))
    assert "label_switching" not in kinds(found)
    assert {r.cause for r in found.records} == {None}
    said = found.messages["rhat"]
    assert "What does not depend on labels disagrees, too (R-hat is 1." in said
    assert "neither ordering nor relabelling will mend it" in said
    assert "aq.transforms.ordered" not in said
    free = {r.variable for r in found.records if r.label_free and r.kind == "rhat"}
    assert free == {"log density", "sorted means"}


@pytest.mark.parametrize("name", ["tau", "w"])
def test_slow_mixing_is_not_called_switching(name: str) -> None:
    values = apart()
    slow = mixing_slowly(0.995)
    if name == "tau":
        values["tau"] = np.exp(slow)
        values = exchange(values, across())
    else:
        share = 0.3 + 0.04 * slow
        values["w"] = np.stack([share, 1 - share], axis=-1)
    found = check(sample(values, PAIR))
    assert "label_switching" not in kinds(found)
    assert "What does not depend on labels disagrees, too" in found.messages["rhat"]


def test_what_no_block_moves_is_told_as_ever() -> None:
    values = apart()
    values["tau"] = values["tau"] + np.arange(CHAINS)[:, None]
    found = check(sample(values, PAIR))
    assert {r.variable for r in found.records if r.kind == "rhat"} == {"tau"}
    assert {r.label_free for r in found.records if r.kind == "rhat"} == {True}
    assert "labels" not in found.messages["rhat"]


def test_labels_are_the_greater_part_and_not_all() -> None:
    lp = -(noise(seed=5) ** 2)
    lp[0] -= 0.4
    found = check(sample(exchange(apart(), across()), PAIR, lp=lp))
    assert 1.01 < found.facts["label_free_rhat"] < 1.05
    assert "label_switching" not in kinds(found)
    said = found.messages["rhat"]
    assert "Labels have switched, it seems, but what does not depend on them has not" in said
    assert "ordering or relabelling alone will not mend it" in said


def test_divergences_are_something_else_that_is_wrong() -> None:
    tree = sample(exchange(apart(), across()), PAIR)
    diverging = np.zeros((CHAINS, DRAWS), bool)
    diverging[0, :3] = True
    stats = {"lp": tree["sample_stats"]["lp"].values, "diverging": diverging}
    found = check(build_tree(sample_stats=stats, extend=tree))
    assert list(found.messages) == ["label_switching", "divergences"]
    assert "Nothing else is wrong" not in found.messages["label_switching"]


def test_a_log_likelihood_that_disagrees_is_a_real_failure() -> None:
    tree = sample(exchange(apart(), across()), PAIR)
    rows = noise(200, seed=9)
    rows[1, :, :] += 3.0
    found = check(build_tree(log_likelihood={"obs": rows}, extend=tree))
    assert "label_switching" not in kinds(found)
    free = [r for r in found.records if r.variable == "log p(obs)" and r.kind == "rhat"]
    assert len(free) == 50
    assert {r.label for r in free} >= {"log p(obs)[0]", "log p(obs)[199]"}
    fine = build_tree(log_likelihood={"obs": noise(200, seed=9)}, extend=tree)
    assert list(check(fine).messages) == ["label_switching"]


def test_components_that_do_not_move_speak_for_themselves() -> None:
    first_two = Block((Role(("means",), 0, (0, 1)),))
    means = np.array([-5.0, 5.0, 20.0]) + 0.3 * noise(3)
    means[1::2] = means[1::2][..., [1, 0, 2]]
    found = check(sample({"means": means}, first_two))
    assert list(found.messages) == ["label_switching"]
    assert {r.element for r in found.records if r.kind == "rhat"} == {0, 1}
    means[..., 2] += np.arange(CHAINS)[:, None]
    found = check(sample({"means": means}, first_two))
    assert "label_switching" not in kinds(found)
    assert {r.element for r in found.records if r.label_free and r.variable == "means"} == {2}


def test_two_blocks_of_which_one_switched() -> None:
    other = Block((Role(("rate",), 0, (0, 1, 2)),))
    values = exchange(apart(), across())
    values["rate"] = np.array([1.0, 9.0, 30.0]) + 0.3 * noise(3, seed=7)
    found = check(sample(values, PAIR, other))
    named = [r.variable for r in found.records if r.kind == "label_switching"]
    assert named == ["means"]
    stayed = [(r.variable, r.value) for r in found.records if r.kind == "one_labelling"]
    assert stayed == [("rate", 1)]


def test_a_block_that_is_only_slow_is_not_named_with_one_that_switched() -> None:
    other = Block((Role(("rate",), 0, (0, 1)),))
    values = exchange(apart(), across())
    slow = levelled(mixing_slowly(0.92, seed=3))  # too few effective draws, and no R-hat above 1.01
    values["rate"] = np.stack([slow, 20 + noise(seed=7)], axis=-1)
    found = check(sample(values, PAIR, other))
    assert [r.variable for r in found.records if r.kind == "label_switching"] == ["means"]
    assert "ess_bulk" in found.messages
    assert causes(found, "rate") == {None}
    assert causes(found, "means", "w") == {"label_switching"}


def test_a_transition_matrix_that_moves_along_both_axes() -> None:
    block = Block((Role(("P",), 0, (0, 1)), Role(("P",), 1, (0, 1)), Role(("means",), 0, (0, 1))))
    stay = np.array([0.9, 0.6]) + 0.02 * noise(2)
    rows = [[stay[..., 0], 1 - stay[..., 0]], [1 - stay[..., 1], stay[..., 1]]]
    values = {"P": np.moveaxis(np.array(rows), (0, 1), (2, 3)), "means": apart()["means"]}
    first = np.broadcast_to(across().astype(int), (CHAINS, DRAWS))
    values = block.permute(values, np.stack([first, 1 - first], axis=-1))
    found = check(sample(values, block))
    assert list(found.messages) == ["label_switching"]
    assert "The labels of P and means switched across chains" in found.messages["label_switching"]
    values["P"][0, ..., 0, 0] -= 0.1
    assert "label_switching" not in kinds(check(sample(values, block)))


def test_variables_that_were_written_apart() -> None:
    block = Block((Role(("mu_1", "mu_2")),))
    means = exchange(apart(), across())["means"]
    values = {"mu_1": means[..., 0], "mu_2": means[..., 1]}
    found = check(sample(values, block))
    assert list(found.messages) == ["label_switching"]
    assert "The labels of mu_1 and mu_2 switched" in found.messages["label_switching"]
    # Of one alone, judged by both.
    found = check(sample(values, block), var_names=["mu_1"])
    assert list(found.messages) == ["label_switching"]
    assert {r.variable for r in found.records} == {"mu_1"}


@pytest.mark.parametrize("blocks", [(), (Block(PAIR.roles, coupled=False),)])
def test_labels_are_never_named_where_nothing_can_trade_places(blocks: tuple[Block, ...]) -> None:
    found = check(sample(exchange(apart(), across()), *blocks))
    assert {"rhat", "ess_bulk"} <= kinds(found)
    assert "label_switching" not in kinds(found)
    assert "label" not in str(found)
    assert "ordered" not in str(found)
    assert "label_free_rhat" not in found.facts


def test_relabelled_draws_are_not_told_to_be_relabelled() -> None:
    fine = check(sample(apart(), PAIR, relabelled="ecr"))
    assert fine.ok
    assert fine.records == ()
    found = check(sample(exchange(apart(), across()), PAIR, relabelled="ecr"))
    said = found.messages["label_switching"]
    assert "Relabelling by 'ecr' could not tell the components of means and w apart" in said
    assert "another method of aq.relabel" in said
    assert "fewer components" in said


def test_permuted_labels_are_not_the_cause() -> None:
    rng = np.random.default_rng(3)
    which = rng.random((CHAINS, DRAWS)) < 0.5
    found = check(sample(exchange(apart(), which), PAIR, label_switching="permute"))
    assert found.records == ()
    values = apart()
    values["means"][2] *= 0.8
    found = check(sample(exchange(values, which), PAIR, label_switching="permute"))
    assert "label_switching" not in kinds(found)
    assert {r.variable for r in found.records if r.kind == "rhat"} >= {"sorted means"}
    assert found.facts["label_free_rhat"] > 1.1


@pytest.mark.parametrize("stayed", [True, False])
def test_chains_that_stay_in_one_mirror_mode(stayed: bool) -> None:
    which = np.random.default_rng(3).random((CHAINS, DRAWS)) < (0 if stayed else 0.5)
    found = check(sample(exchange(apart(), which), PAIR))
    assert found.ok
    assert [(r.kind, r.variable, r.value, r.threshold) for r in found.records] == (
        [("one_labelling", "means", 1, 2)] if stayed else []
    )
    if stayed:
        assert "one of the 2 mirror modes of the 2 components of means" in found.records[0].message


def test_chains_that_visit_some_mirror_modes() -> None:
    """Two of three components trade places freely, so two of six modes are seen."""
    means = np.array([-5.0, 5.0, 20.0]) + 0.3 * noise(3)
    which = np.random.default_rng(3).random((CHAINS, DRAWS)) < 0.5
    means[which] = means[which][:, [1, 0, 2]]
    found = check(sample({"means": means}, Block((Role(("means",), 0, (0, 1, 2)),))))
    assert [(r.kind, r.value, r.threshold) for r in found.records] == [("one_labelling", 2, 6)]


def test_of_many_components_too() -> None:
    many = Block((Role(("means",), 0, tuple(range(14))),))
    means = 5.0 * np.arange(14) + 0.3 * noise(14)
    (record,) = check(sample({"means": means}, many)).records
    assert (record.kind, record.value, record.threshold) == ("one_labelling", 1, many.modes)


def test_deterministics_of_labels_speak_neither_for_nor_against() -> None:
    values = exchange(apart(), across())
    values["gap"] = values["means"][..., 1] - values["means"][..., 0]
    unknown = check(sample(values, PAIR))
    assert "label_switching" not in kinds(unknown)
    found = check(sample(values, PAIR, affected=("gap",)))
    assert list(found.messages) == ["label_switching"]
    assert causes(found, "gap") == {"label_switching"}


def test_a_result_that_was_cut_down_is_guessed_at() -> None:
    values = exchange(apart(), across())
    block = Block((Role(("means",), 0, (0, 1, 2)),))
    found = check(sample({"means": values["means"]}, block))
    assert "may have switched" in found.messages["label_switching"]


def test_a_result_that_does_not_say_is_guessed_at() -> None:
    tree = sample(exchange(apart(), across()), PAIR)
    del tree.attrs["symmetries"]
    said = check(tree).messages
    assert "may have switched" in said["label_switching"]
    assert "this is a guess" in said["label_switching"]
    assert "rhat" in said


@pytest.mark.parametrize("shape", [(4, 1001), (3, 1000), (4,), (4, 0)])
def test_given_quantities_must_have_the_chains_and_draws(shape: tuple[int, ...]) -> None:
    with pytest.raises(ModelError, match=rf"label_free\['x'\] has shape {re.escape(str(shape))}"):
        check(sample(apart(), PAIR), label_free={"x": np.zeros(shape)})


def test_given_quantities_may_be_known_for_some_of_the_draws() -> None:
    tree = sample(exchange(apart(), across()), PAIR)
    some = noise(2, draws=110)
    found = check(tree, label_free={"x": some})
    assert list(found.messages) == ["label_switching"]
    assert found.facts["label_free_ess_bulk"] > 1000
    some[0] += 2
    named = xr.DataArray(some, dims=("chain", "draw", "row"), coords={"row": ["a", "sum"]})
    found = check(tree, label_free={"x": named})
    assert {r.label for r in found.records if r.variable == "x"} == {"x[a]", "x[sum]"}
    assert {r.kind for r in found.records if r.variable == "x"} == {"rhat"}


def test_symmetries_are_read_from_what_storage_keeps() -> None:
    tree = sample(exchange(apart(), across()), PAIR)
    assert isinstance(tree.attrs["symmetries"], str)
    assert Symmetries.of(tree.attrs) == Symmetries((PAIR,))
