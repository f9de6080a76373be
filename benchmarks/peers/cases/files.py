"""Data and reference moments that the project's tests and notebooks have already."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).parents[3]


@cache
def _json(path: Path) -> Any:
    return json.loads(path.read_text())


def read(name: str) -> dict[str, np.ndarray]:
    """Read one of posteriordb's data sets."""
    values = _json(ROOT / "tests" / "data" / f"{name}.data.json")
    return {key: np.asarray(value, dtype=float) for key, value in values.items()}


def table(name: str) -> np.ndarray:
    """Read a table of whole numbers, without its header."""
    path = ROOT / "docs" / "data" / f"{name}.csv"
    return np.loadtxt(path, delimiter=",", skiprows=1, dtype=np.int64)


def moments(model: str, *names: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Give mean, sd and Monte Carlo error from posteriordb's 10,000 reference draws.

    Several names make the rows of a matrix; a name without ``[1]`` stands for a vector or a number.
    """
    rows = _json(ROOT / "tests" / "data" / "references.json")[model]["parameters"]

    def one(name: str) -> np.ndarray:
        keys = ("mean", "sd", "mcse_mean")
        if name in rows:
            return np.array([rows[name][key] for key in keys])
        found = [row for full, row in rows.items() if full.startswith(f"{name}[")]
        return np.array([[row[key] for row in found] for key in keys])

    stacked = np.stack([one(name) for name in names], axis=1) if len(names) > 1 else one(names[0])
    return stacked[0], stacked[1], stacked[2]


def column(name: str, heading: str) -> np.ndarray:
    """Read a column of a table with a header."""
    values = np.genfromtxt(ROOT / "docs" / "data" / f"{name}.csv", delimiter=",", names=True)
    return np.asarray(values[heading], dtype=float)


def counted(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Give the different rows, or numbers, and how often each is there."""
    return np.unique(rows, axis=0, return_counts=True)


def generator(seed: int) -> np.random.Generator:
    """Make NumPy's usual generator, of this very seed even where tests shift all seeds."""
    return np.random.Generator(np.random.PCG64(seed))
