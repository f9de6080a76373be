"""The folder of compiled programs: a file for each, written whole or not at all.

Whatever is wrong with it, a program is compiled as if there were none. What lies in it is machine
code and will be run, so a folder that others can write to is not used.
"""

from __future__ import annotations

import hashlib
import os
import stat
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

from aliquot.errors import AliquotWarning, warn
from aliquot.files import replace

VARIABLE, SWITCH = "ALIQUOT_CACHE_DIR", "ALIQUOT_CACHE"
MOST_BYTES = 512 * 2**20
_MARK = b"aliquot program 1\n"
_ENDING = ".program"
# Kept of a full folder, so that not every program pushes out another.
_KEPT = 0.75
# Bytes that a process writes before it looks again at how much there is.
_LOOK_AGAIN = MOST_BYTES // 16
# A file half written for that long has been given up.
_ABANDONED_SECONDS = 3600.0

_lock = threading.Lock()
_written = {"since": _LOOK_AGAIN}  # a process looks at its first file
_warned: set[str] = set()


def folder() -> Path | None:
    """Return the folder of compiled programs, which need not be there yet; None if switched off.

    That is ``$ALIQUOT_CACHE_DIR``, else ``aliquot`` in the user's cache. ``ALIQUOT_CACHE=off``
    switches it off.
    """
    if os.environ.get(SWITCH, "").strip().lower() in ("off", "0", "false", "no"):
        return None
    if named := os.environ.get(VARIABLE):
        return Path(named).expanduser() / "programs"
    try:
        if sys.platform == "darwin":
            base = Path.home() / "Library" / "Caches"
        elif given := os.environ.get("XDG_CACHE_HOME"):
            base = Path(given)
        else:
            base = Path.home() / ".cache"
    except RuntimeError:  # nobody's home is known
        return None
    return base / "aliquot" / "programs" if base.is_absolute() else None


def read(key: str) -> bytes | None:
    """Return what was written under a key; None if there is nothing, or nothing that is sound."""
    place = folder()
    if place is None:
        return None
    path = place / f"{key}{_ENDING}"
    try:
        with path.open("rb") as file:
            if not (_ours(place.stat()) and _ours(os.fstat(file.fileno()))):
                return None
            content = file.read()
    except OSError:
        return None
    body = content[len(_MARK) + 32 :]
    if content != _sealed(key, body):
        forget(key)
        return None
    with suppress(OSError):  # so that what is used is not the first to go
        os.utime(path)
    return body


def write(key: str, body: bytes) -> bool:
    """Write a program under a key, and return whether it could be done."""
    place = folder()
    if place is None or len(body) > MOST_BYTES // 8:
        return False
    try:
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not _ours(place.stat()):
            raise PermissionError(f"{place} belongs to somebody else, or others can write to it")
        # Readable by its owner only. A reader sees the old file, none, or this one.
        replace(place / f"{key}{_ENDING}", _sealed(key, body))
        _bound(place, len(body))
    except OSError as error:
        _say_once(error)
        return False
    return True


def forget(key: str) -> None:
    """Remove what is under a key."""
    place = folder()
    if place is not None:
        with suppress(OSError):
            (place / f"{key}{_ENDING}").unlink()


def _sealed(key: str, body: bytes) -> bytes:
    """Put before a program what shows that it is whole, and that it is the one asked for."""
    seal = hashlib.sha256(key.encode() + b"\n")
    seal.update(body)
    return _MARK + seal.digest() + body


def _ours(status: os.stat_result) -> bool:
    """Say whether a file or folder is this user's, and no one else can write to it."""
    if not hasattr(os, "geteuid"):
        return True
    return status.st_uid == os.geteuid() and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def _bound(place: Path, size: int) -> None:
    """Remove what has not been used for longest, where there is too much."""
    with _lock:
        _written["since"] += size
        if _written["since"] < _LOOK_AGAIN:
            return
        _written["since"] = 0
    files = []
    for entry in os.scandir(place):
        with suppress(OSError):  # another process may remove it first
            status = entry.stat(follow_symlinks=False)
            if entry.name.endswith(_ENDING):
                files.append((status.st_mtime, status.st_size, entry.path))
            elif time.time() - status.st_mtime > _ABANDONED_SECONDS:
                Path(entry.path).unlink()
    total = sum(size for _, size, _ in files)
    if total <= MOST_BYTES:
        return
    for _, size, path in sorted(files):
        with suppress(OSError):
            Path(path).unlink()
        total -= size
        if total <= _KEPT * MOST_BYTES:
            return


def _say_once(error: OSError) -> None:
    """Say why nothing is kept, once, to a user who has named the folder: others need not care."""
    if os.environ.get(VARIABLE) and VARIABLE not in _warned:
        _warned.add(VARIABLE)
        warn(
            f"{VARIABLE}: compiled programs are not kept, because this failed: {error}. Programs "
            f"are compiled anew in each process; name another folder, or set {SWITCH}=off",
            AliquotWarning,
        )
