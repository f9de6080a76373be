"""Functions of ``aq.math`` against 50 digits, at many arguments."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tests.expression.exact_functions import FUNCTIONS, errors
from tests.expression.test_exact_functions import TOLERANCE

CASES = 400


def test_functions(rng: np.random.Generator, verified: Callable[..., None]) -> None:
    each = [case for name in FUNCTIONS for case in errors(name, rng, CASES)]
    worst = max(each)
    verified(
        what=f"{len(FUNCTIONS)} functions of aq.math",
        against="mpmath, 50 digits",
        cases=len(each),
        worst=f"{worst[0]:.1e} relative",
    )
    assert worst[0] < TOLERANCE, worst[1]
