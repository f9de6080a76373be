"""What is found is what there is: all ways to exchange and mirror a model's numbers are tried."""

from __future__ import annotations

import pytest

import aliquot as aq
from tests.symmetry.finding.brute_force import BruteForce, generated
from tests.symmetry.finding.small_models import MODELS

# Chains take long to compile: the others of them are for `make verify`.
ELSEWHERE = {
    "ways_out",
    "ways_out_and_a_known_first_state",
    "ways_out_that_differ",
    "one_way_out",
    "a_label_by_log_odds_that_lean",
    "a_difference_of_log_odds",
    "a_weight_in_each_group_of_the_same_two",
    "means_whose_priors_differ",
    "one_weight_with_scales",
    "one_weight_within_other_bounds",
    "two_sticks_that_lean",
    "in_another_order",
    "a_square_about_another_center",
    "three_groups_in_a_row",
    "weights_too_small_to_see_but_alike",
    "numbers_that_depend_on_a_center",
    "two_factors_of_a_row",
}


@pytest.mark.parametrize("name", [name for name in MODELS if name not in ELSEWHERE])
def test_none_claimed_that_is_not_and_none_denied_that_is(name):
    with aq.Model() as model:
        MODELS[name]()
    truth = BruteForce(model)
    found = model.symmetries(explain=False)
    assert not found.unseen
    assert generated(found.blocks, truth.shapes) == truth.group()
    assert len(generated(found.coupled, truth.shapes)) == found.modes
