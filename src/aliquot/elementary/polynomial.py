"""Polynomials by Estrin's scheme, whose operations wait less for one another than Horner's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def polynomial(x: Any, coefficients: Sequence[float]) -> Any:
    """Compute a polynomial, the constant coefficient first.

    Examples
    --------
    >>> polynomial(2.0, [1.0, 0.0, 3.0])
    13.0
    """
    terms: list[Any] = list(coefficients)
    power = x
    while len(terms) > 1:
        pairs = [a + b * power for a, b in zip(terms[::2], terms[1::2], strict=False)]
        terms = pairs + terms[len(pairs) * 2 :]
        power = power * power
    return terms[0]
