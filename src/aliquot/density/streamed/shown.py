"""The trace of a model with the rows that it is written with, taken apart."""

from __future__ import annotations

from typing import Any

from aliquot.density.streamed.parts import Parts
from aliquot.density.streamed.unflattened import unflattened
from aliquot.primitives import inline


def row_inputs(density: Any, rows: Any) -> list[int]:
    """Say which inputs of a trace are rows; the first is a vector, data follow by their names."""
    return [1 + i for i, key in enumerate(sorted(density._leaves.arrays())) if key in rows.sources]


def shown_parts(density: Any, rows: Any, trace: Any) -> Parts:
    """Take a trace of a vector and of data apart.

    Raises
    ------
    AllRowsError
        Where something needs all rows at once.
    """
    program = unflattened(inline(trace), rows.shown)
    return Parts(program, [0], row_inputs(density, rows), rows.shown)
