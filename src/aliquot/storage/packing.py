"""Arrays by name as the content of one file, with a checksum of each."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np


def packed(arrays: Mapping[str, np.ndarray]) -> bytes:
    """Give the content of an .npz file.

    NumPy's own function turns Ctrl-C into an error of zipfile's.
    """
    buffer = io.BytesIO()
    archive = zipfile.ZipFile(buffer, "w")
    for name, array in arrays.items():
        member = io.BytesIO()
        np.lib.format.write_array(member, np.asanyarray(array), allow_pickle=False)
        archive.writestr(f"{name}.npy", member.getbuffer())
    archive.close()
    return buffer.getvalue()


def unpacked(file: Path) -> dict[str, np.ndarray] | None:
    """Read such a file; None where it is damaged or not there.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "state.npz"
    ...     _ = file.write_bytes(packed({"count": np.array(3)}))
    ...     unpacked(file), unpacked(Path(folder) / "none.npz")
    ({'count': array(3)}, None)
    """
    try:
        with np.load(file, allow_pickle=False) as arrays:
            return {name: arrays[name] for name in arrays.files}
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error):
        return None
