"""Latent classes of rows of answers: ``aliquot classes``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from aliquot.analyses.analysis import Parameter, TableAnalysis
from aliquot.analyses.answers import answer_parameters, encode_answers
from aliquot.analyses.columns import MISSING
from aliquot.analyses.components import WEIGHT
from aliquot.analyses.counting import component_numbers
from aliquot.analyses.encoding import EncodingText, dictionary
from aliquot.analyses.portraits import portrait_of
from aliquot.builders import Column
from aliquot.builders.mixture import mixture
from aliquot.builders.names import answer_names
from aliquot.errors import TableError
from aliquot.tables import DataTable, categories, ids
from aliquot.tables.words import count

if TYPE_CHECKING:
    import xarray


def classes_of(
    table: DataTable,
    columns: Sequence[str],
    *,
    classes: str = "auto",
    id_name: str | None = None,
) -> TableAnalysis:
    """Make the analysis of columns; without any, of all that can be answers.

    Raises
    ------
    TableError, ParameterError, ModelError
        Before anything is fitted, for columns or options that make no sense.
    """
    names_of_rows = None if id_name is None else ids(table, id_name)
    aside = [] if id_name is None else [id_name]
    coded = categories(table, list(columns) or None, aside=aside)
    if table.rows < 2:
        raise TableError(f"{table.path.name} has {count(table.rows, 'row')}; 2 or more are needed")
    known = [
        Column(name, "categorical", levels)
        for name, levels in zip(coded.names, coded.levels, strict=True)
    ]
    said = [coded.in_words()]
    if sum(coded.missing.counts.values()):
        said.append(MISSING)
    lines, entries = encode_answers(known, coded.codes)
    return TableAnalysis(
        command="classes",
        title=f"Latent classes of {count(len(known), 'question')} of {table.path.name}",
        kind="class",
        kinds="classes",
        table=table,
        said=tuple(said),
        written=mixture(known),
        encoding=EncodingText((*lines, *dictionary(entries)), ("categories",)),
        numbers=component_numbers(classes, "--classes", table.rows),
        parameters=_parameters(known),
        portrait=portrait_of,
        ids=names_of_rows,
        id_name=id_name or "",
    )


def _parameters(columns: Sequence[Column]) -> Callable[[xarray.Dataset], list[Parameter]]:
    def parameters(draws: xarray.Dataset) -> list[Parameter]:
        weight = Parameter(WEIGHT, "", draws["w"].values)
        return [weight, *answer_parameters(draws, columns, answer_names(columns))]

    return parameters
