"""From a function of a model's density to the same function of all rows on the disk."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

import jax
import numpy as np

from aliquot.alike import rows_apart
from aliquot.density.density import Density
from aliquot.density.streamed.along_rows import AllRowsError
from aliquot.density.streamed.host import PassesOverRows
from aliquot.density.streamed.known_totals import known_totals
from aliquot.density.streamed.lengths import OtherLengthError, TwoTraces, with_rows
from aliquot.density.streamed.parts import Parts
from aliquot.density.streamed.programs import Programs
from aliquot.density.streamed.refusal import refused
from aliquot.density.structure import unshared
from aliquot.errors import ModelError
from aliquot.precision import float64
from aliquot.primitives import inline
from aliquot.rows import Feed

# Numbers in a block, about. To call a program takes as long as some ten thousand of them.
NUMBERS = 2**18

Trace = Callable[[Density], Any]


def block_length(rows: Any) -> int:
    """Choose how many rows a block has: a number that is hardly the length of anything else."""
    width = sum(max(prod(source.tail), 1) for source in rows.sources.values())
    if rows.total <= rows.shown:
        return int(rows.shown)
    wanted = min(max(NUMBERS // width, rows.shown), -(-rows.total // 64) * 64)
    return int(max(64 * last_prime(wanted // 64), rows.shown))


def last_prime(number: int) -> int:
    """Give the largest prime up to a number from 2 on.

    >>> last_prime(10), last_prime(2)
    (7, 2)
    """
    return next(n for n in range(number, 1, -1) if all(n % k for k in range(2, int(n**0.5) + 1)))


def traced(function: Callable[[Density, Any, Any], Any], size: int) -> Trace:
    """Give what traces a function of a density, a vector of so many numbers, and data."""

    def trace(density: Density) -> Any:
        vector = jax.ShapeDtypeStruct((size,), np.float64)
        with float64():
            return jax.make_jaxpr(lambda flat, data: function(density, flat, data))(
                vector, density._leaves.arrays()
            )

    return trace


class OverRows:
    """What a model is of, as it is written and with as many rows as a block has."""

    def __init__(self, model: Any, density: Density) -> None:
        self._model, self._rows, self._density = model, model.rows, density
        self._size = block_length(model.rows)
        self._other: Density | None = None
        self.feed = Feed(self._rows.sources, self._size)

    def passes(self, trace: Trace, size: int) -> PassesOverRows:
        """Make of a trace, of a vector of so many numbers and of data, what goes through all rows.

        Raises
        ------
        ModelError
            Where something needs all rows at once.
        """
        rows = self._rows
        given = self._density._leaves.arrays()
        keys = sorted(given)
        places = [1 + i for i, key in enumerate(keys) if key in rows.sources]
        program = inline(trace(self._density))
        try:
            parts = Parts(program, [0], places, rows.shown)
        except AllRowsError as error:
            raise refused(self._density, self._model, error) from None
        if self._size != rows.total:
            program = self._of_a_block(trace, program)
            parts = Parts(program, [0], places, self._size)
        names = [keys[i - 1] for i in places]
        values = dict(zip(program.jaxpr.invars[1:], (given[key] for key in keys), strict=True))
        known = {var: values[var] for var in parts.known}
        known = known_totals(parts, known, names, self.feed)
        return PassesOverRows(Programs(parts, known, names), self.feed, size)

    def _of_a_block(self, trace: Trace, written: Any) -> Any:
        """Give the trace of a block of rows, with the number of all where a number is meant."""
        rows, size = self._rows, self._size
        # Of what fits in a block the trace is there; of fewer, all is decided as it was.
        count = size if size != rows.shown else size - 64
        if self._other is None:
            with unshared(), rows_apart(2**62):
                self._other = Density(with_rows(self._model, count))
        other = inline(trace(self._other))
        one, two = (written, other) if size == rows.shown else (other, written)
        of_two = count if size == rows.shown else rows.shown
        try:
            return TwoTraces(one, two, size, of_two, rows.total).program
        except OtherLengthError as error:
            raise ModelError(
                "the log density depends on the number of rows, which lie on a disk, in a way that "
                "does not follow from the rows that it was looked at with. Where a number of rows "
                f"is meant, write it down, as len(x) or {rows.total}"
            ) from error
