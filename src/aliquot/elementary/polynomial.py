"""Polynomials in two halves, even powers and odd ones.

Horner's scheme has each operation wait for the one before, Estrin's has more products than FMA
units have time for. In a loop over an array two halves were the fastest.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def polynomial(x: Any, coefficients: Sequence[float]) -> Any:
    """Compute a polynomial of degree 1 or more, the constant coefficient first.

    Examples
    --------
    >>> polynomial(2.0, [1.0, 0.0, 3.0])
    13.0
    """
    square = x * x
    return _horner(square, coefficients[::2]) + x * _horner(square, coefficients[1::2])


def _horner(x: Any, coefficients: Sequence[float]) -> Any:
    total: Any = coefficients[-1]
    for coefficient in coefficients[-2::-1]:
        total = total * x + coefficient
    return total
