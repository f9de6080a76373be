"""From a function of a model's density to the same function of all rows on the disk."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from math import isqrt
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
from aliquot.density.streamed.shown import row_inputs, shown_parts
from aliquot.density.streamed.unflattened import unflattened
from aliquot.density.structure import unshared
from aliquot.errors import ModelError
from aliquot.precision import float64
from aliquot.primitives import inline
from aliquot.rows import Feed

# Numbers in a block, about. To call a program takes as long as some ten thousand of them.
NUMBERS = 2**18
# So many lengths of a block are tried.
CHOICES = 3

Trace = Callable[[Density], Any]


def block_lengths(rows: Any) -> list[int]:
    """Choose how many rows a block may have: numbers that are hardly the length of anything else.

    All are given that come close: the first may be the length of something by chance.
    """
    largest, needed = max(NUMBERS // rows.width // 64, 2), -(-rows.total // 64)
    if needed <= largest:
        found = [n for n in range(max(needed, 2), 2 * needed + 20) if is_prime(n)]
    else:
        found = [n for n in range(largest, 1, -1) if is_prime(n)]
        found += [n for n in range(largest + 1, 2 * largest + 20) if is_prime(n)]
    return [64 * n for n in found if 64 * n != rows.shown][:CHOICES]


def is_prime(number: int) -> bool:
    """Say whether a number from 2 on has no divisor.

    >>> [n for n in range(2, 12) if is_prime(n)]
    [2, 3, 5, 7, 11]
    """
    return all(number % k for k in range(2, isqrt(number) + 1))


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
    """What a model is of, as it is written and with as many rows as a block has.

    Attributes
    ----------
    feed : Feed
        The blocks, whose length is chosen with the first function that is asked for.
    """

    feed: Feed

    def __init__(self, model: Any, density: Density) -> None:
        self._model, self._rows, self._density = model, model.rows, density
        self._other: Density | None = None

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
        try:
            parts = self._of_a_block(trace)
        except AllRowsError as error:
            raise refused(self._density, self._model, error) from None
        names = [key for key in keys if key in rows.sources]
        values = dict(zip(parts.inputs[1:], (given[key] for key in keys), strict=True))
        known = {var: values[var] for var in parts.known}
        known = known_totals(parts, known, names, self.feed)
        return PassesOverRows(Programs(parts, known, names), self.feed, size)

    def _of_a_block(self, trace: Trace) -> Parts:
        """Take the trace of a block of rows apart."""
        if self._other is not None:
            return self._told(trace, self._other, self.feed.size)
        for size in block_lengths(self._rows):
            other = self._written_with(size)
            with suppress(OtherLengthError):
                found = self._told(trace, other, size)
                self._other, self.feed = other, Feed(self._rows.sources, size)
                return found
        shown_parts(self._density, self._rows, trace(self._density))
        raise ModelError(  # where that has not said more
            "the log density depends on the number of rows, which lie on a disk, in a way that "
            "does not follow from the rows that it was looked at with. Where a number of rows "
            f"is meant, write it down, as len(x) or {self._rows.total}"
        )

    def parts_of(self, trace: Trace, size: int) -> Parts:
        """Take a trace of so many rows apart, with the number of all where a number is meant.

        Raises
        ------
        OtherLengthError
            Where it depends on the number of rows in another way.
        """
        return self._told(trace, self._written_with(size), size)

    def _written_with(self, size: int) -> Density:
        with unshared(), rows_apart(2**62):
            return Density(with_rows(self._model, size))

    def _told(self, trace: Trace, other: Density, size: int) -> Parts:
        rows = self._rows
        block = unflattened(inline(trace(other)), size)
        shown = unflattened(inline(trace(self._density)), rows.shown)
        told = TwoTraces(block, shown, size, rows.shown, rows.total).program
        return Parts(told, [0], row_inputs(self._density, rows), size)
