"""Terms at the edges of every operation that is taken for linear."""

from __future__ import annotations

import importlib

import numpy as np
import pytest

from tests.marginal.edges.call import calls, together
from tests.marginal.edges.cutting import badly_cut
from tests.marginal.edges.every import OFTEN

LINEAR = sorted(importlib.import_module("aliquot.marginal.dependence.linear")._RULES)
CALLS = [call for rule in LINEAR for call in calls(rule, OFTEN.get(rule, 1), sums=True)]
PROGRAMS = list(together(CALLS, 16))


@pytest.mark.slow
@pytest.mark.parametrize("part", range(len(PROGRAMS)))
def test_a_term_is_the_sum_of_its_pieces(part: int) -> None:
    failed, several = badly_cut(PROGRAMS[part], np.random.default_rng([10, part]), known=True)
    assert not failed, "\n".join(failed)
    assert several, "nothing was cut"
