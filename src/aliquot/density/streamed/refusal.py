"""Why a model of rows on a disk cannot be gone through in blocks: which line, and what in it."""

from __future__ import annotations

from typing import Any

from aliquot.density.streamed.along_rows import AllRowsError
from aliquot.density.streamed.shown import shown_parts
from aliquot.density.streamed.terms import traced_terms
from aliquot.errors import ModelError
from aliquot.primitives import name_of, primitive
from aliquot.primitives.internals import shape_of

# What there is no word for elsewhere, in a user's words.
WORDS = {
    "aliquot_gather_sum": "indexing",
    "custom_jvp_call": "a function of all",
    "dot_general": "a product of rows with rows",
    "gather": "indexing rows",
    "reshape": "a reshape that mixes rows",
    "rev": "rows in another order",
    "slice": "a slice of rows",
    "transpose": "rows in another order",
}


def refused(density: Any, model: Any, error: AllRowsError) -> ModelError:
    """Write the error, with the name of the term in which it comes up."""
    rows = model.rows
    where = _term(density, rows)
    marginal = density.marginal
    if error.of_total and marginal is not None and where == marginal.name:
        what = "a discrete variable that rows share"
    else:
        what = _words(error.equation, error.rows)
        if error.of_total:
            what = f"of a sum over rows that depends on parameters, {what}"
    return ModelError(
        f"{where or 'the model'}: it needs all {rows.total:,} rows at once ({what}), and they lie "
        "on a disk, where they are gone through block by block. What one row contributes may "
        "depend on parameters, on its own discrete variables, and on sums over all rows of data "
        "alone, but not on other rows. Sequences can be rows of their own, with "
        "from_parquet(..., sequence=column); what fits in memory can be read with "
        "aq.Data(name, array)"
    )


def _words(equation: Any, rows: int) -> str:
    shapes = [shape_of(atom) for atom in (*equation.invars, *equation.outvars)]
    if any(shape.count(rows) > 1 for shape in shapes):
        return "each row with each other"
    name = name_of(equation)
    return WORDS.get(name) or primitive(equation).words or name


def _term(density: Any, rows: Any) -> str | None:
    for name, traced in traced_terms(density).items():
        try:
            shown_parts(density, rows, traced)
        except AllRowsError:
            return name
    return None
