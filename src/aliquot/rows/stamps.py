"""Whether files are still the ones that were surveyed: by size and time of change.

What is known of the rows, such as that all numbers are finite and within a support, was found in
one pass. It would be wrong of other files.
"""

from __future__ import annotations

import math
import os
import stat
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from aliquot.errors import RowsError

# How often files are looked at, in seconds, and which part of the time that may take where there
# are many of them.
EVERY = 0.2
SHARE = 0.05


class Stamps:
    """Sizes and times of files, taken now.

    Parameters
    ----------
    paths : sequence of Path
        Files; a folder stands for all files in it.
    """

    def __init__(self, paths: Sequence[Path]) -> None:
        self.paths = tuple(paths)
        self.taken = tuple(_stamp(path) for path in self.paths)
        self._again = -math.inf

    def __getstate__(self) -> dict[str, Any]:
        # Clocks of different processes do not begin at the same time.
        return vars(self) | {"_again": -math.inf}

    def check(self, *, now: bool = False) -> None:
        """Refuse files that have changed; look at most every 0.2 seconds, unless `now`.

        Raises
        ------
        RowsError
            If one has changed, or is gone.
        """
        began = time.monotonic()
        if began < self._again and not now:
            return
        for path, taken in zip(self.paths, self.taken, strict=True):
            try:
                found = _stamp(path)
            except OSError as error:
                raise RowsError(
                    f"{path} was there when its rows were first read, and cannot be read now: "
                    f"{error.strerror or error}. Files may not be moved while they are in use"
                ) from None
            if found != taken:
                raise RowsError(_changed(path, taken, found))
        ended = time.monotonic()
        self._again = ended + max(EVERY, (ended - began) / SHARE)


def _stamp(path: Path) -> tuple[int, int, int]:
    """Give the number of files, their bytes, and when the last of them changed."""
    seen = path.stat()
    if not stat.S_ISDIR(seen.st_mode):
        return 1, seen.st_size, seen.st_mtime_ns
    files, size, latest = 0, 0, 0
    folders = [os.fspath(path)]
    while folders:
        with os.scandir(folders.pop()) as entries:
            for entry in entries:
                if entry.is_dir():
                    folders.append(entry.path)
                    continue
                seen = entry.stat()
                files, size = files + 1, size + seen.st_size
                latest = max(latest, seen.st_mtime_ns)
    return files, size, latest


def _changed(path: Path, taken: tuple[int, int, int], found: tuple[int, int, int]) -> str:
    if taken[0] != found[0]:
        what = f"{found[0]:,} files are in it now, and were {taken[0]:,}"
    elif taken[1] != found[1]:
        what = f"it has {found[1]:,} bytes now, and had {taken[1]:,}"
    else:
        what = "it was written again, with the same size"
    return (
        f"{path} has changed since its rows were first read: {what}. All passes have to see the "
        "same rows: let nothing write to it meanwhile, and begin again with the file as it is now"
    )
