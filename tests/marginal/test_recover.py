"""Discrete variables come back: probabilities, joint draws and the most probable configuration."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import aliquot as aq
from tests.marginal.agreement import (
    assert_close,
    entries,
    fit_pvalue,
    fixed_trace,
    imputing,
    points_of,
    possible,
)
from tests.marginal.brute import Brute, Point
from tests.marginal.case import Case
from tests.marginal.models import CASES

# One of each structure, for what runs always.
TYPICAL = (
    "three_with_dims_and_scales",
    "through_an_index_with_ragged_groups",
    "nested",
    "zero_inflation_by_hand",
    "change_point",
    "bounds_that_differ_by_row",
    "chain_with_dead_ends",
    "batch_of_chains",
    "lag_two",
    "chain_with_one_for_all",
    "semi_supervised_chain",
    "sprinkler_with_unknown_tables",
    "labels_and_their_reverse",
    "autoregression_of_order_two",
)
# More that are eliminated in ways of their own. Models that differ in the arithmetic of their terms
# alone come back alike: their tables are compared in `test_models`.
OTHERS = (
    # rows and cells
    "mixture_of_experts",
    "groups_and_rows",
    "two_in_one_table",
    "crossed_factors",
    "chain_of_dependence",
    "multivariate_rows",
    "rows_and_columns_have_kinds",
    "zero_weight",
    "components_with_different_supports",
    "potential_by_row",
    "mixture_within_a_mixture",
    "boolean_choice",
    "whole_numbers_from_below_zero",
    "semi_supervised_labels",
    "latent_classes_with_structural_zeros",
    "dawid_skene",
    # scalars and counts
    "two_change_points",
    "change_points_in_order",
    "one_for_all_and_one_for_each",
    "survey",
    "abundance_of_sites",
    "capture_recapture",
    "bounds_that_labels_set_row_by_row",
    # chains
    "chain_without_a_start",
    "chain_with_a_transition_for_each_time",
    "square_of_chains_read_across",
    "lag_three_without_a_start",
    "chain_whose_transitions_hang_on_one",
    "factorial_chains",
    "coupled_chains",
    "semi_supervised_chains",
    "emissions_on_the_jump",
    "emissions_backwards",
    "chain_of_one_step",
    "chain_with_ends_tied",
    "chain_by_scalars",
    "chain_by_potentials",
    # networks
    "noisy_or",
    "branching_tree",
    "tree_within_one_variable",
    "field_on_a_grid",
    "field_with_everything_tied",
    "parents_far_apart",
    # rows that go other ways
    "permuted_by_data",
    "square_by_columns",
    "reshaped_and_transposed",
    "length_one_and_rows",
    "sorted_labels",
    "cumulative_sum",
    "label_of_a_label",
    "outer_product_of_two",
    "deterministic_in_between",
)
EXACT = [
    pytest.param(CASES[name], id=name, marks=[] if name in TYPICAL else [pytest.mark.slow])
    for name in (*TYPICAL, *OTHERS[::6])
]
DRAWS = 3000
# The chance that one comparison of draws with their law fails where nothing is wrong.
FAILURE = 1e-6


def prepared(case: Case) -> tuple[aq.Model, Brute, list[Any]]:
    with imputing():
        model = case.build()
    brute = Brute(model, case.states)
    found = possible(brute, points_of(brute))
    if not found or not brute.size or not brute.discrete:
        pytest.skip("there is nothing to recover")
    return model, brute, found


@pytest.mark.parametrize("case", EXACT)
def test_what_comes_back_is_as_by_enumeration(case: Case) -> None:
    model, brute, found = prepared(case)
    trace = fixed_trace(model, brute, [flat for flat, _ in found], draws=DRAWS)
    kinds = ("probabilities", "most_probable", "draws")
    tree = aq.recover(trace, model, kind=kinds, random_seed=1)
    for chain, (_, point) in enumerate(found):
        assert_probabilities(tree, model, brute, chain, point)
        best = {
            leaf.name: entries(tree.most_probable, model, leaf)[chain, 0] for leaf in brute.discrete
        }
        # There may be several: any of them will do.
        reached = point.log_joint[brute.number(best)]
        assert_close(reached, point.most_probable[1], "most probable")
        draws = {leaf.name: entries(tree.posterior, model, leaf)[chain] for leaf in brute.discrete}
        assert all(values.dtype.kind in "iu" for values in draws.values())
        counts = np.bincount(brute.number(draws), minlength=len(point.joint))
        assert counts[point.joint == 0].sum() == 0
        assert_follows(counts, point.joint)


def assert_probabilities(
    tree: Any, model: aq.Model, brute: Brute, chain: int, point: Point
) -> None:
    for leaf in brute.discrete:
        given = entries(tree.state_probabilities, model, leaf, trailing=1)[chain, 0]
        expected = point.probabilities[leaf.name]
        # A coordinate of states may go further than this variable's own.
        wider = given.shape[-1] - expected.shape[-1]
        assert wider >= 0
        low, _ = brute.bounds[leaf.name]
        if low.size and (low == low.flat[0]).all():
            expected = np.pad(expected, [(0, 0)] * len(leaf.shape) + [(0, wider)])
            assert_close(given, expected, leaf.name)


def assert_follows(counts: np.ndarray, law: np.ndarray) -> None:
    assert fit_pvalue(counts, law) > FAILURE


def test_the_goodness_of_fit_test_notices() -> None:
    law = np.array([0.5, 0.3, 0.15, 0.05, 0.0])
    rng = np.random.default_rng(1)
    assert_follows(rng.multinomial(DRAWS, law), law)
    with pytest.raises(AssertionError):
        assert_follows(rng.multinomial(DRAWS, [0.45, 0.35, 0.15, 0.05, 0.0]), law)


def built(name: str) -> tuple[aq.Model, Brute, Any]:
    model, brute, found = prepared(CASES[name])
    return model, brute, fixed_trace(model, brute, [flat for flat, _ in found], draws=3)


def test_dims_and_coords_are_the_models() -> None:
    model, _, trace = built("three_with_dims_and_scales")
    tree = aq.recover(trace, model, random_seed=1)
    assert tree.posterior["z"].dims == ("chain", "draw", "row")
    assert list(tree.posterior["row"].values) == list("abcd")
    assert tree.state_probabilities["z"].dims[:3] == ("chain", "draw", "row")
    assert np.allclose(tree.state_probabilities["z"].sum(tree.state_probabilities["z"].dims[-1]), 1)
    # What was there stays, and the trace that was given is left as it is.
    assert "mu" in tree.posterior and "z" not in trace.posterior


def test_states_have_their_own_values_as_coordinate() -> None:
    model, _, trace = built("change_point")
    tree = aq.recover(trace, model, kind="probabilities")
    state = tree.state_probabilities["switch"].dims[-1]
    assert list(tree.state_probabilities[state].values) == list(range(1851, 1861))


@pytest.mark.parametrize(
    ("kind", "groups"),
    [
        ("probabilities", {"state_probabilities"}),
        (("most_probable",), {"most_probable"}),
        (("probabilities", "most_probable"), {"state_probabilities", "most_probable"}),
        (("draws",), set()),
    ],
)
def test_kind_selects(kind: Any, groups: set[str]) -> None:
    model, _, trace = built("two_gaussians")
    tree = aq.recover(trace, model, kind=kind)
    present = {"state_probabilities", "most_probable"} & set(tree.children)
    assert present == groups
    assert ("z" in tree.posterior) == ("draws" in kind)


def test_an_unknown_kind_is_refused() -> None:
    model, _, trace = built("two_gaussians")
    with pytest.raises((ValueError, aq.AliquotError), match="viterbi"):
        aq.recover(trace, model, kind="viterbi")


def test_draws_are_the_seeds_own() -> None:
    model, _, trace = built("two_gaussians")
    draws = [
        aq.recover(trace, model, kind="draws", random_seed=seed).posterior["z"].values
        for seed in (1, 1)
    ]
    np.testing.assert_array_equal(*draws)


def test_deterministics_of_discrete_variables_follow_the_draws() -> None:
    with aq.Model() as model:
        means = aq.Normal("means", 0, 2, shape=2)
        z = aq.Categorical("z", p=[0.3, 0.7], shape=3)
        aq.Deterministic("mu", means[z])
        aq.Deterministic("gap", means[1] - means[0])
        aq.Normal("obs", means[z], 1, observed=[-1.0, 0.2, 2.0])
    brute = Brute(model)
    trace = fixed_trace(model, brute, points_of(brute), draws=20)
    posterior = aq.recover(trace, model, random_seed=1).posterior
    expected = np.take_along_axis(posterior["means"].values, posterior["z"].values, axis=-1)
    np.testing.assert_allclose(posterior["mu"].values, expected, rtol=1e-14)


def test_a_model_without_discrete_variables_has_nothing_to_recover() -> None:
    with aq.Model() as model:
        x = aq.Normal("x", 0, 1)
        aq.Normal("obs", x, 1, observed=0.3)
    brute = Brute(model)
    with pytest.raises(aq.ModelError, match="discrete"):
        aq.recover(fixed_trace(model, brute, points_of(brute)), model)
