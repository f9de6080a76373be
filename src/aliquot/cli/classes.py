"""``aliquot classes``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from aliquot.cli import options
from aliquot.cli.answer import answer

if TYPE_CHECKING:
    from aliquot.analyses.analysis import TableAnalysis
    from aliquot.tables import DataTable


def classes(
    table: options.Table,
    columns: options.Columns = None,
    number: Annotated[
        str, typer.Option("--classes", "-k", metavar="NUMBERS", help=options.NUMBERS)
    ] = "auto",
    identity: options.Identity = None,
    draws: options.Draws = 2000,
    seed: options.Seed = 0,
    output: options.Output = None,
    header: options.Header = None,
    separator: options.Separator = None,
    quiet: options.Quiet = False,
    open_report: options.Open = False,
) -> None:
    """Find latent classes of respondents, told by their answers to questions."""
    common = options.Common(table, draws, seed, output, header, separator, quiet, open_report)

    def make(read: DataTable) -> TableAnalysis:
        from aliquot.analyses.latent_classes import classes_of

        return classes_of(read, columns or [], classes=number, id_name=identity)

    answer("classes", common, make)
