"""The density of a model whose data are in memory, as one that goes through its rows."""

from __future__ import annotations

from typing import Any

from aliquot.density.streamed.density import StreamedDensity
from aliquot.errors import ModelError
from aliquot.model.cut_to_rows import in_rows
from aliquot.primitives import inline
from aliquot.primitives.internals import every_equation, shape_of


def streamed(
    model: Any, density: Any, total: int, least: int, user: str
) -> tuple[StreamedDensity, Any]:
    """Give it, and the model as it is written with some rows: `least` of them or more.

    Its coordinates are those of the model's own density. `total` is the number of rows.

    Raises
    ------
    ModelError
        Where the model cannot be written with fewer rows, or needs all of them at once.
    """
    copy = in_rows(model, total, least, lengths_in(density), user)
    try:
        found = StreamedDensity(copy)
    except ModelError as error:
        raise ModelError(
            f"{user}: batch_size: rows of this model cannot be taken a batch at a time. "
            f"{_shared(density, total)}{error}"
        ) from error
    if found.labels != density.labels:
        raise ModelError(
            f"{user}: batch_size: written with fewer rows the model has other unknowns "
            f"({', '.join(found.labels[:5])}): it cannot be fitted in batches"
        )
    return found, copy


def lengths_in(density: Any) -> set[int]:
    """Give the lengths of all axes in the trace of a density."""
    return {
        length
        for equation in every_equation(inline(density._traced.written))
        for atom in (*equation.invars, *equation.outvars)
        for length in shape_of(atom)
    }


def _shared(density: Any, total: int) -> str:
    """Say which discrete variables are summed out over all rows together, if any are."""
    shared = [repr(each.name) for each in density.unknowns if total not in each.node.shape]
    if not shared:
        return ""
    return (
        f"{' and '.join(shared)}, discrete and not of one row each: what is summed out over all "
        "rows together cannot be estimated from some without bias; let it have a value for each "
        "row, or leave batch_size= out. "
    )
