"""The notebook runs from top to bottom, and is kept without its outputs."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest

from tests.notebook import executed

NOTEBOOK = Path(__file__).parents[1] / "docs" / "two_gaussians.ipynb"


def read():
    return nbformat.read(NOTEBOOK, as_version=4)


def test_outputs_are_not_kept():
    cells = [cell for cell in read().cells if cell.cell_type == "code"]
    assert cells
    assert all(cell.outputs == [] and cell.execution_count is None for cell in cells)


@pytest.mark.slow
def test_notebook_runs(monkeypatch):
    monkeypatch.delenv("MPLBACKEND")  # the kernel chooses its own, which shows pictures inline
    outputs = [output for cell in executed(NOTEBOOK, Path()) for output in cell.outputs]
    printed = "".join(output.text for output in outputs if output.get("name") == "stdout")
    pictures = [output for output in outputs if "image/png" in output.get("data", {})]
    assert "full rank, ordered" in printed
    assert "exact, ordered" in printed
    assert len(pictures) >= 11
