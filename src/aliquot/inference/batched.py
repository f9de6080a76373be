"""What ``batch_size=`` means for a model: its rows a batch at a time, wherever they are."""

from __future__ import annotations

from typing import Any

from aliquot.arguments import whole_number
from aliquot.errors import AliquotWarning, warn
from aliquot.model.cut_to_rows import observed_rows


def read_batches(model: Any, density: Any, batch_size: Any, seed: int, user: str) -> Any:
    """Give the batches of a model's rows; None where all rows are to be used in each iteration.

    Raises
    ------
    ModelError
        For what is no size of a batch, and a model whose rows cannot be taken a batch at a time.

    Warns
    -----
    AliquotWarning
        Where there are fewer rows than a batch is to have.
    """
    if batch_size is None:
        return None
    size = whole_number("batch_size", batch_size)
    from aliquot.density.streamed.batches import DensityInBatches
    from aliquot.density.streamed.in_memory import streamed

    total = model.rows.total if model.rows else observed_rows(model, user)
    if size > total:
        warn(
            f"{user}: batch_size={size:,} is more than the model's {total:,} rows: all of them are "
            "used in each iteration",
            AliquotWarning,
        )
        size = total
    if not model.rows:
        density, model = streamed(model, density, total, size, user)
    return DensityInBatches(density, model, size, seed)
