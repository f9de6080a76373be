"""The same model twice: with its data in memory, and with their rows on a disk."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
import numpy as np
import pytest

import aliquot as aq
from aliquot.compilation import lazily
from aliquot.density.streamed import StreamedDensity
from aliquot.density.streamed import over_rows as streamed
from aliquot.model import streamed as written
from aliquot.precision import float64
from tests.density.streamed.models import MODELS, Columns

Write = Callable[..., Any]


def in_memory(write: Write, arrays: Sequence[np.ndarray]) -> aq.Model:
    """Write a model of columns that are in memory."""
    with aq.Model() as model:
        write(*[aq.Data(f"c{i}", array) for i, array in enumerate(arrays)])
    return model


def on_disk(write: Write, arrays: Sequence[np.ndarray]) -> aq.Model:
    """Write it of columns that are gone through block by block."""
    with aq.Model() as model:
        write(*[aq.Data.from_numpy(array, name=f"c{i}") for i, array in enumerate(arrays)])
    return model


def entered(name: str, given: Columns) -> tuple[Write, list[np.ndarray]]:
    """Give a model of the table, and its columns."""
    write, names = MODELS[name]
    return write, [given[each] for each in names]


def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let few rows be several blocks, of 128 or 192, and the model be written with 131."""
    monkeypatch.setattr(written, "LENGTHS", [131])
    monkeypatch.setattr(streamed, "NUMBERS", 256)


def points_of(density: Any) -> tuple[np.ndarray, np.ndarray]:
    """Give two points near the start, and a direction at each."""
    rng = np.random.default_rng(71)
    points = density.start + rng.normal(scale=0.2, size=(2, density.size))
    return points, rng.normal(size=points.shape)


def derivatives(density: Any, points: np.ndarray, along: np.ndarray | None = None) -> np.ndarray:
    """Give value and gradient, one row for a point, and the derivative of both in a direction."""

    def all_of(x: Any, v: Any, data: Any) -> Any:
        both = jax.value_and_grad(lambda x: density.log_density(x, data))
        return both(x) if v is None else jax.jvp(both, (x,), (v,))

    program = lazily(all_of)
    with float64():
        ways = [None] * len(points) if along is None else along
        found = [program(x, v, density.data) for x, v in zip(points, ways, strict=True)]
    return np.array([np.concatenate([np.ravel(n) for n in jax.tree.leaves(one)]) for one in found])


def assert_same(write: Write, arrays: Sequence[np.ndarray], *, products: bool = True) -> Any:
    """Check that a model of rows on a disk has the log density that it has in memory.

    Points side by side, with gradients, or with products with the Hessian.
    """
    expected, density = in_memory(write, arrays).density(), on_disk(write, arrays).density()
    assert type(density) is StreamedDensity
    assert density.labels == expected.labels
    points, along = points_of(expected)
    wanted = derivatives(expected, points, along if products else None)
    assert np.isfinite(wanted).all()
    host = density.host
    close(host.products(points, along) if products else host.gradients(points), wanted)
    np.testing.assert_allclose(density.host.values(points), wanted[:, 0], rtol=1e-12, atol=1e-11)
    return density


def close(found: np.ndarray, wanted: np.ndarray) -> None:
    """Compare values, and derivatives, to what the rounding of sums leaves."""
    np.testing.assert_allclose(found[:, 0], wanted[:, 0], rtol=1e-12, atol=1e-11)
    scale = max(float(np.abs(wanted[:, 1:]).max()), 1.0)
    np.testing.assert_allclose(found, wanted, rtol=1e-10, atol=1e-10 * scale)
