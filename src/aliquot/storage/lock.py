"""One run writes to a store at a time."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from aliquot.errors import StorageError
from aliquot.storage.folder import OWN


def opened[Store](path: Path, make: Callable[[Path, StoreLock], Store]) -> Store:
    """Hold a store and make of it what writes to it; it is let go of where that fails.

    What was half written is cleared away.

    Raises
    ------
    StorageError
        Where another run writes to it.
    """
    lock = StoreLock(path / OWN)
    try:
        for file in path.rglob(".new-*"):
            with suppress(OSError):
                file.unlink()
        return make(path, lock)
    except BaseException:
        lock.release()
        raise


_held: set[str] = set()
_lock = threading.RLock()  # a lock may be forgotten, and let go, while another is taken


class StoreLock:
    """A store that is held by this process, until it is released or the process ends.

    A record lock of the system, which a forked child does not inherit; of two runs in one process
    the second is refused as well. Where Ctrl-C comes before somebody can see to the release, the
    store is let go of with the lock.
    """

    _handle: int | None = None

    def __init__(self, folder: Path) -> None:
        import fcntl

        self._name = os.path.realpath(folder)
        with _lock:
            if self._name in _held:
                raise _refused(folder)
            handle = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o666)
            try:
                fcntl.lockf(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                os.close(handle)
                raise _refused(folder) from error
            _held.add(self._name)
            self._handle = handle

    def release(self) -> None:
        """Let others write."""
        with _lock:
            if self._handle is not None:
                _held.discard(self._name)
                os.close(self._handle)
                self._handle = None

    def __del__(self) -> None:
        """Let go of a store that was forgotten."""
        with suppress(Exception):  # the process may be ending
            self.release()


def _refused(folder: Path) -> StorageError:
    return StorageError(
        f"{folder.parent} is being written to by another run. Wait for it to end, or stop it; "
        f"aq.open_run({str(folder.parent)!r}) shows how far it has come"
    )
