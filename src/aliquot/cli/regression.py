"""``aliquot regression``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from aliquot.cli import options
from aliquot.cli.answer import answer

if TYPE_CHECKING:
    from aliquot.analyses.analysis import TableAnalysis
    from aliquot.tables import DataTable


def regression(
    table: options.Table,
    formula: Annotated[str, typer.Argument(help="As in 'y ~ x + z'.")],
    components: Annotated[
        str, typer.Option("--components", "-k", metavar="NUMBERS", help=options.NUMBERS)
    ] = "auto",
    weights: Annotated[
        str | None,
        typer.Option(metavar="FORMULA", help="What the components' weights depend on: '~ age'."),
    ] = None,
    family: Annotated[
        str,
        typer.Option(
            help="Of the response: normal, student_t, poisson, negative_binomial, bernoulli or "
            "binomial."
        ),
    ] = "normal",
    trials: Annotated[
        str | None,
        typer.Option(metavar="COLUMN", help="Of binomial: the column of trials, or their number."),
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
    """Find groups of rows in which a response depends on the same terms differently."""
    common = options.Common(table, draws, seed, output, header, separator, quiet, open_report)

    def make(read: DataTable) -> TableAnalysis:
        from aliquot.analyses.regression import regression_of

        return regression_of(
            read,
            formula,
            components=components,
            weights=weights,
            family=family,
            trials=trials,
            id_name=identity,
        )

    answer("regression", common, make)
