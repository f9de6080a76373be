"""Values and gradients against the plain function at each assignment of states."""

from __future__ import annotations

import pytest

from tests.marginal.assignments.cases import CASES
from tests.marginal.assignments.oracle import check, mixed_states, uniform_states


@pytest.mark.parametrize("name", list(CASES)[1::2])
def test_uniform_states(name):
    case = CASES[name]
    states = uniform_states(case.discrete)
    check(case.function, case.inputs, case.discrete, states, len(case.discrete))


@pytest.mark.slow
@pytest.mark.parametrize("name", list(CASES)[::2])
def test_elements_in_different_states(name):
    case = CASES[name]
    states = mixed_states(case.discrete, seed=3)
    check(case.function, case.inputs, case.discrete, states, 2)
