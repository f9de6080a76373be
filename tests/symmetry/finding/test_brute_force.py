"""What is found is what there is: all ways to exchange and mirror a model's numbers are tried."""

from __future__ import annotations

import pytest

import aliquot as aq
from tests.symmetry.finding.brute_force import BruteForce, generated
from tests.symmetry.finding.small_models import MODELS


@pytest.mark.parametrize("name", MODELS)
def test_none_claimed_that_is_not_and_none_denied_that_is(name):
    with aq.Model() as model:
        MODELS[name]()
    truth = BruteForce(model)
    found = model.symmetries(explain=False)
    assert not found.unseen
    assert generated(found.blocks, truth.shapes) == truth.group()
    assert len(generated(found.coupled, truth.shapes)) == found.modes
