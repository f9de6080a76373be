"""From an analysis to its folder."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from aliquot.analyses.analysis import RunSettings, TableAnalysis
from aliquot.analyses.assignments import assignments, assignments_table
from aliquot.analyses.components import comparison_table, components_table, in_one_chain
from aliquot.analyses.fitting import fitted
from aliquot.analyses.folder import MARK, cleared
from aliquot.analyses.paragraph import paragraphs
from aliquot.analyses.script import script
from aliquot.analyses.stopping import Stopping
from aliquot.builders.posterior import Posterior
from aliquot.files import write_text, write_tree
from aliquot.tables.words import count

WIDTH = 88


@dataclass(frozen=True, eq=False)
class Answer:
    """What is in the folder.

    Attributes
    ----------
    posterior : Posterior
    paragraphs : tuple of str
    partial : bool
        Whether Ctrl-C ended the comparison.
    report : Path or None
        None where Ctrl-C came before it was written.
    """

    posterior: Posterior
    paragraphs: tuple[str, ...]
    partial: bool
    report: Path | None


def run(
    analysis: TableAnalysis,
    folder: Path,
    settings: RunSettings,
    stop: Stopping,
    *,
    command: str,
    doing: Callable[[str], None],
    found: Callable[[Posterior, tuple[str, ...]], None],
    progress: bool,
) -> Answer:
    """Fit, and write the folder; `doing` hears what is being done, `found` the answer.

    The answer and all tables are written before the page, which takes longest.

    Raises
    ------
    FitError
        Where no number of components could be fitted.
    KeyboardInterrupt
        Where it was stopped before the first one had been.
    """
    numbers = analysis.numbers
    doing(
        f"fitting up to {max(numbers)} {analysis.kinds}"
        if len(numbers) > 1
        else f"fitting {count(numbers[0], analysis.kind, analysis.kinds)}"
    )
    posterior = fitted(analysis, settings, stop, progress)
    partial = posterior.comparison.partial
    with stop.protected():
        said = tuple(_written(analysis, posterior, folder, settings, command, doing, partial))
    found(posterior, said)
    # What follows can be done without.
    stop.kept = False
    report = None
    if partial or not stop.pressed:
        try:
            doing("writing the report")
            report = _report(analysis, posterior, folder, partial)
        except KeyboardInterrupt:
            stop.pressed = True
    return Answer(posterior, said, partial, report)


def _written(
    analysis: TableAnalysis,
    posterior: Posterior,
    folder: Path,
    settings: RunSettings,
    command: str,
    doing: Callable[[str], None],
    partial: bool,
) -> list[str]:
    cleared(folder)
    note = f"PARTIAL: the comparison of numbers of {analysis.kinds} was stopped." if partial else ""
    doing("saving draws")
    trace = posterior.trace
    trace.attrs["command"] = command
    trace.attrs["comparison_partial"] = int(partial)
    write_tree(folder / "posterior.nc", trace)
    text = script(analysis, posterior.components, settings, folder, command, note)
    write_text(folder / "model.py", text)
    parameters = analysis.parameters(in_one_chain(trace))
    write_text(folder / "components.csv", components_table(analysis, parameters))
    if len(posterior.comparison.rows) > 1 or partial:
        write_text(folder / "comparison.csv", comparison_table(analysis, posterior))
    doing("assigning rows")
    rows = assignments(
        analysis, posterior, lambda share: doing(f"assigning rows, {share:.0%} done")
    )
    write_text(folder / "assignments.csv", assignments_table(analysis, rows))
    said = paragraphs(analysis, posterior, parameters, rows, partial)
    write_text(folder / "summary.txt", _summary(analysis, posterior, said, command))
    return said


def _summary(analysis: TableAnalysis, posterior: Posterior, said: list[str], command: str) -> str:
    """Give the text of ``summary.txt``, which is what is said on the terminal and more."""
    parts: list[Any] = [
        command if command.startswith(MARK) else f"{MARK}{command}",
        analysis.title,
        *(f"* {text}" for text in (analysis.table.in_words(), *analysis.said)),
        "",
        *said,
    ]
    if posterior.message:
        parts += ["", "What the checks of the draws found:", posterior.message]
    parts += ["", f"Aliquot {version('aliquot')}"]
    head, *rest = parts
    lines = [textwrap.fill(part, WIDTH) for part in rest]
    return "\n".join([head, *lines]) + "\n"


def _report(analysis: TableAnalysis, posterior: Posterior, folder: Path, partial: bool) -> Path:
    import warnings

    from aliquot.errors import AliquotWarning
    from aliquot.reporting.report import report

    title = f"{analysis.title}{' (partial)' if partial else ''}"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", AliquotWarning)  # the report says them itself
        return report(posterior.trace, posterior.model, folder / "report.html", title=title)
