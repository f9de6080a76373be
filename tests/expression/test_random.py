"""A few hundred random expressions against NumPy; thousands are among the long checks."""

from __future__ import annotations

import numpy as np
import pytest

from tests.expression.random_expressions import OPERATIONS, Case, cases, compare


@pytest.mark.slow
def test_random_expressions_are_what_numpy_gives(rng: np.random.Generator) -> None:
    chosen = list(cases(rng, len(OPERATIONS), depth=1))
    assert len(chosen) == len(OPERATIONS)
    wrong = [(case.text, problem) for case, problem in compare(chosen)]
    assert not wrong, wrong


def test_a_difference_is_seen() -> None:
    n = np.array([1, 2])
    ((_, problem),) = compare([Case("n / (1 if hasattr(n, 'text') else 2)", {"n": n})])
    assert "[1.0, 2.0] for [0.5, 1.0]" in problem
    ((_, problem),) = compare([Case("n if hasattr(n, 'text') else n * 1.0", {"n": n})])
    assert "dtype int64 for float64" in problem
    ((_, problem),) = compare([Case("n[0:1] if hasattr(n, 'text') else n", {"n": n})])
    assert "shape" in problem
    ((_, problem),) = compare([Case("n.nothing if hasattr(n, 'text') else n", {"n": n})])
    assert "refused" in problem
