"""float64 elementary functions, and triangular products, that compile to fast code on a CPU."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from aliquot.elementary.error_function import erf, erfc
from aliquot.elementary.exponential import exp, expm1, logistic, tanh
from aliquot.elementary.logarithm import log, log1p

__all__ = ["PRIMITIVES"]

PRIMITIVES: dict[str, Callable[[Any], Any]] = {
    "erf": erf,
    "erfc": erfc,
    "exp": exp,
    "expm1": expm1,
    "log": log,
    "log1p": log1p,
    "logistic": logistic,
    "tanh": tanh,
}
"""By the name of JAX's primitive; each takes one float64 array and works on CPU and elsewhere."""
