"""A hidden Markov model of the rows of a table: ``aliquot hmm``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from aliquot.analyses.analysis import Parameter, TableAnalysis
from aliquot.analyses.columns import listing, read_columns
from aliquot.analyses.counting import component_numbers
from aliquot.analyses.covariates import moved, read_covariates
from aliquot.analyses.encoding import EncodingText, dictionary, text
from aliquot.analyses.paths import paths_of_rows
from aliquot.analyses.portraits import portrait_of
from aliquot.analyses.rounding import rounded
from aliquot.builders.filtering import stationary
from aliquot.builders.hidden_markov import INITS, hidden_markov
from aliquot.builders.posterior import Posterior
from aliquot.errors import ParameterError
from aliquot.tables import DataTable, ids, sequences
from aliquot.tables.words import number, quoted

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
    init: str = "free",
    startprob_prior: float = 1.0,
    transmat_prior: float = 1.0,
    persistence: float = 0.0,
    covariates: Sequence[str] = (),
    id_name: str | None = None,
) -> TableAnalysis:
    """Make the analysis of columns; without any, of all that hold numbers.

    How the chain is told of is as of `aliquot.builders.hidden_markov`.

    Raises
    ------
    TableError, ParameterError, ModelError
        Before anything is fitted, for columns or options that make no sense.
    """
    _check(init, startprob_prior, transmat_prior, persistence, covariates)
    names_of_rows = None if id_name is None else ids(table, id_name)
    given = (id_name, sequence, time, *table.chosen(list(covariates), "covariates"))
    aside = list(dict.fromkeys(name for name in given if name is not None))
    read = read_columns(table, columns, aside=aside, family=family, covariance=covariance)
    order = sequences(table, sequence=sequence, time=time)
    moving = read_covariates(table, covariates, order) if covariates else None
    place = np.zeros((2, table.rows), int)
    for at, rows in enumerate(order.rows):
        seen = rows >= 0
        place[:, rows[seen]] = np.stack([np.full(seen.sum(), at), np.flatnonzero(seen)])
    by = {"sequence": sequence, "time": time}
    asked = "".join(f", {key}={text(name)}" for key, name in by.items() if name is not None)
    lines = (
        f"order = sequences(table{asked})",
        "sequence, step = np.zeros((2, table.rows), int)",
        "for at, rows in enumerate(order.rows):",
        "    seen = rows >= 0  # a step that is missing has no row",
        "    sequence[rows[seen]], step[rows[seen]] = at, np.flatnonzero(seen)",
    )
    entries = {"sequence": "sequence", "step": "step", **read.entries}
    if moving is not None:
        entries["covariates"] = "covariates"

    def parameters(draws: xarray.Dataset) -> list[Parameter]:
        moves = draws["P"].values
        first = draws["start"].values if init == "free" else stationary(moves)
        found = [Parameter("start", "", first)]
        found += [Parameter(MOVE, "", moves[..., j], f"to {j}") for j in range(moves.shape[2])]
        if moving is not None:
            found += moving.parameters(draws["slope"].values)
        return [*found, *read.parameters(draws, moves.shape[:2])]

    def more(posterior: Posterior) -> dict[str, np.ndarray]:
        if posterior.components == 1:
            return {"path": np.zeros(table.rows, int)}
        path = paths_of_rows(posterior, analysis.data, read.columns, read.covariance)
        return {"path": path}

    said = [*read.said, order.in_words(), *([] if moving is None else moving.said)]
    if init == "stationary":
        said.append("the first state is that of a chain that has been running for long")
    if persistence:
        said.append(
            f"persistence: beforehand as if {number(persistence)} moves from each state to itself "
            "had been seen"
        )
    analysis = TableAnalysis(
        command="hmm",
        title=f"Hidden states of {listing([c.name for c in read.columns])} of {table.path.name}",
        kind="state",
        kinds="states",
        table=table,
        said=tuple(said),
        written=hidden_markov(
            read.columns,
            read.covariance,
            () if moving is None else moving.names,
            init=init,
            startprob=startprob_prior,
            transmat=transmat_prior,
            persistence=persistence,
        ),
        encoding=EncodingText(
            (
                *lines,
                *(() if moving is None else moving.lines),
                *read.lines,
                *dictionary(entries),
            ),
            tuple({*read.names, "sequences", *([] if moving is None else ["numbers"])}),
            (*read.constants, *(() if moving is None else moving.constants)),
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


def _check(
    init: str,
    startprob_prior: float,
    transmat_prior: float,
    persistence: float,
    covariates: Sequence[str],
) -> None:
    """Refuse what no chain can be written for, in the words of the command's options."""
    if init not in INITS:
        raise ParameterError(f"--init {init!r}: it must be one of {', '.join(INITS)}")
    if covariates and init == "stationary":
        raise ParameterError(
            f"--init stationary: transitions that {quoted(covariates)} move have no stationary "
            "distribution; use --init free"
        )
    for option, value in (
        ("--startprob-prior", startprob_prior),
        ("--transmat-prior", transmat_prior),
    ):
        if not 0 < value < np.inf:
            raise ParameterError(f"{option} must be a finite number above 0; got {value:g}")
    if not 0 <= persistence < np.inf:
        raise ParameterError(
            f"--persistence must be a finite number of at least 0; got {persistence:g}"
        )


def _portrait(parameters: Sequence[Parameter], k: int) -> str:
    said = portrait_of(parameters, k)
    stays = (p.values[:, k] for p in parameters if p.name == MOVE and p.level == f"to {k}")
    stay = next(stays, None)
    if stay is None or stay.shape == () or (stay == 1).all():
        return said
    steps = float(np.median(1 / (1 - np.minimum(stay, 1 - 1e-9))))
    said = f"{said}; it lasts {rounded(steps, steps)} steps on average"
    if by := moved(parameters, k):
        return f"{said} where covariates are at their means, and {by}"
    return said
