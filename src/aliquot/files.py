"""Files that are written whole or not at all.

Each is made in memory, put under another name in the same folder, and takes its place when all of
it is on the disk. Whatever happens before, a full disk or Ctrl-C, an older file of the name stays.
"""

from __future__ import annotations

import errno
import os
import secrets
import stat
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import Any

from aliquot.errors import StorageError

# The quota of a user is full, where the system knows of quotas.
FULL = {errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)}


def write_text(path: Path, text: str) -> None:
    """Write a text as UTF-8, whole or not at all.

    Raises
    ------
    StorageError
        Where it cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_text(Path(folder) / "summary.txt", "two components")
    ...     [path.name for path in Path(folder).iterdir()]
    ['summary.txt']
    """
    write_bytes(path, text.encode())


def write_tree(path: Path, tree: Any) -> None:
    """Write a DataTree as NetCDF, whole or not at all.

    HDF5 makes the file in memory, which takes about as much as the draws: where it meets a full
    disk itself, it ends the process.

    Raises
    ------
    StorageError
        Where it cannot be written.
    """
    file = BytesIO()
    tree.to_netcdf(file, engine="h5netcdf")
    with file.getbuffer() as content:
        write_bytes(path, content)


def write_bytes(path: Path, content: bytes | memoryview) -> None:
    """Write what a file is to hold, whole or not at all.

    Raises
    ------
    StorageError
        Where it cannot be written.
    """
    try:
        older = path.stat().st_mode if path.exists() else None
        if older is None or stat.S_ISREG(older):
            # In the place of what a link points to, not of the link.
            target = Path(os.path.realpath(path))
            replace(target, content, mode=0o666, older=older, settled=True)
        else:  # a pipe or a device, which nothing may take the place of
            path.write_bytes(content)
    except OSError as error:
        raise _told(path, len(content), error) from error


def replace(
    path: Path,
    content: bytes | memoryview,
    *,
    mode: int = 0o600,
    older: int | None = None,
    settled: bool = False,
) -> None:
    """Put a file in the place of another, or leave all as it was and raise what the system says.

    Parameters
    ----------
    path : Path
    content : bytes or memoryview
    mode : int
        Permissions of a new file, of which the user's mask takes away.
    older : int, optional
        Permissions of the older file, which are kept.
    settled : bool
        Whether to wait until it is on the disk, so that it is whole after a loss of power, too.
    """
    if older is not None and not os.access(path, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    temporary = path.with_name(f".new-{secrets.token_hex(8)}")
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
        with os.fdopen(os.open(temporary, flags, mode), "wb") as file:
            file.write(content)
            if older is not None:
                temporary.chmod(stat.S_IMODE(older))
            if settled:
                file.flush()
                os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise


def _told(path: Path, size: int, error: OSError) -> StorageError:
    reason = error.strerror or str(error)
    do = "Choose another folder, or another name"
    if error.errno in FULL:
        reason = f"there is no room on the disk for its {size:,} bytes"
        do = "Make room, or choose a folder on another disk"
    kept = "nothing of it was written"
    with suppress(OSError):
        if path.is_file():
            kept = "the older file of that name is as it was"
    return StorageError(f"{path} cannot be written: {reason}; {kept}. {do}", error.errno)
