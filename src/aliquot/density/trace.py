"""Tracing the log density once, and lifting its large constants out of the program.

An array that a user multiplies by stands inside the traced function as a constant. XLA compiles
constants into the program and folds operations on them: slow to compile when they are large. So
they become arguments, and the function that algorithms see replays the trace.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from aliquot.precision import float64
from aliquot.primitives.internals import replayed
from aliquot.stacking import stacked
from aliquot.stacking.live import live

# Constants of fewer elements stay in the program, where XLA can fold them.
SMALL = 64
CONSTANT = "(constant {})"


class Traced:
    """A log density as a replayed trace.

    ``function(flat, data)`` gives it as a scalar, and is pure. `data` has the given data and the
    lifted constants, by name.
    """

    def __init__(
        self, function: Callable[[Any, Any], Any], size: int, given: dict[str, np.ndarray]
    ) -> None:
        with float64():
            flat = jax.ShapeDtypeStruct((size,), np.float64)
            closed = stacked(live(jax.make_jaxpr(function)(flat, given)))
            keys = sorted(given)
            large = {
                i: CONSTANT.format(i)
                for i, const in enumerate(closed.consts)
                if np.size(const) > SMALL
            }
            self.data: dict[str, Any] = dict(given) | {
                name: np.asarray(closed.consts[i]) for i, name in large.items()
            }

            def replay(flat: Any, data: Any) -> Any:
                consts = [
                    data[large[i]] if i in large else const for i, const in enumerate(closed.consts)
                ]
                return replayed(closed, consts, [flat, *(data[key] for key in keys)])[0]

        self.function = replay
