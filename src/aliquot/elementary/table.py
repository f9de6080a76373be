"""Which of JAX's primitives have a faster function here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from aliquot.elementary.exponential import exp, logistic
from aliquot.elementary.logarithm import log, log1p

PRIMITIVES: dict[str, Callable[[Any], Any]] = {
    "exp": exp,
    "log": log,
    "log1p": log1p,
    "logistic": logistic,
}
"""By the primitive's name; each takes one float64 array and works on CPU and elsewhere."""
