"""What is said of an estimate, and whether it is to be believed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from aliquot.evidence import of_draws, of_exact, of_ladder, of_proposal
from aliquot.evidence.importance import Importance
from aliquot.evidence.thirds import Together
from aliquot.variational.importance import Estimate

GOOD = Together(
    bridge=Estimate(-10.0, 0.01),
    importance=Importance(Estimate(-10.02, 0.02), 0.3),
    effective=2000.0,
    converged=True,
    apart=2.0,
    range=0.03,
)


def test_nothing_wrong() -> None:
    found = of_draws(GOOD, 6, 1.001)
    assert found.good and found.method == "bridge" and found.images == 6
    assert found.value == pytest.approx(-10 + np.log(6))
    assert found.second is not None and found.second.value == pytest.approx(-10.02 + np.log(6))
    assert (found.error, found.pareto_k, found.effective) == (0.01, 0.3, 2000)
    assert repr(found) == "-8.208 ± 0.010 nats (bridge sampling)"
    assert "6 mirror images are counted" in found.message
    assert "2,000 effective draws" in found.message


@pytest.mark.parametrize(
    ("change", "rhat", "said"),
    [
        ({"converged": False}, 1.0, "did not reach its fixed point"),
        ({}, 1.2, "chains disagree"),
        ({}, np.nan, "chains disagree"),
        ({"apart": 40.0, "range": 0.3}, 1.0, "three thirds of the draws"),
        ({"effective": 120.0}, 1.0, "Only 120 effective draws"),
        ({"effective": np.nan}, 1.0, "effective draws"),
        ({"bridge": Estimate(-10.0, 0.2)}, 1.0, "is above 0.1"),
        ({"bridge": Estimate(-np.inf, np.nan)}, 1.0, "is above 0.1"),
        (
            {"importance": Importance(Estimate(-10.5, 0.02), 0.3)},
            1.0,
            "further from it than both errors allow",
        ),
    ],
)
def test_each_thing_that_can_be_wrong(change: dict[str, Any], rhat: float, said: str) -> None:
    found = of_draws(GOOD._replace(**change), 1, rhat)
    assert not found.good
    assert said in found.message and found.message.startswith("The log evidence should not be")
    assert "see .message" in repr(found)


def test_a_check_with_a_bad_pareto_k_checks_nothing() -> None:
    found = of_draws(GOOD._replace(importance=Importance(Estimate(-11, 0.02), 0.9)), 1, 1.0)
    assert found.good
    assert "importance sampling cannot check it (Pareto k is 0.90" in found.message


def test_small_differences_are_no_disagreement() -> None:
    for difference, k, good in [(0.09, 0.3, True), (0.4, 0.6, True), (0.6, 0.6, False)]:
        near = Importance(Estimate(-10 - difference, 0.001), k)
        assert of_draws(GOOD._replace(importance=near), 1, 1.0).good is good


@pytest.mark.parametrize(
    ("estimate", "k", "said"),
    [
        (Estimate(-3.0, 0.01), 0.6, "Pareto k is 0.60, above 0.5"),
        (Estimate(-3.0, 0.01), np.inf, "above 0.5"),
        (Estimate(-3.0, 0.09), 0.3, "effective draws"),
        (Estimate(-3.0, 0.035), 0.45, "only 17% of the draws count"),
        (Estimate(-3.0, 0.2), 0.3, "is above 0.1"),
        (Estimate(-np.inf, np.nan), np.inf, "is above 0.1"),
    ],
)
def test_importance_sampling_that_fails(estimate: Estimate, k: float, said: str) -> None:
    found = of_proposal(Importance(estimate, k), 4000, 2)
    assert not found.good and said in found.message and "aq.sample" in found.message


def test_importance_sampling_that_works() -> None:
    found = of_proposal(Importance(Estimate(-3.0, 0.01), 0.2), 4000, 2)
    assert found.good and found.method == "importance" and found.second is None
    assert found.value == pytest.approx(-3 + np.log(2))
    # Independent draws of the posterior itself would have no error.
    assert found.effective == pytest.approx(4000 / 1.4)


def test_what_is_exact() -> None:
    found = of_exact(-1.25, ["a note on it"])
    assert found.good and found.error == 0 and found.method == "exact"
    assert repr(found) == "-1.25 nats (exact)"
    assert found.message.endswith("A note on it.")


def test_a_ladder_that_works() -> None:
    found = of_ladder(Estimate(-7.0, 0.02), 1500.0, 1.002, [60, 70], 8, ["a note on it"])
    assert found.good and found.method == "tempering" and found.images == 1
    assert repr(found) == "-7.000 ± 0.020 nats (stepping stones)"
    assert "130 replicas" in found.message and found.message.endswith("A note on it.")


@pytest.mark.parametrize(
    ("error", "effective", "rhat", "trips", "said"),
    [
        (0.02, 1500.0, 1.0, [150, 0], "in some chain no replica"),
        (0.02, 1500.0, 1.0, [20, 30], "6.2 times"),
        (0.02, 1500.0, 1.2, [60, 70], "chains disagree"),
        (0.02, 120.0, 1.0, [60, 70], "only 120 effective draws"),
        (0.2, 1500.0, 1.0, [60, 70], "is above 0.1"),
        (np.nan, np.nan, np.nan, [], "chains disagree"),
    ],
)
def test_a_ladder_that_does_not(
    error: float, effective: float, rhat: float, trips: list[int], said: str
) -> None:
    found = of_ladder(Estimate(-7.0, error), effective, rhat, trips, 8)
    assert not found.good and said.lower() in found.message.lower()
