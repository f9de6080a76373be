"""The density of a model whose rows lie on a disk: that of the rows it is written with, and all."""

from __future__ import annotations

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
from aliquot.density.streamed.lengths import Lengths, OtherLengthError, with_fewer_rows
from aliquot.density.streamed.parts import Parts
from aliquot.density.streamed.programs import Programs
from aliquot.density.streamed.refusal import refused
from aliquot.density.structure import unshared
from aliquot.errors import ModelError
from aliquot.primitives import inline
from aliquot.rows import Feed

# Numbers in a block, about, and rows as the model is written with, at most: a call takes some tens
# of microseconds, and what is read next has to find its way into memory meanwhile.
NUMBERS, TIMES = 2**19, 32


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
        width = sum(max(prod(source.tail), 1) for source in rows.sources.values())
        times = int(np.clip(NUMBERS // (rows.shown * width), 1, TIMES))
        times = min(times, -(-rows.total // rows.shown))
        self.feed = Feed(rows.sources, rows.shown * times)
        traced = self._traced
        keys = traced.keys
        data = [1 + i for i, key in enumerate(keys) if key in rows.sources]
        program = inline(traced.written)
        try:
            Parts(program, [0], data, rows.shown)
        except AllRowsError as error:
            raise refused(self, model, error) from None
        program = self._of_all_rows(model, program)
        parts = Parts(program, [0], data, rows.shown)
        names = [keys[i - 1] for i in data]
        values = {v: traced.data[k] for v, k in zip(program.jaxpr.invars[1:], keys, strict=True)}
        known = {var: values[var] for var in parts.known}
        known = known_totals(parts, known, names, self.feed)
        self.host = PassesOverRows(Programs(parts, known, names), self.feed, self.size)
        function = differentiable(self.host)

        def log_density(flat: Any, data: Any) -> Any:
            return function(flat)

        self.log_density = log_density

    def _of_all_rows(self, model: Any, written: Any) -> Any:
        """Give the trace, with the number of all rows where that of those it is of stands."""
        rows = model.rows
        if rows.shown == rows.total:
            return written
        # As many fewer as leaves everything that is decided by lengths as it is.
        fewer = rows.shown - 64
        with unshared(), rows_apart(2**62):
            other = Density(with_fewer_rows(model, fewer))
        try:
            return Lengths(
                written, inline(other._traced.written), rows.shown, fewer, rows.total
            ).program
        except OtherLengthError as error:
            raise ModelError(
                "the log density depends on the number of rows, which lie on a disk, in a way that "
                "does not follow from the rows that it was looked at with. Where a number of rows "
                f"is meant, write it down, as len(x) or {rows.total}"
            ) from error

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
