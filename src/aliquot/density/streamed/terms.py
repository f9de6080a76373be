"""The traces of a log density's terms, each by itself."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np

from aliquot.precision import float64
from aliquot.primitives.internals import ClosedJaxpr
from aliquot.stacking.live import live


def traced_terms(density: Any, *names: str) -> dict[str, ClosedJaxpr]:
    """Trace terms of a density by name, all of them where none is named."""
    flat, data = jax.ShapeDtypeStruct((density.size,), np.float64), density._leaves.arrays()
    with float64():
        every = names or list(jax.eval_shape(density.log_terms, flat, data))
        return {
            name: live(jax.make_jaxpr(lambda f, d, n=name: density.log_terms(f, d)[n])(flat, data))
            for name in every
        }
