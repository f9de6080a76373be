"""A hidden Markov model of the rows of a table: ``aliquot hmm``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from aliquot.analyses.analysis import Parameter, TableAnalysis
from aliquot.analyses.columns import listing, read_columns
from aliquot.analyses.counting import component_numbers
from aliquot.analyses.encoding import EncodingText, dictionary, text
from aliquot.analyses.paths import paths_of_rows
from aliquot.analyses.portraits import portrait_of
from aliquot.analyses.rounding import rounded
from aliquot.builders.hidden_markov import hidden_markov
from aliquot.builders.posterior import Posterior
from aliquot.tables import DataTable, ids, sequences

if TYPE_CHECKING:
    import xarray

MOVE = "transition"


def hidden_markov_of(
    table: DataTable,
    columns: Sequence[str],
    *,
    states: str = "auto",
    sequence: str | None = None,
    time: str | None = None,
    family: Sequence[str] = (),
    covariance: str | None = None,
    id_name: str | None = None,
) -> TableAnalysis:
    """Make the analysis of columns; without any, of all that hold numbers.

    Raises
    ------
    TableError, ParameterError, ModelError
        Before anything is fitted, for columns or options that make no sense.
    """
    names_of_rows = None if id_name is None else ids(table, id_name)
    aside = list(dict.fromkeys(name for name in (id_name, sequence, time) if name is not None))
    read = read_columns(table, columns, aside=aside, family=family, covariance=covariance)
    order = sequences(table, sequence=sequence, time=time)
    place = np.zeros((2, table.rows), int)
    for at, rows in enumerate(order.rows):
        seen = rows >= 0
        place[:, rows[seen]] = np.stack([np.full(seen.sum(), at), np.flatnonzero(seen)])
    given = {"sequence": sequence, "time": time}
    asked = "".join(f", {key}={text(name)}" for key, name in given.items() if name is not None)
    lines = (
        f"order = sequences(table{asked})",
        "sequence, step = np.zeros((2, table.rows), int)",
        "for at, rows in enumerate(order.rows):",
        "    seen = rows >= 0  # a step that is missing has no row",
        "    sequence[rows[seen]], step[rows[seen]] = at, np.flatnonzero(seen)",
    )
    entries = {"sequence": "sequence", "step": "step", **read.entries}

    def parameters(draws: xarray.Dataset) -> list[Parameter]:
        moves = draws["P"].values
        start = Parameter("start", "", draws["start"].values)
        to = [Parameter(MOVE, "", moves[..., j], f"to {j}") for j in range(moves.shape[2])]
        return [start, *to, *read.parameters(draws, moves.shape[:2])]

    def more(posterior: Posterior) -> dict[str, np.ndarray]:
        if posterior.components == 1:
            return {"path": np.zeros(table.rows, int)}
        path = paths_of_rows(posterior, analysis.data, read.columns, read.covariance)
        return {"path": path}

    said = (*read.said, order.in_words())
    analysis = TableAnalysis(
        command="hmm",
        title=f"Hidden states of {listing([c.name for c in read.columns])} of {table.path.name}",
        kind="state",
        kinds="states",
        table=table,
        said=said,
        written=hidden_markov(read.columns, read.covariance),
        encoding=EncodingText(
            (*lines, *read.lines, *dictionary(entries)),
            (*read.names, "sequences"),
            read.constants,
        ),
        numbers=component_numbers(states, "--states", table.rows),
        parameters=parameters,
        portrait=_portrait,
        ids=names_of_rows,
        id_name=id_name or "",
        to_rows=lambda values: values[tuple(place)],
        more=more,
        rows_apart=False,
        thing="step",
    )
    return analysis


def _portrait(parameters: Sequence[Parameter], k: int) -> str:
    said = portrait_of(parameters, k)
    stay = next((p.values[:, k] for p in parameters if p.level == f"to {k}"), None)
    if stay is None or stay.shape == () or (stay == 1).all():
        return said
    steps = float(np.median(1 / (1 - np.minimum(stay, 1 - 1e-9))))
    return f"{said}; it lasts {rounded(steps, steps)} steps on average"
