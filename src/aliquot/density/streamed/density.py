"""The density of a model whose rows lie on a disk: that of the rows it is written with, and all."""

from __future__ import annotations

from contextlib import suppress
from functools import cached_property
from math import isqrt, prod
from typing import Any

import numpy as np

from aliquot.alike import rows_apart
from aliquot.density.density import Density
from aliquot.density.streamed.all_rows import check_all_rows
from aliquot.density.streamed.along_rows import AllRowsError
from aliquot.density.streamed.function import differentiable
from aliquot.density.streamed.host import PassesOverRows
from aliquot.density.streamed.known_totals import known_totals
from aliquot.density.streamed.lengths import OtherLengthError, TwoTraces, with_rows
from aliquot.density.streamed.parts import Parts
from aliquot.density.streamed.programs import Programs
from aliquot.density.streamed.refusal import refused
from aliquot.density.streamed.unflattened import unflattened
from aliquot.density.structure import unshared
from aliquot.errors import ModelError
from aliquot.primitives import inline
from aliquot.rows import Feed

# Numbers in a block, about. To call a program takes as long as some ten thousand of them.
NUMBERS = 2**18
# So many lengths of a block are tried.
CHOICES = 3


def block_lengths(rows: Any) -> list[int]:
    """Choose how many rows a block may have: numbers that are hardly the length of anything else.

    All are given that come close: the first may be the length of something by chance.
    """
    width = sum(max(prod(source.tail), 1) for source in rows.sources.values())
    largest, needed = max(NUMBERS // width // 64, 2), -(-rows.total // 64)
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


class StreamedDensity(Density):
    """A `Density` of which the log density, and its derivatives, go through rows on a disk.

    Whatever else it has is of the rows that the model is written with: coordinates, where chains
    start, which components can trade places.

    Attributes
    ----------
    feed : Feed
    host : PassesOverRows
    """

    def __init__(self, model: Any) -> None:
        with unshared(), rows_apart(2**62):
            super().__init__(model)
        self._model_rows = rows = model.rows
        self.deterministics = [d for d in self.deterministics if not self._of_rows(d)]
        keys = self._traced.keys
        data = [1 + i for i, key in enumerate(keys) if key in rows.sources]
        program = unflattened(inline(self._traced.written), rows.shown)
        try:
            Parts(program, [0], data, rows.shown)
            program, size = self._of_a_block(model, program)
            parts = Parts(program, [0], data, size)
        except AllRowsError as error:
            raise refused(self, model, error) from None
        self.feed = Feed(rows.sources, size)
        check_all_rows(model, self.feed)
        traced = self._traced
        names = [keys[i - 1] for i in data]
        values = {v: traced.data[k] for v, k in zip(program.jaxpr.invars[1:], keys, strict=True)}
        known = {var: values[var] for var in parts.known}
        known = known_totals(parts, known, names, self.feed)
        self.host = PassesOverRows(Programs(parts, known, names), self.feed, self.size)
        function = differentiable(self.host)

        def log_density(flat: Any, data: Any) -> Any:
            return function(flat)

        self.log_density = log_density

    def _of_a_block(self, model: Any, written: Any) -> tuple[Any, int]:
        """Give the trace of a block of rows, with the number of all rows where a number is meant.

        With how many rows the block has.
        """
        rows = model.rows
        for size in block_lengths(rows):
            with unshared(), rows_apart(2**62):
                block = inline(Density(with_rows(model, size))._traced.written)
            block = unflattened(block, size)
            with suppress(OtherLengthError):
                return TwoTraces(block, written, size, rows.shown, rows.total).program, size
        raise ModelError(
            "the log density depends on the number of rows, which lie on a disk, in a way that "
            "does not follow from the rows that it was looked at with. Where a number of rows "
            f"is meant, write it down, as len(x) or {rows.total}"
        )

    reads_rows = True

    def with_current_data(self) -> Density | None:
        """Give none: what is known of all rows is worked out anew."""
        return None

    @cached_property
    def numbers_read(self) -> int:
        """How many numbers of the data the log density reads."""
        sources = self._model_rows.sources.values()
        return int(sum(source.rows * max(prod(source.tail), 1) for source in sources))

    def evaluate(self, flat: Any) -> float:
        """Compute the log density at a flat vector, on the host."""
        return float(self.host.values(np.asarray(flat, dtype=float)[None])[0])

    def _of_rows(self, node: Any) -> bool:
        """Say whether something is computed from rows on a disk."""
        from aliquot.expression import leaves

        return any(leaf.name in self._model_rows.sources for leaf in leaves(node))

    def _shortened(self, one: Any, like: Any, times: int | None = None) -> None:
        """Leave rows as they are: others come in their place."""
        return None
