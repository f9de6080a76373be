"""Log densities of all families against 60 digits, at many parameters of every size."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from tests.distributions import test_log_prob
from tests.distributions.case import Case
from tests.distributions.cases_cut import LONG
from tests.distributions.exact_densities import EXACT, TIERS, errors
from tests.distributions.test_exact_densities import TOLERANCE

CASES = {"moderate": 150, "large": 150, "extreme": 150}


@pytest.mark.parametrize("tier", TIERS)
def test_log_densities(tier: str, rng: np.random.Generator, verified: Callable[..., None]) -> None:
    found = {name: errors(name, rng, tier, CASES[tier]) for name in EXACT}
    each = [case for cases in found.values() for case in cases]
    worst = max(each)
    verified(
        what=f"log densities of {len(EXACT)} parametrisations, {tier} parameters",
        against="mpmath, 60 digits",
        cases=len(each),
        worst=f"{worst[0]:.1e} of max(1, value)",
    )
    assert worst[0] < TOLERANCE[tier], worst[1]


@pytest.mark.parametrize("case", LONG, ids=str)
def test_what_is_cut(case: Case, verified: Callable[..., None]) -> None:
    """What `tests/distributions/test_log_prob.py` does for what is compiled more quickly."""
    test_log_prob.test_equals_the_reference(case)
    test_log_prob.test_is_minus_infinity_off_the_support(case)
    test_log_prob.test_values_and_gradients_are_never_nan(case)
    verified(
        what=f"log density of {case}",
        against="SciPy",
        cases=len(case.points),
        worst=f"within {case.rtol:.0e} of max(1, value)",
    )
