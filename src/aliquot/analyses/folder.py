"""The folder of an answer: refused before any work, and cleared of an earlier one."""

from __future__ import annotations

import tempfile
from pathlib import Path

from aliquot.errors import TableError

FILES = (
    *("summary.txt", "report.html", "assignments.csv", "components.csv", "comparison.csv"),
    *("posterior.nc", "model.py"),
)
# How a summary of ours begins: by it a folder of an earlier answer is known.
MARK = "aliquot "


def prepared(path: Path, table: Path) -> Path:
    """Make the folder, after a look that nothing of somebody else's would be replaced.

    Raises
    ------
    TableError
        If it cannot be made or written to, or files in it would be lost.
    """
    what = "made"
    try:
        there = [name for name in FILES if (path / name).exists()]
        if there and not _ours(path):
            raise TableError(
                f"--output {path}: {there[0]} is in this folder and would be replaced, "
                "and it is not from an earlier run of aliquot: choose another folder"
            )
        if any((path / name).resolve() == table.resolve() for name in FILES):
            raise TableError(f"--output {path}: the table {table.name} itself would be replaced")
        path.mkdir(parents=True, exist_ok=True)
        what = "written to"
        with tempfile.TemporaryFile(dir=path):
            pass
    except OSError as error:
        raise TableError(
            f"--output {path}: the folder cannot be {what} ({error.strerror})"
        ) from error
    return path


def cleared(path: Path) -> None:
    """Take away what an earlier run left, so that no folder holds two answers."""
    for name in FILES:
        (path / name).unlink(missing_ok=True)


def _ours(path: Path) -> bool:
    try:
        with (path / "summary.txt").open(encoding="utf-8") as summary:
            return summary.readline().startswith(MARK)
    except (OSError, UnicodeDecodeError):
        return False
