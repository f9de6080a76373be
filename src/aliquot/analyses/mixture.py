"""A mixture of the columns of a table: ``aliquot mixture``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from aliquot.analyses.analysis import Parameter, TableAnalysis
from aliquot.analyses.columns import listing, read_columns
from aliquot.analyses.components import WEIGHT
from aliquot.analyses.counting import component_numbers
from aliquot.analyses.encoding import EncodingText, dictionary
from aliquot.analyses.portraits import portrait_of
from aliquot.builders.mixture import mixture
from aliquot.tables import DataTable, ids

if TYPE_CHECKING:
    import xarray


def mixture_of(
    table: DataTable,
    columns: Sequence[str],
    *,
    components: str = "auto",
    family: Sequence[str] = (),
    covariance: str | None = None,
    factors: int = 1,
    id_name: str | None = None,
) -> TableAnalysis:
    """Make the analysis of columns; without any, of all that hold numbers.

    Raises
    ------
    TableError, ParameterError, ModelError
        Before anything is fitted, for columns or options that make no sense.
    """
    names_of_rows = None if id_name is None else ids(table, id_name)
    aside = [] if id_name is None else [id_name]
    read = read_columns(table, columns, aside=aside, family=family, covariance=covariance)

    def parameters(draws: xarray.Dataset) -> list[Parameter]:
        weight = draws["w"].values
        return [Parameter(WEIGHT, "", weight), *read.parameters(draws, weight.shape)]

    return TableAnalysis(
        command="mixture",
        title=f"A mixture of {listing([c.name for c in read.columns])} of {table.path.name}",
        kind="component",
        kinds="components",
        table=table,
        said=read.said,
        written=mixture(read.columns, read.covariance, factors),
        encoding=EncodingText((*read.lines, *dictionary(read.entries)), read.names, read.constants),
        numbers=component_numbers(components, "--components", table.rows),
        parameters=parameters,
        portrait=portrait_of,
        ids=names_of_rows,
        id_name=id_name or "",
    )
