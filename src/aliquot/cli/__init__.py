"""The command ``aliquot``: one file for each of its commands."""

from __future__ import annotations

from typing import Annotated

import typer

from aliquot.cli.classes import classes
from aliquot.cli.demo import demo
from aliquot.cli.hmm import hmm
from aliquot.cli.launch import launch
from aliquot.cli.mixture import mixture
from aliquot.cli.regression import regression

app = typer.Typer(
    name="aliquot",
    help="Bayesian models with hidden discrete structure.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def main() -> None:
    """Run the command line."""
    app()


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"aliquot {version('aliquot')}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Say the version."),
    ] = False,
) -> None:
    """Bayesian models with hidden discrete structure."""


for command in (mixture, classes, hmm, regression, demo):
    app.command()(command)
# What follows the script is the script's own, options included.
app.command(context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})(
    launch
)
