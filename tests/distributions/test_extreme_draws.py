"""Draws at large and small scales against their exact law; `make verify` looks at more of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import special

from tests.distributions import laws_continuous, laws_discrete, laws_multivariate
from tests.distributions.law import Law, least_p_value, p_value

LAWS = [*laws_continuous.LAWS, *laws_discrete.LAWS, *laws_multivariate.LAWS]
DRAWS = 20_000
# One failure by chance in 10,000 runs of the whole table.
SHARE = 1e-4 / len(LAWS)
# These take seconds to compile: several gamma variables, or counts of counts.
MUCH = ("Multinomial", "BetaBinomial", "NegativeBinomial", "ZeroInflated", "Beta(", "Dirichlet")
SLOW = (*MUCH, "LKJ", "Mixture", "MarkovChain", "Binomial(1e18, logit")


def row(law: Law) -> Any:
    marks = [pytest.mark.slow] if law.id.startswith(SLOW) else []
    return pytest.param(law, marks=marks, id=law.id)


@pytest.mark.parametrize("law", [row(law) for law in LAWS])
def test_draws_have_their_exact_law(law: Law) -> None:
    seed = int(np.random.default_rng(LAWS.index(law)).integers(2**31))
    assert p_value(law, DRAWS, seed) > SHARE


def test_the_check_sees_a_spread_that_is_wrong_by_a_sixth(rng: np.random.Generator) -> None:
    z = rng.normal(size=DRAWS)
    assert least_p_value(special.ndtr(z)) > 1e-5
    assert least_p_value(special.ndtr(np.sqrt(7 / 6) * z)) < SHARE
    assert least_p_value(special.ndtr(z + 0.08)) < SHARE


def test_the_check_sees_values_that_are_too_coarse(rng: np.random.Generator) -> None:
    assert least_p_value(np.round(rng.random(DRAWS), 1)) < SHARE
