"""Which of JAX's primitives have a faster function here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from aliquot.elementary.error_function import erf, erfc
from aliquot.elementary.exponential import exp, expm1
from aliquot.elementary.logarithm import log, log1p
from aliquot.elementary.logistic import logistic, tanh

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
"""By the primitive's name; each takes one float64 array and works on CPU and elsewhere."""
