"""Polynomials by Estrin's scheme.

In Horner's each operation waits for the one before. In a loop over an array this matters for long
polynomials, where the processor cannot look ahead to the next elements; short ones take the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def polynomial(x: Any, coefficients: Sequence[float]) -> Any:
    """Compute a polynomial, the constant coefficient first."""
    terms: list[Any] = list(coefficients)
    power = x
    while len(terms) > 1:
        pairs = [a + b * power for a, b in zip(terms[::2], terms[1::2], strict=False)]
        terms = pairs + terms[2 * len(pairs) :]
        power = power * power
    return terms[0]
