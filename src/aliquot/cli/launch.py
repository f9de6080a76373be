"""``aliquot launch``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def launch(
    script: Annotated[Path, typer.Argument(metavar="SCRIPT", help="A Python script.")],
    arguments: Annotated[
        list[str] | None, typer.Argument(metavar="[ARGUMENT]...", help="The script's own.")
    ] = None,
    processes: Annotated[int, typer.Option("--processes", "-n", help="How many processes.")] = 2,
) -> None:
    """Run a script in several processes of this machine, which share its work.

    The script has to call aq.distributed.initialize() right after its imports. The first process
    runs all of it, the others up to there. What the first prints is printed as it is; of the
    others, errors and warnings with their rank before each line. The status is the first one's.
    """
    if processes < 1:
        raise typer.BadParameter(f"-n: at least 1 process; got {processes}")
    if not script.is_file():
        what = "a folder, not a script" if script.is_dir() else "no such file"
        raise typer.BadParameter(f"{script}: {what}")
    from aliquot.distributed.local import LocalProcesses

    def say(line: str) -> None:
        typer.echo(f"aliquot launch: {line}", err=True)

    raise typer.Exit(LocalProcesses(processes, script, arguments or [], say).run())
