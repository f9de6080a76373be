"""Gradients at any number of points are those at each of them, by one thread or more."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import jax
import numpy as np
import pytest

from aliquot.precision import float64
from aliquot.variational import points as module
from aliquot.variational.heights import Gradients
from tests.programs import quick
from tests.variational.targets import Target, correlated_gaussian, mixture


def one_by_one(target: Target, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    with float64():
        both = quick(jax.value_and_grad(target.log_density))
        found = [both(point, target.data) for point in points]
        return np.array([float(a) for a, _ in found]), np.array([np.asarray(b) for _, b in found])


def around(target: Target, count: int, rng: np.random.Generator) -> np.ndarray:
    return target.start + 0.5 * rng.normal(size=(count, target.size))


@pytest.mark.parametrize("length", [4, 1024])
@pytest.mark.parametrize("cores", [1, 3])
def test_any_number_of_points(
    length: int, cores: int, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    pools: list[int] = []

    class Pool(ThreadPoolExecutor):
        def map(self, function: Any, *items: Any, **options: Any) -> Any:
            pools.append(len(items[0]))
            return super().map(function, *items, **options)

    monkeypatch.setattr(module, "ON_CPU", length)
    monkeypatch.setattr(module, "WORTH_THREADS_SECONDS", 0.0)
    monkeypatch.setattr(module, "os", SimpleNamespace(cpu_count=lambda: cores))
    monkeypatch.setattr(module, "ThreadPoolExecutor", Pool)
    target = mixture()
    at = Gradients(target)
    points = around(target, 30, rng)
    heights, slopes = one_by_one(target, points)
    for count in (1, 2, 3, 4, 5, 30):
        found = at(points[:count])
        np.testing.assert_allclose(found[0], heights[:count], rtol=1e-12)
        np.testing.assert_allclose(found[1], slopes[:count], rtol=1e-9, atol=1e-9)
    assert at.evaluations == 45
    assert bool(pools) == (cores > 1)


def test_on_an_accelerator_points_are_taken_together(
    rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    target, _, _ = correlated_gaussian()
    points = around(target, 200, rng)
    with monkeypatch.context() as patch:
        patch.setattr(jax, "default_backend", lambda: "gpu")
        patch.setattr(module, "loop", lambda: None)
        found = Gradients(target)(points)
    exact = one_by_one(target, points)
    np.testing.assert_allclose(found[0], exact[0], rtol=1e-10)
    np.testing.assert_allclose(found[1], exact[1], rtol=1e-8, atol=1e-10)


def test_one_program_serves_all(rng: np.random.Generator) -> None:
    target, _, _ = correlated_gaussian()
    Gradients(target)(around(target, 7, rng))
    traces = target.traces
    Gradients(target)(around(target, 99, rng))
    assert target.traces == traces


def test_what_is_not_finite_is_kept_as_it_is() -> None:
    target, _, _ = correlated_gaussian()
    heights, slopes = Gradients(target)(np.array([[np.nan, 0.0, 0.0], [1.0, 1.0, 1.0]]))
    assert np.isnan(heights[0])
    assert np.isnan(slopes[0]).any()
    assert np.isfinite(heights[1])
