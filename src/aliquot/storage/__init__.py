"""Runs on the disk: whole at any moment, and to be gone on with after whatever happened."""

from __future__ import annotations

from aliquot.storage.checkpoints import Checkpoint
from aliquot.storage.fits import FitStore
from aliquot.storage.folder import is_fit, read_path, refuse_existing
from aliquot.storage.many import ManyStore
from aliquot.storage.reading import MOST_NUMBERS, open_run
from aliquot.storage.store import RunStore, make, require_zarr

__all__ = [
    "MOST_NUMBERS",
    "Checkpoint",
    "FitStore",
    "ManyStore",
    "RunStore",
    "is_fit",
    "make",
    "open_run",
    "read_path",
    "refuse_existing",
    "require_zarr",
]
