"""Tables written for a test."""

from __future__ import annotations

from pathlib import Path

from aliquot.tables import DataTable, read_table


def table(folder: Path, text: str, name: str = "d.csv", **options) -> DataTable:
    """Write a file and read it."""
    path = folder / name
    path.write_text(text, encoding="utf-8", newline="")
    return read_table(path, **options)
