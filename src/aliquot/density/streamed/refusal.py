"""Why a model of rows on a disk cannot be gone through block by block, and which line it is."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np

from aliquot.density.streamed.along_rows import AllRowsError
from aliquot.density.streamed.parts import Parts
from aliquot.errors import ModelError
from aliquot.precision import float64
from aliquot.primitives import inline, name_of, primitive


def refused(density: Any, model: Any, error: AllRowsError) -> ModelError:
    """Write the error, with the name of the term in which it comes up."""
    rows = model.rows
    words = primitive(error.equation).words or name_of(error.equation)
    where = _term(density, rows) or "the model"
    return ModelError(
        f"{where}: it needs all {rows.total:,} rows at once ({words}), and they lie on a disk, "
        "where they are gone through block by block. What one row contributes may depend on "
        "parameters, on its own discrete variables, and on sums over all rows of data alone, but "
        "not on other rows. Sequences can be rows of their own, with from_parquet(..., "
        "sequence=column); what fits in memory can be read with aq.Data(name, array)"
    )


def _term(density: Any, rows: Any) -> str | None:
    data = density._leaves.arrays()
    keys = sorted(data)
    places = [1 + i for i, key in enumerate(keys) if key in rows.sources]
    flat = jax.ShapeDtypeStruct((density.size,), np.float64)
    for name in density.term_names() | {slot.variable.name for slot in density.slots}:
        with float64():
            traced = jax.make_jaxpr(lambda f, d, n=name: density.log_terms(f, d)[n])(flat, data)
        try:
            Parts(inline(traced), [0], places, rows.shown)
        except AllRowsError:
            return name
    return None
