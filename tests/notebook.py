"""Running a notebook in a process of its own."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import nbclient
import nbformat
from traitlets.config import Config

from tests import seeds

ROOT = Path(__file__).parents[1]
# No machine is so busy that a cell needs it.
_LONGEST_SECONDS = 1200


def executed(path: Path, folder: Path) -> list[Any]:
    """Run a notebook in a folder; give its cells of code with their outputs."""
    notebook = nbformat.read(path, as_version=4)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    if seeds.shifted():
        notebook.cells.insert(0, nbformat.v4.new_code_cell(seeds.program(ROOT)))
    # Sockets in the file system, since kernels that start at once can choose the same port; in a
    # folder of their own, since they are all named alike otherwise, and answer for each other.
    with tempfile.TemporaryDirectory(prefix="kernel-") as sockets:
        nbclient.NotebookClient(
            notebook,
            timeout=_LONGEST_SECONDS,
            startup_timeout=_LONGEST_SECONDS,
            kernel_name="python3",
            resources={"metadata": {"path": str(folder)}},
            config=Config(KernelManager={"transport": "ipc", "ip": f"{sockets}/kernel"}),
        ).execute()
    return cells
