"""Tracing the log density once, and lifting its large constants out of the program.

An array that a user multiplies by stands inside the traced function as a constant. XLA compiles
constants into the program and folds operations on them: slow to compile when they are large. So
they become arguments, and the function that algorithms see replays the trace.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from typing import Any

import jax
import numpy as np

from aliquot.alike import merged, repeats
from aliquot.density.live import live
from aliquot.precision import float64
from aliquot.primitives.internals import replayed

# Constants of fewer elements stay in the program, where XLA can fold them.
SMALL = 64
CONSTANT = "(constant {})"


class Traced:
    """A log density as a replayed trace, in which what the data repeat is computed once.

    ``function(flat, data)`` gives it as a scalar, and is pure. `data` has the given data and the
    lifted constants, by name.
    """

    def __init__(
        self, function: Callable[[Any, Any], Any], size: int, given: dict[str, np.ndarray]
    ) -> None:
        with float64():
            flat = jax.ShapeDtypeStruct((size,), np.float64)
            self._written = live(jax.make_jaxpr(function)(flat, given))
        self._keys = sorted(given)
        self._program = self._merged(given)
        self.data = self._data(given, self._program or self._written)
        self.function = self._replay(self._program or self._written)

    def of(self, given: dict[str, np.ndarray]) -> Traced | None:
        """Give the same trace for other data of the same shapes, with the same function.

        The result is None where other data repeat themselves in another way, so that another
        program computes what is distinct in them.
        """
        if self._program is None and not repeats(given.values()):
            program = None  # as before: nothing was to be merged but for repetitions
        else:
            program = self._merged(given)
        if (program is None) != (self._program is None):
            return None
        if program is not None and str(program) != str(self._program):
            return None
        fresh = copy(self)
        fresh._program = program
        fresh.data = self._data(given, program or self._written)
        return fresh

    def _merged(self, given: dict[str, np.ndarray]) -> Any:
        known = {1 + place: np.asarray(given[key]) for place, key in enumerate(self._keys)}
        program = merged(self._written, known)
        return None if program is None else live(program)

    def _lifted(self, program: Any) -> dict[int, str]:
        """Name the constants that become arguments: large ones, and what was made of the data."""
        written = {id(const) for const in self._written.consts}
        return {
            i: CONSTANT.format(i)
            for i, const in enumerate(program.consts)
            if np.size(const) > SMALL or (np.size(const) > 1 and id(const) not in written)
        }

    def _data(self, given: dict[str, np.ndarray], program: Any) -> dict[str, Any]:
        lifted = self._lifted(program)
        return dict(given) | {name: np.asarray(program.consts[i]) for i, name in lifted.items()}

    def _replay(self, program: Any) -> Callable[[Any, Any], Any]:
        keys, large = self._keys, self._lifted(program)

        def replay(flat: Any, data: Any) -> Any:
            consts = [
                data[large[i]] if i in large else const for i, const in enumerate(program.consts)
            ]
            return replayed(program, consts, [flat, *(data[key] for key in keys)])[0]

        return replay
