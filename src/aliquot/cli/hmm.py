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
    init: Annotated[
        str,
        typer.Option(
            metavar="HOW",
            help="The first state: free, with probabilities of its own, or stationary, those of a "
            "chain that has been running for long.",
        ),
    ] = "free",
    covariate: Annotated[
        list[str] | None,
        typer.Option(
            metavar="COLUMN",
            help="What the moves into a step depend on. May be given several times.",
        ),
    ] = None,
    persistence: Annotated[
        float,
        typer.Option(
            metavar="MOVES",
            help="How many moves from each state to itself the prior is worth.",
        ),
    ] = 0.0,
    startprob_prior: Annotated[
        float,
        typer.Option(
            metavar="NUMBER", help="Concentration of the first state's prior; 1 is uniform."
        ),
    ] = 1.0,
    transmat_prior: Annotated[
        float,
        typer.Option(metavar="NUMBER", help="The same of each row of transition probabilities."),
    ] = 1.0,
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
            init=init,
            startprob_prior=startprob_prior,
            transmat_prior=transmat_prior,
            persistence=persistence,
            covariates=covariate or [],
            id_name=identity,
        )

    answer("hmm", common, make)
