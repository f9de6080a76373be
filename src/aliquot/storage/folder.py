"""The folder that a store is: made whole or not at all, with a description of what it is of."""

from __future__ import annotations

import json
import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from os import PathLike, fspath
from pathlib import Path
from typing import Any

from aliquot.errors import StorageError
from aliquot.storage.writing import settle, told, write

# Where what is not Zarr stands.
OWN = ".aliquot"
_RUN = "run.json"
# What a description says of itself where it is of a fit, and of many.
FIT, MANY = "fit", "many"


def read_path(store: Any) -> Path:
    """Read where a store is, or is to be.

    Raises
    ------
    StorageError
        For what is no path.
    """
    try:
        return Path(fspath(store))
    except TypeError:
        raise StorageError(
            f"store must be the path of a folder, as in store='run.zarr'; got {store!r:.60}"
        ) from None


def refuse_existing(path: Path) -> None:
    """Refuse to make a store where there is something of that name."""
    if path.exists() or path.is_symlink():
        raise StorageError(
            f"{path} exists. Go on with it by aq.resume({str(path)!r}, model=model), or choose "
            "another name; nothing of it was touched"
        )


@contextmanager
def making(path: Path, description: Mapping[str, Any]) -> Iterator[Path]:
    """Give a new folder to be filled, which takes its name when the block has ended well.

    Raises
    ------
    StorageError
        Where there is something of that name, or it cannot be written.
    """
    refuse_existing(path)
    new = path.with_name(f".new-{secrets.token_hex(8)}")
    try:
        (new / OWN).mkdir(parents=True)
        write_description(new, description)
        yield new
        settle(new / OWN)
        settle(new)
        new.rename(path)
        settle(path.parent)
    except StorageError:
        raise
    except OSError as error:
        raise told(path, error) from error
    finally:
        shutil.rmtree(new, ignore_errors=True)


def read_description(path: Path) -> dict[str, Any]:
    """Read what the run or the fit of a store was told.

    Raises
    ------
    StorageError
        Where there is no store, or this file of it is damaged.
    """
    if not path.is_dir():
        raise StorageError(f"{path}: there is no run (no such folder)")
    file = path / OWN / _RUN
    if not file.is_file():
        raise StorageError(
            f"{path} is no store of a run: neither aq.sample(..., store=...) nor "
            "aq.fit(..., store=...) has made it"
        )
    try:
        result: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise StorageError(f"{file} is damaged: what the run was told cannot be read") from error
    return result


def write_description(path: Path, description: Mapping[str, Any]) -> None:
    """Replace what stands in a store of its run or fit."""
    write(path / OWN / _RUN, json.dumps(dict(description)).encode())


def is_fit(path: str | PathLike[str]) -> bool:
    """Say whether a store is of a fit, and not of a run.

    Raises
    ------
    StorageError
        Where there is no store.
    """
    return read_description(read_path(path)).get("kind") == FIT
