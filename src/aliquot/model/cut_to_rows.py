"""A model written with other rows than its own: some of those in memory, or fewer of a disk's.

What is computed of a batch of rows is traced with about as many as the batch has. Each function
gives a copy; the model is left as it is.
"""

from __future__ import annotations

from collections.abc import Collection
from copy import deepcopy
from typing import Any

from aliquot.errors import AliquotError, ModelError, ShapeError
from aliquot.expression import leaves
from aliquot.model.replace import follow
from aliquot.model.streamed import LENGTHS
from aliquot.model.variables import Data, FreeVariable

INSTEAD = (
    "Write data and covariates that have rows as aq.Data(name, array), or as "
    "aq.Data.from_numpy(array, name=...) before everything else, which says of each line why it "
    "cannot go row by row"
)


def observed_rows(model: Any, user: str) -> int:
    """Give the number of rows of a model in memory: the length of what is observed.

    Raises
    ------
    ModelError
        Where nothing is observed, or not all of it has as many rows.
    """
    if not model.observed:
        raise ModelError(
            f"{user}: batch_size= is of rows of observed variables, and the model has none: leave "
            "it out"
        )
    lengths = {}
    for variable in model.observed:
        if variable.missing is not None:
            raise ModelError(
                f"{user}: batch_size: {int(variable.missing.sum())} values of {variable.name!r} "
                "are missing, which are unknowns of their own, and batches are of rows that are "
                "known. Leave batch_size= or these rows out"
            )
        if not variable.shape:
            raise ModelError(
                f"{user}: batch_size: the observed {variable.name!r} is one number, without rows. "
                "Leave batch_size= out"
            )
        lengths[variable.name] = variable.shape[0]
    if len(set(lengths.values())) > 1:
        said = ", ".join(f"{name!r} {length:,}" for name, length in lengths.items())
        raise ModelError(
            f"{user}: batch_size: observed variables differ in their number of rows ({said}), and "
            "a batch is of rows of all of them. Leave batch_size= out"
        )
    return int(next(iter(lengths.values())))


def in_rows(model: Any, total: int, least: int, taken: Collection[int], user: str) -> Any:
    """Copy a model in memory as one whose rows are gone through, written with some of them.

    Parameters
    ----------
    model : Model
    total : int
        How many rows there are: data and observations of this length are rows.
    least : int
        How many rows to write it with, at least, unless these are very many.
    taken : collection of int
        Lengths that other axes have.
    user : str

    Raises
    ------
    ModelError
        Where something else has that length, or a line does not go with fewer rows.
    """
    for variable in model.variables.values():
        of_rows = total in variable.shape
        if isinstance(variable, FreeVariable) and of_rows and not variable.distribution.discrete:
            raise ModelError(
                f"{user}: batch_size: {variable.name!r} has a value for each of the {total:,} "
                "rows, and each is a coordinate, of which a batch says nothing but of its own. "
                "What varies from row to row can be data, a discrete variable, which is summed "
                "out, or an effect of groups of rows: effect[group]"
            )
    copy = deepcopy(model)
    rows = [leaf for leaf in _data(copy) if leaf.shape[:1] == (total,)]
    try:
        copy.rows.hold(rows, total, lambda extremes: fitting(max(least, 2 * extremes), taken))
        follow(copy, checked=False)
        for variable in copy.observed:
            if variable.distribution.shape != variable.shape:
                raise ShapeError(
                    f"{variable.name}: with fewer rows its data have shape {variable.shape}, and "
                    f"its distribution {variable.distribution.shape}"
                )
    except (AliquotError, TypeError, ValueError, IndexError) as error:
        raise ModelError(
            f"{user}: batch_size: the model cannot be written with fewer rows than its {total:,}: "
            f"{error}. Has an array of all rows been written into an expression? {INSTEAD}"
        ) from error
    return copy


def fitting(least: int, taken: Collection[int]) -> int:
    """Give a number of rows to write a model with, a length that nothing else has.

    >>> fitting(100, {128}), fitting(10**6, {3})
    (131, 4127)
    """
    others = range(2 * 64, LENGTHS[-1], 64)
    for lengths in (LENGTHS, others):
        free = [n for n in lengths if n not in taken]
        enough = [n for n in free if n >= least]
        if free and (enough or least > LENGTHS[-1]):
            return enough[0] if enough else free[-1]
    return LENGTHS[-1]


def _data(model: Any) -> list[Any]:
    """List all data of a model, those of observed variables included."""
    own = [leaf for v in model.observed for leaf in leaves(v.value) if isinstance(leaf, Data)]
    return list({id(leaf): leaf for leaf in (*model.data, *model.arrays, *own)}.values())
