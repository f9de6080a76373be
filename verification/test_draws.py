"""Draws of every family against their exact law, at usual and at large and small scales.

With ``--seed n`` other draws. The quick parts are `tests/distributions/test_sample.py` and
`test_extreme_draws.py`.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from tests.distributions import cases_cut, laws_continuous, laws_discrete, laws_multivariate
from tests.distributions.case import Case
from tests.distributions.law import Law, draws_of, p_value
from tests.distributions.table import CASES
from tests.distributions.test_sample import fit_p_value, has_reference

LAWS = [*laws_continuous.LAWS, *laws_discrete.LAWS, *laws_multivariate.LAWS]
LAWS += [*laws_continuous.LONG, *laws_discrete.LONG]
USUAL = [case for case in [*CASES, *cases_cut.LONG] if has_reference(case)]
DRAWS = 200_000
SEEDS = 3
FAMILY_WISE = 1e-4
SHARE = FAMILY_WISE / (SEEDS * (len(LAWS) + len(USUAL)))


def seeds_of(number: int) -> list[int]:
    return [int(seed) for seed in np.random.default_rng(number).integers(2**31, size=SEEDS)]


@pytest.mark.parametrize("law", LAWS, ids=str)
def test_draws_have_their_exact_law(law: Law, verified: Callable[..., None]) -> None:
    least = min(p_value(law, DRAWS, seed) for seed in seeds_of(LAWS.index(law)))
    verified(
        what=f"draws of {law}",
        against="the exact law: Kolmogorov's test, mean and variance of normal scores",
        cases=SEEDS * DRAWS,
        worst=f"a p-value of {least:.1g}",
    )
    assert least > SHARE


@pytest.mark.parametrize("case", USUAL, ids=str)
def test_draws_fit_the_table(case: Case, verified: Callable[..., None]) -> None:
    distribution = case.build()
    many = [draws_of(distribution, DRAWS, seed) for seed in seeds_of(1000 + USUAL.index(case))]
    assert all(np.all(distribution.support.check(draws)) for draws in many)
    least = min(fit_p_value(case, draws) for draws in many)
    verified(
        what=f"draws of {case}",
        against="SciPy's distribution function or probabilities",
        cases=SEEDS * DRAWS,
        worst=f"a p-value of {least:.1g}",
    )
    assert least > SHARE
