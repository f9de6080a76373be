"""``aliquot hmm``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from aliquot.cli import options
from aliquot.cli.answer import answer

if TYPE_CHECKING:
    from aliquot.analyses.analysis import TableAnalysis
    from aliquot.tables import DataTable


def hmm(
    table: options.Table,
    columns: options.Columns = None,
    states: Annotated[
        str, typer.Option("--states", "-k", metavar="NUMBERS", help=options.NUMBERS)
    ] = "auto",
    sequence: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN", help="To which sequence a row belongs. (Default: one sequence.)"
        ),
    ] = None,
    time: Annotated[
        str | None,
        typer.Option(metavar="COLUMN", help="By which rows are sorted. (Default: as they are.)"),
    ] = None,
    family: options.Family = None,
    covariance: Annotated[
        str | None,
        typer.Option(
            metavar="SHAPE", help="Within a state: full, tied, diag, spherical. (Default: full.)"
        ),
    ] = None,
    identity: options.Identity = None,
    draws: options.Draws = 2000,
    seed: options.Seed = 0,
    output: options.Output = None,
    header: options.Header = None,
    separator: options.Separator = None,
    quiet: options.Quiet = False,
    open_report: options.Open = False,
) -> None:
    """Find the hidden states behind sequences: how many, what they are like, when they change."""
    common = options.Common(table, draws, seed, output, header, separator, quiet, open_report)

    def make(read: DataTable) -> TableAnalysis:
        from aliquot.analyses.hidden_markov import hidden_markov_of

        return hidden_markov_of(
            read,
            columns or [],
            states=states,
            sequence=sequence,
            time=time,
            family=family or [],
            covariance=covariance,
            id_name=identity,
        )

    answer("hmm", common, make)
