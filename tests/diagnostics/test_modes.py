"""What is said of several modes."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

import aliquot as aq
from aliquot.results import build_tree


def tree(**exploration: Any) -> Any:
    draws = np.random.default_rng(0).normal(size=(4, 500))
    return build_tree(posterior={"x": draws}, attrs={"exploration": json.dumps(exploration)})


def test_chains_that_never_crossed() -> None:
    check = aq.check(tree(share=[0.7, 0.3], share_error=[0.01, 0.01], crossings=0))
    (record,) = [r for r in check.records if r.kind == "modes"]
    assert record.severity == "warning"
    assert "2 modes that are no mirror images of each other, with 70% and 30%" in record.message
    assert "never in 500 draws" in record.message
    assert "sampler='tempered'" in record.advice
    assert not check.ok


def test_chains_that_crossed_often() -> None:
    check = aq.check(tree(share=[0.7, 0.3], share_error=[0.01, 0.01], crossings=400))
    assert [r.severity for r in check.records if r.kind == "modes"] == ["info"]
    assert check.ok


def test_the_best_mode_missed() -> None:
    check = aq.check(tree(share=[1.0], share_error=[0.0], below=178.0))
    (record,) = check.records
    assert (record.kind, record.severity) == ("mode_missed", "error")
    assert "178" in record.message


@pytest.mark.parametrize(
    "found",
    [{}, {"share": [1.0]}, {"share": [0.999, 0.001], "share_error": [0.0, 0.0], "crossings": 0}],
)
def test_nothing_is_said_of_one(found: dict[str, Any]) -> None:
    assert aq.check(tree(**found)).records == ()


def test_shares_that_are_rough_are_said_to_be() -> None:
    found = {"share": [0.7, 0.3], "share_error": [0.1, 0.1], "crossings": 0}
    check = aq.check(tree(**found, trusted=False, pareto_k=1.2))
    (record,) = [r for r in check.records if r.kind == "modes"]
    assert "roughly: importance sampling has a Pareto k of 1.20" in record.message


def test_an_attribute_that_is_no_record() -> None:
    draws = np.random.default_rng(0).normal(size=(4, 500))
    for text in ("", "[]", "nonsense"):
        assert aq.check(build_tree(posterior={"x": draws}, attrs={"exploration": text})).ok
