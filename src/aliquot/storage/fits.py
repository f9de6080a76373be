"""The store of a fit: where it is, now and then, and what it gave in the end.

Each is one file, replaced as a whole, so that whenever a fit ends it goes on from the last one.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from aliquot.errors import StorageError
from aliquot.storage.folder import (
    FIT,
    OWN,
    making,
    read_description,
    write_description,
)
from aliquot.storage.lock import StoreLock, opened
from aliquot.storage.packing import packed, unpacked
from aliquot.storage.writing import write

# A damaged file is of no harm while there is another before it.
_KEPT = 2


class FitStore:
    """A store of a fit that this process writes to.

    Attributes
    ----------
    path : Path
    description : dict
        What the fit was told, and of which model and data it is; as JSON knows it.
    state : dict of arrays
        From where the fit can go on, at the time when the store was opened.
    dropped : bool
        Whether a later state was damaged.
    """

    def __init__(self, path: Path, lock: StoreLock) -> None:
        self.path = path
        self._lock = lock
        self.description = read_description(path)
        self.state, self._number, self.dropped = self._latest()

    @classmethod
    def open(cls, path: Path) -> FitStore:
        """Open a store to go on with it.

        Raises
        ------
        StorageError
            Where there is none, or another process writes to it.
        """
        if read_description(path).get("kind") != FIT:
            raise StorageError(f"{path} is the store of a run, not of a fit")
        return opened(path, cls)

    @classmethod
    def make(
        cls, path: Path, description: Mapping[str, Any], state: Mapping[str, np.ndarray]
    ) -> FitStore:
        """Make a store, whole or not at all, and open it.

        Raises
        ------
        StorageError
            Where there is something of that name, or it cannot be written.
        """
        with making(path, {**description, "kind": FIT}) as new:
            write(_state(new, 0), packed(state))
        return cls.open(path)

    def record(self, state: Mapping[str, np.ndarray]) -> None:
        """Write from where the fit can go on; whole, or not at all."""
        write(_state(self.path, self._number + 1), packed(state))
        self._number += 1
        for number, file in _states(self.path):
            if number <= self._number - _KEPT:
                file.unlink(missing_ok=True)

    def finish(self, result: Mapping[str, np.ndarray]) -> None:
        """Write what the fit gave."""
        write(self._result, packed(result))

    def result(self) -> dict[str, np.ndarray] | None:
        """Read what the fit gave; None where it has not ended, or that is damaged."""
        return unpacked(self._result)

    def describe(self, description: Mapping[str, Any]) -> None:
        """Replace the description."""
        self.description = dict(description)
        write_description(self.path, description)

    def close(self) -> None:
        """Let others write to the store."""
        self._lock.release()

    @property
    def _result(self) -> Path:
        return self.path / OWN / "result.npz"

    def _latest(self) -> tuple[dict[str, np.ndarray], int, bool]:
        files = _states(self.path)
        for number, file in reversed(files):
            state = unpacked(file)
            if state is not None:
                return state, files[-1][0], number < files[-1][0]
        raise StorageError(
            f"{self.path}: no state of the fit can be read any more. Remove the folder, and begin "
            "again with aq.fit"
        )


def _state(path: Path, number: int) -> Path:
    return path / OWN / f"state-{number}.npz"


def _states(path: Path) -> list[tuple[int, Path]]:
    files = (path / OWN).glob("state-*.npz")
    return sorted((int(file.stem.split("-")[1]), file) for file in files)
