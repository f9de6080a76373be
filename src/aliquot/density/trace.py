"""Tracing a function once, and lifting its large constants out of the program.

An array that a user multiplies by stands inside the traced function as a constant. XLA compiles
constants into the program and folds operations on them: slow to compile when they are large. So
they become arguments, and the function that algorithms see replays the trace.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from aliquot.alike import merged, repeats
from aliquot.compilation.fingerprint import fingerprint
from aliquot.density.beforehand import beforehand
from aliquot.precision import float64
from aliquot.primitives import name_of
from aliquot.primitives.internals import (
    ClosedJaxpr,
    every_equation,
    replayed,
    size_of,
    variables,
)
from aliquot.stacking import stacked
from aliquot.stacking.live import live

# Constants of fewer elements stay in the program, where XLA can fold them.
SMALL = 64
CONSTANT = "(constant {})"


class Traced:
    """A function of values and data as a replayed trace: what the data repeat is computed once.

    What matrices of the data decompose into is computed beforehand.

    ``function(values, data)`` gives what the function does that was traced, and is pure. `data` has
    the given data and the lifted constants, by name. `like` says of what shapes the values are.
    With `everywhere`, what is alike is computed once even where it has to be spread again, which
    makes derivatives slow.
    """

    def __init__(
        self,
        function: Callable[[Any, Any], Any],
        like: Any,
        given: dict[str, np.ndarray],
        *,
        everywhere: bool = False,
    ) -> None:
        self._everywhere = everywhere
        with float64():
            written, shapes = jax.make_jaxpr(function, return_shape=True)(like, given)
            self._written = stacked(live(written))
        self._result = jax.tree.structure(shapes)
        self._values = len(jax.tree.leaves(like))
        self._keys = sorted(given)
        program = self._shortened(given)
        # Of the program in which the data's own constants are, only what it is without them.
        self._jaxpr = None if program is None else program.jaxpr
        self.data = self._data(given, program or self._written)
        self.function = self._replay(program or self._written)

    def of(self, given: dict[str, np.ndarray]) -> Traced | None:
        """Give the same trace for other data of the same shapes, with the same function.

        The result is None where other data repeat themselves in another way, so that another
        program computes what is distinct in them.
        """
        if self._jaxpr is None and not repeats(given.values()):
            program = None  # as before: nothing was to be merged but for repetitions
        else:
            program = self._shortened(given)
        if (program is None) != (self._jaxpr is None):
            return None
        if program is not None and str(program.jaxpr) != str(self._jaxpr):
            return None
        fresh = copy(self)
        fresh.data = self._data(given, program or self._written)
        return fresh

    def released(self) -> Traced:
        """Give the same trace without the data: it can be kept for others, which `of` makes."""
        bare = copy(self)
        bare.data = {}
        return bare

    @property
    def written(self) -> ClosedJaxpr:
        """The trace as it was written: of the values, then of the data in the order of `keys`."""
        return self._written

    @property
    def keys(self) -> list[str]:
        """The names of the data, in the order of the trace's inputs."""
        return list(self._keys)

    @property
    def constant_bytes(self) -> int:
        """How much memory the constants take that all data share."""
        return sum(np.asarray(const).nbytes for const in self._written.consts)

    @property
    def numbers_read(self) -> int:
        """How many numbers of the data, and of what was made of them, an evaluation reads."""
        jaxpr: Any = self._written.jaxpr if self._jaxpr is None else self._jaxpr
        read = set(variables(jaxpr.outvars))
        for equation in jaxpr.eqns:
            read.update(variables(equation.invars))
        given = [*jaxpr.constvars, *jaxpr.invars[self._values :]]
        return sum(size_of(var) for var in given if var in read)

    @property
    def fingerprint(self) -> str | None:
        """What is computed, as a digest; None where that cannot be said."""
        return fingerprint(self._written)

    @property
    def is_shortened(self) -> bool:
        """Whether anything is computed once for several rows, or beforehand."""
        return self._jaxpr is not None

    def _shortened(self, given: dict[str, np.ndarray]) -> Any:
        known = {
            self._values + place: np.asarray(given[key]) for place, key in enumerate(self._keys)
        }
        before = beforehand(self._written, known)
        program = merged(before or self._written, known, everywhere=self._everywhere)
        return before if program is None else live(program)

    def _lifted(self, program: Any) -> dict[int, str]:
        """Name the constants that become arguments: large ones, and what was made of the data."""
        written = {id(const) for const in self._written.consts}
        return {
            i: CONSTANT.format(i)
            for i, const in enumerate(program.consts)
            if np.size(const) > SMALL or id(const) not in written
        }

    def _data(self, given: dict[str, np.ndarray], program: Any) -> dict[str, Any]:
        lifted = self._lifted(program)
        return dict(given) | {name: np.asarray(program.consts[i]) for i, name in lifted.items()}

    def _replay(self, program: Any) -> Callable[[Any, Any], Any]:
        keys, large, result = self._keys, self._lifted(program), self._result
        # Derivatives that a user has written take arrays of JAX's, which can be indexed.
        written = any(name_of(each) == "custom_vjp_call" for each in every_equation(program))
        # No data are held: what was lifted is an argument, and others give theirs.
        small = [None if i in large else const for i, const in enumerate(program.consts)]
        bare = ClosedJaxpr(program.jaxpr, small)

        def replay(values: Any, data: Any) -> Any:
            consts = [
                data[large[i]] if i in large else jnp.asarray(const) if written else const
                for i, const in enumerate(small)
            ]
            inputs = [*jax.tree.leaves(values), *(data[key] for key in keys)]
            return jax.tree.unflatten(result, replayed(bare, consts, inputs))

        return replay
