"""The gallery's notebooks run, show their figures, and are kept without their outputs.

Some of them run here, and all in `verification/test_gallery.py`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
import pytest

from tests.notebook import executed

GALLERY = Path(__file__).parents[1] / "docs" / "gallery"
NOTEBOOKS = sorted(GALLERY.glob("*.ipynb"))
QUICK = ("mixture_of_regressions", "hidden_markov_model", "change_point")
FIGURES = ("plt.subplots(", "aq.plots.plot_")


def code_cells(path: Path) -> list[Any]:
    notebook = nbformat.read(path, as_version=4)
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def test_there_is_a_notebook_for_each_kind_of_model() -> None:
    assert len(NOTEBOOKS) >= 8


def test_all_are_listed() -> None:
    listed = (GALLERY / "README.md").read_text(encoding="utf-8")
    assert [path.name for path in NOTEBOOKS if f"({path.name})" not in listed] == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_outputs_are_not_kept(path: Path) -> None:
    cells = code_cells(path)
    assert cells
    assert all(cell.outputs == [] and cell.execution_count is None for cell in cells)


@pytest.mark.slow
@pytest.mark.parametrize("name", QUICK)
def test_it_runs(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert_runs(GALLERY / f"{name}.ipynb", monkeypatch)


def assert_runs(path: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    """Run a notebook, see to what it shows and says, and give the number of cells of code."""
    monkeypatch.delenv("MPLBACKEND")  # the kernel chooses its own, which shows pictures inline
    cells = executed(path, GALLERY)
    for cell in cells:
        shown = any("image/png" in output.get("data", {}) for output in cell.outputs)
        assert shown == any(name in cell.source for name in FIGURES), cell.source
        said = [output.text for output in cell.outputs if output.get("name") == "stderr"]
        assert not any("ConvergenceWarning" in text for text in said), said
    return len(cells)
