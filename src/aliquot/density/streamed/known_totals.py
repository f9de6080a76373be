"""Totals of known rows, such as the mean of a covariate: taken once, before anything else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from aliquot.compilation import lazily
from aliquot.density.streamed.parts import Parts
from aliquot.precision import float64
from aliquot.primitives import name_of
from aliquot.rows import Feed

# How totals of blocks are put together, where they are no sums.
COMBINED = {
    "reduce_and": np.bitwise_and,
    "reduce_max": np.maximum,
    "reduce_min": np.minimum,
    "reduce_or": np.bitwise_or,
    "reduce_prod": np.multiply,
}


def known_totals(
    parts: Parts, known: Mapping[Any, Any], names: Sequence[str], feed: Feed
) -> dict[Any, Any]:
    """Give what is known besides once all rows have been gone through, as often as it takes.

    `known` has the values of known inputs; `names` are those of the rows' arrays.
    """
    found = dict(known)
    for stage in range(1, max((parts.of(var).stage for var in parts.means), default=0) + 1):
        wanted = [var for var in parts.means if parts.of(var).stage == stage]
        inputs = list(found)
        combined = [COMBINED.get(name_of(parts.maker(var)), np.add) for var in wanted]

        def of_block(
            values: Any,
            arrays: Any,
            counted: Any,
            first: Any,
            inputs: Any = inputs,
            wanted: Any = wanted,
        ) -> list[Any]:
            given = dict(zip(inputs, values, strict=True))
            needed = [v for v in parts.read_by(wanted) if v not in given]
            given |= dict(zip(needed, parts.without_rows(given, needed), strict=True))
            given |= dict(zip(parts.data, [arrays[name] for name in names], strict=True))
            totals = parts.of_rows(given, wanted, counted, first)
            return [totals[var] for var in wanted]

        program = lazily(of_block)
        totals: list[Any] | None = None
        with float64():
            for block in feed.walk():
                at = np.int64(block.counted), np.int64(block.number * feed.size)
                given = [found[var] for var in inputs]
                part = [np.asarray(each) for each in program(given, block.arrays, *at)]
                totals = (
                    part
                    if totals is None
                    else [
                        np.asarray(combine(a, b))
                        for combine, a, b in zip(combined, totals, part, strict=True)
                    ]
                )
        assert totals is not None
        found.update(zip(wanted, totals, strict=True))
    return found
