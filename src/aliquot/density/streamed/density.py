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
from aliquot.density.streamed.terms import traced_terms
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
        self._model, self._model_rows = model, model.rows
        self.deterministics = [d for d in self.deterministics if not self._of_rows(d)]
        try:
            program, size = self._of_a_block(self._traced.written)
            parts = Parts(program, [0], self._places, size)
        except AllRowsError as error:
            raise refused(self, model, error) from None
        self.feed = Feed(model.rows.sources, size)
        check_all_rows(model, self.feed)
        self.host = self._passes(parts)
        function = differentiable(self.host)

        def log_density(flat: Any, data: Any) -> Any:
            return function(flat)

        self.log_density = log_density

    @property
    def _places(self) -> list[int]:
        """Which of a trace's inputs are rows; the first is the flat vector."""
        return [1 + i for i, key in enumerate(self._traced.keys) if key in self._model_rows.sources]

    def _of_a_block(self, written: Any) -> tuple[Any, int]:
        """Give the trace of a block of rows, with the number of all rows where a number is meant.

        With how many rows the block has.
        """
        rows = self._model_rows
        program = unflattened(inline(written), rows.shown)
        for size in block_lengths(rows):
            block = inline(self._with_rows(size)._traced.written)
            with suppress(OtherLengthError):
                return self._told(block, program, size), size
        Parts(program, [0], self._places, rows.shown)  # which says more, where it is refused
        raise ModelError(
            "the log density depends on the number of rows, which lie on a disk, in a way that "
            "does not follow from the rows that it was looked at with. Where a number of rows "
            f"is meant, write it down, as len(x) or {rows.total}"
        )

    def _with_rows(self, size: int) -> Density:
        """Make the density of as many rows, of those that are known."""
        with unshared(), rows_apart(2**62):
            return Density(with_rows(self._model, size))

    def _told(self, block: Any, program: Any, size: int) -> Any:
        rows = self._model_rows
        return TwoTraces(unflattened(block, size), program, size, rows.shown, rows.total).program

    def _passes(self, parts: Parts) -> PassesOverRows:
        """Prepare passes over all rows, with what is known of these."""
        keys = self._traced.keys
        names = [keys[i - 1] for i in self._places]
        values = dict(zip(parts.inputs[1:], (self._traced.data[key] for key in keys), strict=True))
        known = known_totals(parts, {var: values[var] for var in parts.known}, names, self.feed)
        return PassesOverRows(Programs(parts, known, names), self.feed, self.size)

    @cached_property
    def _terms_apart(self) -> dict[str, PassesOverRows]:
        """The terms of the log density by name, each with passes of its own."""
        rows, size, other = self._model_rows, self.feed.size, self._with_rows(self.feed.size)
        found = {}
        for name, one in traced_terms(self).items():
            program = unflattened(inline(one), rows.shown)
            block = inline(traced_terms(other, name)[name])
            told = self._told(block, program, size)
            found[name] = self._passes(Parts(told, [0], self._places, size))
        return found

    def terms_at(self, flat: np.ndarray) -> dict[str, float]:
        """Compute the log density's terms at a flat vector, each by a pass over all rows."""
        point = np.asarray(flat, dtype=float)[None]
        return {name: float(each.values(point)[0]) for name, each in self._terms_apart.items()}

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
