"""From what a user calls files to the files, and what is wrong where there are none."""

from __future__ import annotations

import glob
import os
from collections.abc import Sequence
from pathlib import Path

from aliquot.errors import RowsError
from aliquot.tables.words import count, nearest, quoted

type Located = str | os.PathLike[str]


def files(paths: Located | Sequence[Located], endings: tuple[str, ...]) -> list[Path]:
    """Give the files in the order in which their rows are read.

    Parameters
    ----------
    paths : path or sequence of paths
        A file; a folder, for all files in it and in folders below that have such an ending; a
        pattern such as ``parts/*.parquet``; or several of these, in the order given. What is found
        in a folder or by a pattern is sorted by name.
    endings : tuple of str

    Returns
    -------
    list of Path
        Absolute, so that they mean the same in a process that works in another folder.

    Raises
    ------
    RowsError
        If there is none.
    """
    if isinstance(paths, str | os.PathLike):
        return _files(paths, endings)
    found = [path for one in paths for path in _files(one, endings)]
    if not found:
        raise RowsError("a list of files was given with no file in it")
    return found


def file(path: Located) -> Path:
    """Give one file, or folder, that has to be there.

    Raises
    ------
    RowsError
        If it is not there.
    """
    found = Path(path).absolute()
    if not found.exists():
        raise RowsError(_not_there(Path(path)))
    return found


def said(paths: Located | Sequence[Located], found: Sequence[Path]) -> str:
    """Say in short which files these are."""
    if len(found) == 1:
        return found[0].name
    if isinstance(paths, str | os.PathLike):
        return f"{Path(paths).name or paths} ({count(len(found), 'file')})"
    return f"{found[0].name} to {found[-1].name} ({count(len(found), 'file')})"


def _files(path: Located, endings: tuple[str, ...]) -> list[Path]:
    text = os.fspath(path)
    if glob.has_magic(text) and not Path(text).exists():
        # A `Path` takes no patterns that begin at a root.
        matches = (Path(one).absolute() for one in glob.glob(text, recursive=True))  # noqa: PTH207
        found = sorted(one for one in matches if one.is_file())
        if not found:
            raise RowsError(f"no file matches {text}")
        return found
    there = file(path)
    if not there.is_dir():
        return [there]
    found = sorted(
        one
        for one in there.rglob("*")
        if one.suffix.lower() in endings
        and not any(part.startswith((".", "_")) for part in one.relative_to(there).parts)
    )
    if not found:
        raise RowsError(f"the folder {text} holds no files that end in {' or '.join(endings)}")
    return found


def _not_there(path: Path) -> str:
    if not path.parent.is_dir():
        return f"there is no folder {path.parent}, so no {path.name} in it"
    there = sorted(one.name for one in path.parent.iterdir() if not one.name.startswith("."))
    where = "this folder" if path.parent == Path() else str(path.parent)
    if meant := nearest(path.name, there):
        return f"there is no file {path}: was {' or '.join(map(repr, meant))} in {where} meant?"
    return f"there is no file {path}" + (f"; in {where} are {quoted(there)}" if there else "")
