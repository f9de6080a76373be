"""``aliquot mixture``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from aliquot.cli import options
from aliquot.cli.answer import answer

if TYPE_CHECKING:
    from aliquot.analyses.analysis import TableAnalysis
    from aliquot.tables import DataTable


def mixture(
    table: options.Table,
    columns: options.Columns = None,
    components: Annotated[
        str, typer.Option("--components", "-k", metavar="NUMBERS", help=options.NUMBERS)
    ] = "auto",
    family: options.Family = None,
    covariance: Annotated[
        str | None,
        typer.Option(
            metavar="SHAPE",
            help="Within a component: full, tied, diag, spherical or factor. (Default: full.)",
        ),
    ] = None,
    factors: Annotated[int, typer.Option(help="Of --covariance factor.")] = 1,
    identity: options.Identity = None,
    draws: options.Draws = 2000,
    seed: options.Seed = 0,
    output: options.Output = None,
    header: options.Header = None,
    separator: options.Separator = None,
    quiet: options.Quiet = False,
    open_report: options.Open = False,
) -> None:
    """Find the groups in the rows of a table: how many, where they are, who belongs to them."""
    common = options.Common(table, draws, seed, output, header, separator, quiet, open_report)

    def make(read: DataTable) -> TableAnalysis:
        from aliquot.analyses.mixture import mixture_of

        return mixture_of(
            read,
            columns or [],
            components=components,
            family=family or [],
            covariance=covariance,
            factors=factors,
            id_name=identity,
        )

    answer("mixture", common, make)
