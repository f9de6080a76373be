"""Random expressions of NumPy's operators, methods and functions against NumPy itself."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from tests.expression.random_expressions import OPERATIONS, cases, compare, compare_replaced

CASES = 1_000
# So many are compiled as one program.
TOGETHER = 50


@pytest.mark.parametrize("depth", [0, 1, 2])
def test_random_expressions(depth: int, verified: Callable[..., None]) -> None:
    rng = np.random.default_rng([20, depth])
    chosen = list(cases(rng, CASES, depth))
    assert len(chosen) == CASES > 2 * len(OPERATIONS)
    wrong, worst = [], 0.0
    for start in range(0, CASES, TOGETHER):
        found, off = compare(chosen[start : start + TOGETHER])
        wrong += found
        worst = max(worst, off)
    verified(
        what=f"random expressions of {len(OPERATIONS)} operations, {depth} inside each other",
        against="NumPy: value, dtype, shape",
        cases=CASES,
        worst=f"{len(wrong)} wrong; {worst:.0e} of the largest number",
    )
    assert not wrong, [(case.text, problem) for case, problem in wrong]


def test_expressions_of_data_that_were_replaced(verified: Callable[..., None]) -> None:
    """Of arrays twice as long, the same expression is what a new one would be."""
    chosen = list(cases(np.random.default_rng(21), CASES, depth=1))
    wrong, compared = [], 0
    for start in range(0, CASES, TOGETHER):
        found, count = compare_replaced(chosen[start : start + TOGETHER])
        wrong += found
        compared += count
    assert compared > CASES / 3
    verified(
        what="random expressions after data of another length were set",
        against="NumPy",
        cases=compared,
        worst=f"{len(wrong)} wrong",
    )
    assert not wrong, [(case.text, problem) for case, problem in wrong]
