"""Runs on the disk: whole at any moment, and to be gone on with after whatever happened."""

from __future__ import annotations

from aliquot.storage.checkpoints import Checkpoint
from aliquot.storage.reading import MOST_NUMBERS, open_run, read_path
from aliquot.storage.store import RunStore, make, require_zarr

__all__ = [
    "MOST_NUMBERS",
    "Checkpoint",
    "RunStore",
    "make",
    "open_run",
    "read_path",
    "require_zarr",
]
