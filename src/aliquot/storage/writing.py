"""Writing one file of a store."""

from __future__ import annotations

import os
from pathlib import Path

from aliquot.errors import StorageError
from aliquot.files import FULL, replace


def write(file: Path, content: bytes, *, settled: bool = True) -> None:
    """Replace a file as a whole, and wait until it is on the disk if it is to be `settled`.

    Raises
    ------
    StorageError
        Where that is not possible; names the file.
    """
    try:
        if not file.parent.is_dir():
            file.parent.mkdir(parents=True, exist_ok=True)
        replace(file, content, mode=0o666, settled=settled)
    except OSError as error:
        raise told(file, error) from error


def told(file: Path, error: OSError) -> StorageError:
    """Say which file could not be written, and why."""
    why = error.strerror or str(error)
    if error.errno in FULL:
        why = "there is no room left on the disk"
    return StorageError(f"{file} cannot be written: {why}", error.errno)


def settle(place: Path) -> None:
    """Wait until a file, or the names in a folder, are on the disk.

    Raises
    ------
    StorageError
        Where that is not possible.
    """
    try:
        handle = os.open(place, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
    except OSError as error:
        raise told(place, error) from error
