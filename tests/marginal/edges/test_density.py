"""Models of calls at their edges: their density is that of enumeration."""

from __future__ import annotations

import numpy as np
import pytest

from tests.marginal.agreement import assert_close
from tests.marginal.edges.call import calls, together
from tests.marginal.edges.density import densities
from tests.marginal.edges.every import MAKERS

# Those of which the parameters are at an edge most often.
RULES = [rule for rule in sorted(MAKERS) if rule.startswith(("scatter", "dynamic", "reduce_and"))]
RULES += ["convert_element_type", "cond", "div", "gather", "pad", "reshape", "select_n", "unstack"]
CALLS = [call for rule in RULES for call in calls(rule, 2, start=100, sums=True)]
PROGRAMS = list(together(CALLS, 10))


@pytest.mark.slow
@pytest.mark.parametrize("part", range(len(PROGRAMS)))
def test_density_and_gradient_are_those_of_enumeration(part: int) -> None:
    found, expected = densities(PROGRAMS[part], np.random.default_rng([11, part]))
    assert_close(found, expected)
