"""An analysis on a terminal: what is read, the model, each fit as it is made, and the answer."""

from __future__ import annotations

import shlex
import sys
import time
import webbrowser
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import typer

from aliquot.background import Background

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console

    from aliquot.analyses.analysis import TableAnalysis
    from aliquot.analyses.run import Answer
    from aliquot.builders.posterior import Posterior
    from aliquot.cli.options import Common
    from aliquot.tables import DataTable

WRONG, FAILED, INTERRUPTED = 2, 1, 130
WIDTH = 88
MODEL = (
    "The model, with weakly informative priors (in standard deviations where columns are "
    "standardised):"
)


def answer(command: str, common: Common, make: Callable[[DataTable], TableAnalysis]) -> None:
    """Read, fit and write; everything that is wrong with what was asked ends with status 2."""
    began = time.perf_counter()
    with _refusing(command):
        analysis, folder = _prepared(common, make)
    # Drawing needs libraries that take a second to load, which fits in while XLA compiles.
    Background(target=_load_drawing).start()
    from rich.console import Console

    console = Console(highlight=False, quiet=common.quiet)
    for text in (analysis.table.in_words(), *analysis.said):
        _say(console, text)
    _say(console, f"\n{MODEL}\n")
    _show_model(console, analysis.written.function)
    found = _run(command, analysis, folder, common, console)
    if found.report is None:
        typer.echo(f"Stopped. All but the report is in {folder}.", err=True)
        raise typer.Exit(INTERRUPTED)
    _say(console, f"\nReport: {found.report}   ({time.perf_counter() - began:.0f} s)")
    if not found.partial:
        others = "assignments.csv, components.csv, posterior.nc, model.py, summary.txt"
        _say(console, f"Beside it: {others}")
    if common.open:
        webbrowser.open(found.report.resolve().as_uri())
    if found.partial:
        typer.echo(f"Stopped. What was found until then is in {folder}.", err=True)
        raise typer.Exit(INTERRUPTED)


def _prepared(
    common: Common, make: Callable[[DataTable], TableAnalysis]
) -> tuple[TableAnalysis, Path]:
    """Do all that can be refused before any work."""
    from aliquot.analyses.folder import prepared
    from aliquot.arguments import whole_number
    from aliquot.builders.posterior import quietly
    from aliquot.errors import ParameterError
    from aliquot.tables import read_table

    whole_number("--draws", common.draws, least=100)
    if common.seed < 0:
        raise ParameterError(f"--seed must be a whole number of at least 0; got {common.seed}")
    table = read_table(common.table, separator=common.separator, header=common.header)
    analysis = make(table)
    # What is wrong with a model shows when it is built, before anything is fitted.
    quietly(analysis.written, analysis.data, analysis.numbers[0])
    return analysis, prepared(common.output or analysis.folder, common.table)


def _run(
    command: str, analysis: TableAnalysis, folder: Path, common: Common, console: Console
) -> Answer:
    from aliquot.analyses.analysis import RunSettings
    from aliquot.analyses.run import run
    from aliquot.analyses.stopping import stopping
    from aliquot.errors import AliquotError

    def tell(posterior: Posterior, said: tuple[str, ...]) -> None:
        if len(posterior.comparison.rows) > 1:
            _compare(console, analysis, posterior)
        console.print()
        for text in said:
            _say(console, text)

    settings = RunSettings(common.draws, common.seed)
    given = shlex.join(["aliquot", *sys.argv[1:]]) if sys.argv[1:2] == [command] else command
    try:
        with stopping() as stop, _status(common.quiet) as doing:
            return run(
                analysis,
                folder,
                settings,
                stop,
                command=given,
                doing=doing,
                found=tell,
                progress=not common.quiet,
            )
    except KeyboardInterrupt:
        _left(folder)
        typer.echo("\nStopped before the first fit was done: nothing was written.", err=True)
        raise typer.Exit(INTERRUPTED) from None
    except (AliquotError, OSError) as error:
        _left(folder)
        typer.echo(f"aliquot {command}: {error}", err=True)
        raise typer.Exit(FAILED) from None


def _left(folder: Path) -> None:
    """Take the folder away again if there is nothing in it."""
    with suppress(OSError):
        folder.rmdir()


@contextmanager
def _refusing(command: str) -> Iterator[None]:
    """Turn what is wrong with a table or an option into a line and exit status 2."""
    from aliquot.errors import AliquotError

    try:
        yield
    except (AliquotError, ImportError) as error:
        said = str(error).replace("header=True or header=False", "--header or --no-header")
        typer.echo(f"aliquot {command}: {said}", err=True)
        raise typer.Exit(WRONG) from None


@contextmanager
def _status(quiet: bool) -> Iterator[Callable[[str], None]]:
    """Show what is being done and for how long, on a terminal alone."""
    from rich.console import Console

    console = Console(stderr=True, quiet=quiet)
    if quiet or not console.is_terminal:
        yield lambda text: None
        return
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task: list[Any] = []

        def doing(text: str) -> None:
            if task and progress.tasks[0].description.split(",")[0] == text.split(",")[0]:
                progress.update(task[0], description=text)
                return
            for old in task:
                progress.remove_task(old)
            task[:] = [progress.add_task(text, total=None)]

        yield doing


def _say(console: Console, text: str) -> None:
    import textwrap

    for line in text.split("\n"):
        console.print(textwrap.fill(line, min(console.width, WIDTH)), markup=False, soft_wrap=True)


def _show_model(console: Console, text: str) -> None:
    from rich.syntax import Syntax

    if console.is_terminal:
        console.print(
            Syntax(text, "python", theme="ansi_dark", background_color="default", word_wrap=True)
        )
    else:
        console.print(text, markup=False, soft_wrap=True)


def _compare(console: Console, analysis: TableAnalysis, posterior: Posterior) -> None:
    from rich.table import Table

    table = posterior.comparison.table
    shown = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0))
    for name in (analysis.kinds, "log evidence", "probability"):
        shown.add_column(name, justify="right")
    for number, row in table.iterrows():
        known = row["log_evidence"] == row["log_evidence"]
        shown.add_row(
            f"{number}",
            f"{row['log_evidence']:.2f} ± {row['error']:.2f}" if known else "no fit",
            f"{row['probability']:.3f}" if known else "",
            style="bold" if number == posterior.components else "",
        )
    console.print()
    console.print(shown)


def _load_drawing() -> None:
    import aliquot.reporting.sections  # noqa: F401
