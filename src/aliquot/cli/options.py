"""Options that the commands about tables have in common."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

Table = Annotated[
    Path, typer.Argument(metavar="TABLE", help="A file: .csv, .tsv, .txt (also .gz) or .parquet.")
]
Columns = Annotated[
    list[str] | None, typer.Argument(metavar="[COLUMN]...", help="By default all that fit.")
]
Family = Annotated[
    list[str] | None,
    typer.Option(
        metavar="FAMILY",
        help="normal, student_t, skew_normal, poisson, negative_binomial, bernoulli or "
        "categorical: of all columns, or of one as column:family. May be given several times.",
    ),
]
Identity = Annotated[
    str | None, typer.Option("--id", metavar="COLUMN", help="Names the rows; goes into results.")
]
Draws = Annotated[int, typer.Option(help="Draws of the posterior.", show_default=True)]
Seed = Annotated[int, typer.Option(help="The same seed gives the same answer.")]
Output = Annotated[
    Path | None,
    typer.Option(
        "--output", "-o", help="Folder of the answer. (Default: after the table and the command.)"
    ),
]
Header = Annotated[
    bool | None,
    typer.Option(
        "--header/--no-header", help="Whether the first line has the names. (Default: found out.)"
    ),
]
Separator = Annotated[
    str | None, typer.Option(metavar="CHARACTER", help="Between fields. (Default: found out.)")
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but errors.")]
Open = Annotated[bool, typer.Option("--open", help="Open the report when it is done.")]
NUMBERS = "One number, several as 1:6 or 2,3,5, or auto: from 1 on, while the evidence rises."


@dataclass(frozen=True)
class Common:
    """What these options were given."""

    table: Path
    draws: int
    seed: int
    output: Path | None
    header: bool | None
    separator: str | None
    quiet: bool
    open: bool
