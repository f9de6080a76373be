"""Every model of the table: its density is what enumeration gives, or it is refused by name.

Gradients and single observations are compared for some of them, as many as there are kinds of
structure; `verification/test_enumeration.py` does it for all, at more points.
"""

from __future__ import annotations

import re

import pytest

import aliquot as aq
from tests.marginal.agreement import (
    assert_agrees,
    assert_log_likelihood_agrees,
    assert_value_agrees,
    imputing,
    points_of,
)
from tests.marginal.brute import Brute
from tests.marginal.case import Case
from tests.marginal.models import CASES
from tests.marginal.models_adversarial import adversarial
from tests.marginal.models_impossible import impossible

SUMMED = [case for case in CASES.values() if case.expect == "exact"]
# Of the adversarial models, those whose rows must be put back in their places one by one.
BY_ROW = (
    "reversed_labels",
    "permuted_by_data",
    "labels_and_their_reverse",
    "square_by_columns",
    "square_of_labels",
    "reshaped_and_transposed",
    "length_one_and_rows",
    "neighbours",
    "halves_swapped",
    "label_of_a_label",
    "outer_product_of_two",
    "masked_between_two_orders",
    "both_ways_in_two_terms",
    "inside_a_loop",
    "observed_through_a_reverse_and_a_chain",
)
ADVERSARIAL = [case.name for case in adversarial.listed]
IMPOSSIBLE = [case.name for case in impossible.listed]
PLAIN = [case for case in SUMMED if case.name not in (*ADVERSARIAL, *IMPOSSIBLE)]
# Compiling takes the time, and the kinds of structure repeat themselves along the table.
POINTWISE = [*PLAIN[::3], *(case for case in SUMMED if case.name in (*BY_ROW, *IMPOSSIBLE))]
DIFFERENTIATED = [*PLAIN[1::3], *(case for case in SUMMED if case.name in IMPOSSIBLE)]
REFUSED = [case for case in CASES.values() if case.expect == "refused"]


def by_name(cases: list[Case]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("case", cases, ids=[case.name for case in cases])


def prepared(case: Case) -> tuple[aq.Model, Brute]:
    with imputing():
        model = case.build()
    return model, Brute(model, case.states)


@by_name(SUMMED)
def test_density_is_that_of_enumeration(case: Case) -> None:
    """And its gradient, and the log likelihood of each observation, where these are looked at."""
    model, brute = prepared(case)
    points = points_of(brute)
    (assert_agrees if case in DIFFERENTIATED else assert_value_agrees)(model, brute, points)
    if case in POINTWISE:
        assert_log_likelihood_agrees(model, brute, points[:1])


@by_name(REFUSED)
def test_refusals_say_what_and_why(case: Case) -> None:
    with imputing():
        model = case.build()
    with pytest.raises(aq.ModelError) as caught:
        model.density()
    for fragment in case.message:
        assert re.search(fragment, str(caught.value)), (fragment, str(caught.value))
