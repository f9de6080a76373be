"""A few hundred random expressions against NumPy; thousands are among the long checks."""

from __future__ import annotations

import numpy as np
import pytest

from tests.expression.random_expressions import OPERATIONS, Case, cases, compare, compare_replaced


@pytest.mark.slow
def test_random_expressions_are_what_numpy_gives(rng: np.random.Generator) -> None:
    chosen = list(cases(rng, len(OPERATIONS), depth=1))
    assert len(chosen) == len(OPERATIONS)
    wrong, _ = compare(chosen)
    assert not wrong, [(case.text, problem) for case, problem in wrong]


@pytest.mark.slow
def test_random_expressions_follow_data_of_another_length(rng: np.random.Generator) -> None:
    wrong, compared = compare_replaced(list(cases(rng, len(OPERATIONS), depth=0)))
    assert compared > len(OPERATIONS) / 2
    assert not wrong, [(case.text, problem) for case, problem in wrong]


def _only(case: Case) -> str:
    ((_, problem),), _ = compare([case])
    return problem


def test_a_difference_is_seen() -> None:
    n = {"n": np.array([1, 2])}
    other = "hasattr(n, 'text')"
    assert "[1.0, 2.0] for [0.5, 1.0]" in _only(Case(f"n / (1 if {other} else 2)", n))
    assert "dtype int64 for float64" in _only(Case(f"n if {other} else n * 1.0", n))
    assert "shape (1,) for (2,)" in _only(Case(f"n[0:1] if {other} else n", n))
    assert "refused" in _only(Case(f"n.nothing if {other} else n", n))
    assert "nan" in _only(Case(f"n / 1 if {other} else n / 0 * 0", n))
    # What holds a length as a number without reading it where it is noted.
    ((_, problem),), compared = compare_replaced(
        [Case("n * n._shape[0] if " + other + " else n * n.size", n)]
    )
    assert compared == 1
    assert "[2, 4, 2, 4] for [4, 8, 4, 8]" in problem
    assert compare_replaced([Case("n * len(n)", n)]) == ([], 0)
