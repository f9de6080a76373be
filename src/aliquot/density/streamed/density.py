"""The density of a model whose rows lie on a disk: that of the rows it is written with, and all."""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from functools import cached_property
from math import prod
from typing import Any

import numpy as np

from aliquot.alike import rows_apart
from aliquot.density.density import Density
from aliquot.density.streamed.along_rows import AllRowsError
from aliquot.density.streamed.function import differentiable
from aliquot.density.streamed.host import PassesOverRows
from aliquot.density.streamed.known_totals import known_totals
from aliquot.density.streamed.lengths import OtherLengthError, TwoTraces, with_rows
from aliquot.density.streamed.parts import Parts
from aliquot.density.streamed.programs import Programs
from aliquot.density.streamed.refusal import refused
from aliquot.density.structure import unshared
from aliquot.errors import AliquotWarning, ModelError, warn
from aliquot.primitives import inline
from aliquot.rows import Feed

# Numbers in a block, about. To call a program takes as long as some ten thousand of them.
NUMBERS = 2**18


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
        of_rows = [d.name for d in self.deterministics if self._of_rows(d)]
        self.deterministics = [d for d in self.deterministics if d.name not in of_rows]
        if of_rows:
            warn(
                f"{', '.join(of_rows)}: computed from rows that lie on a disk, so not among the "
                "results: with each draw there would be a value for each row",
                AliquotWarning,
            )
        keys = self._traced.keys
        data = [1 + i for i, key in enumerate(keys) if key in rows.sources]
        program = inline(self._traced.written)
        try:
            parts = Parts(program, [0], data, rows.shown)
        except AllRowsError as error:
            raise refused(self, model, error) from None
        size = block_length(rows)
        if size != rows.total:
            program = self._of_a_block(model, program, size)
            parts = Parts(program, [0], data, size)
        self.feed = Feed(rows.sources, size)
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

    def _of_a_block(self, model: Any, written: Any, size: int) -> Any:
        """Give the trace of a block of rows, with the number of all rows where a number is meant."""
        rows = model.rows
        # Of what fits in a block the trace is there; of fewer, all is decided as it was.
        count = size if size != rows.shown else size - 64
        with unshared(), rows_apart(2**62):
            other = inline(Density(with_rows(model, count))._traced.written)
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

    reads_rows = True

    def pieces(self) -> Iterator[tuple[int, int, Density]]:
        """Give this density for all rows in turn, as many at a time as the model is written with.

        Each comes with the number of its first row, and how many there are; what follows in the
        last piece are copies of the last row.
        """
        rows = self._model_rows
        for block in Feed(rows.sources, rows.shown).walk():
            piece = copy(self)
            piece.data = self.data | block.arrays
            yield block.number * rows.shown, block.counted, piece

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
