"""The same model twice: with its data in memory, and with their rows on a disk."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np
import pytest

import aliquot as aq
from aliquot.compilation import lazily
from aliquot.density import streamed
from aliquot.model import streamed as written
from aliquot.precision import float64

Write = Callable[..., Any]


@dataclass
class Found:
    """Value, gradient and the Hessian times a direction, of points side by side."""

    values: np.ndarray
    gradients: np.ndarray
    products: np.ndarray


def in_memory(write: Write, *columns: np.ndarray) -> aq.Model:
    """Write a model of columns that are in memory."""
    with aq.Model() as model:
        write(*[aq.Data(f"c{i}", column) for i, column in enumerate(columns)])
    return model


def on_disk(write: Write, *columns: np.ndarray) -> aq.Model:
    """Write it of columns that are gone through block by block."""
    with aq.Model() as model:
        write(*[aq.Data.from_numpy(column, name=f"c{i}") for i, column in enumerate(columns)])
    return model


def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let few rows be several blocks: of 192 rows or so, of which 128 are shown."""
    monkeypatch.setattr(written, "LENGTHS", [128])
    monkeypatch.setattr(streamed.density, "NUMBERS", 256)


def looked_at(density: Any, points: np.ndarray, along: np.ndarray) -> Found:
    """Evaluate a density and its derivatives at points (n, d), one by one."""

    def all_three(x: Any, v: Any, data: Any) -> Any:
        both = jax.value_and_grad(lambda x: density.log_density(x, data))
        return jax.jvp(both, (x,), (v,))

    call = lazily(all_three)
    with float64():
        found = [call(x, v, density.data) for x, v in zip(points, along, strict=True)]
    values, gradients = zip(*[one for one, _ in found], strict=True)
    products = [product for _, (_, product) in found]
    return Found(np.array(values), np.array(gradients), np.array(products))


def side_by_side(density: Any, points: np.ndarray, along: np.ndarray) -> Found:
    """Evaluate the same of all points at once."""

    def all_three(x: Any, v: Any, data: Any) -> Any:
        both = jax.value_and_grad(lambda x: density.log_density(x, data))
        return jax.jvp(both, (x,), (v,))

    with float64():
        one, moved = lazily(jax.vmap(all_three, in_axes=(0, 0, None)))(points, along, density.data)
    return Found(np.asarray(one[0]), np.asarray(one[1]), np.asarray(moved[1]))


def assert_same(write: Write, *columns: np.ndarray) -> aq.Model:
    """Check that a model of rows on a disk has the log density that it has in memory."""
    memory, disk = in_memory(write, *columns), on_disk(write, *columns)
    expected, density = memory.density(), disk.density()
    assert density.labels == expected.labels
    rng = np.random.default_rng(71)
    points = expected.start + rng.normal(scale=0.2, size=(2, expected.size))
    along = rng.normal(size=points.shape)
    wanted = looked_at(expected, points, along)
    assert np.isfinite(wanted.values).all()
    single = looked_at(density, points, along)
    close(single, wanted)
    close(side_by_side(density, points, along), wanted)
    evaluated = [density.evaluate(point) for point in points]
    np.testing.assert_allclose(evaluated, wanted.values, rtol=1e-12)
    return disk


def close(found: Found, wanted: Found) -> None:
    """Compare to what rounding leaves, of a sum and of its derivatives."""
    np.testing.assert_allclose(found.values, wanted.values, rtol=1e-12, atol=1e-12)
    for one, other in ((found.gradients, wanted.gradients), (found.products, wanted.products)):
        scale = max(float(np.abs(other).max(initial=0.0)), 1.0)
        np.testing.assert_allclose(one, other, rtol=1e-10, atol=1e-10 * scale)
