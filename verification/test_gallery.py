"""The gallery's notebooks: all run, and their cells assert what their text states."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.test_gallery import NOTEBOOKS, assert_runs


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_runs(
    path: Path, monkeypatch: pytest.MonkeyPatch, verified: Callable[..., None]
) -> None:
    cells = assert_runs(path, monkeypatch)
    verified(
        what=f"the notebook `{path.stem}` runs",
        against="what its text states",
        cases=cells,
        worst="no cell fails",
    )
