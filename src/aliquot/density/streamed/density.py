"""The density of a model whose rows lie on a disk: that of the rows it is written with, and all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import copy
from functools import cached_property
from math import prod
from typing import Any

import numpy as np

from aliquot.alike import rows_apart
from aliquot.density.density import Density
from aliquot.density.streamed.all_rows import check_all_rows
from aliquot.density.streamed.function import differentiable
from aliquot.density.streamed.host import PassesOverRows
from aliquot.density.streamed.over_rows import OverRows, traced
from aliquot.density.streamed.parts import Parts
from aliquot.density.streamed.terms import traced_terms
from aliquot.density.structure import unshared
from aliquot.errors import AliquotWarning, warn
from aliquot.expression.lengths import of_rows_on_disk
from aliquot.rows import Feed


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
        self._model_rows = model.rows
        of_rows = [d.name for d in self.deterministics if of_rows_on_disk(d)]
        self.deterministics = [d for d in self.deterministics if d.name not in of_rows]
        if of_rows:
            warn(
                f"{', '.join(of_rows)}: computed from rows that lie on a disk, so not among the "
                "results: with each draw there would be a value for each row",
                AliquotWarning,
            )
        self._over = OverRows(model, self)
        self.host = self._over.passes(_log_density, self.size)
        self.feed = self._over.feed
        check_all_rows(model, self.feed)
        function = differentiable(self.host)

        def log_density(flat: Any, data: Any) -> Any:
            return function(flat)

        self.log_density = log_density

    def parts_of(self, size: int) -> Parts:
        """Take the log density apart, traced with so many rows; see `OverRows.parts_of`."""
        return self._over.parts_of(_log_density, size)

    @cached_property
    def _likelihood(self) -> PassesOverRows:
        """The log likelihood, of all variables' values in a row."""
        shapes = {slot.variable.name: slot.variable.shape for slot in self.slots}

        def function(density: Density, vector: Any, data: Any) -> Any:
            given, begin = {}, 0
            for name, shape in shapes.items():
                end = begin + prod(shape)
                given[name] = vector[begin:end].reshape(shape)
                begin = end
            return density.log_likelihood_sum(given, data)

        size = sum(map(prod, shapes.values()))
        return self._over.passes(traced(function, size), size)

    def log_likelihood_in_all(self, values: Mapping[str, np.ndarray]) -> float:
        """Compute the log likelihood of all rows at values of every continuous free variable."""
        parts = [np.ravel(values[slot.variable.name]) for slot in self.slots]
        return float(self._likelihood.values(np.concatenate([np.zeros(0), *parts])[None])[0])

    @cached_property
    def _terms_apart(self) -> dict[str, PassesOverRows]:
        """The terms of the log density by name, each with passes of its own."""

        def passes(name: str) -> PassesOverRows:
            return self._over.passes(lambda density: traced_terms(density, name)[name], self.size)

        return {name: passes(name) for name in traced_terms(self)}

    def terms_at(self, flat: np.ndarray) -> dict[str, float]:
        """Compute the log density's terms at a flat vector, each by a pass over all rows."""
        point = np.asarray(flat, dtype=float)[None]
        return {name: float(each.values(point)[0]) for name, each in self._terms_apart.items()}

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
        rows = self._model_rows
        return int(rows.total * rows.width)

    def evaluate(self, flat: Any) -> float:
        """Compute the log density at a flat vector, on the host."""
        return float(self.host.values(np.asarray(flat, dtype=float)[None])[0])

    def _shortened(self, one: Any, like: Any, times: int | None = None) -> None:
        """Leave rows as they are: others come in their place."""
        return None


def _log_density(density: Density) -> Any:
    """Give the trace of a log density."""
    return density._traced.written
