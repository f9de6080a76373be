"""The log density at any number of points is what it is at each of them, by one thread or more."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from aliquot.precision import float64
from aliquot.variational import points as module
from aliquot.variational.heights import log_densities
from tests.programs import quick
from tests.variational.targets import Target, correlated_gaussian, labels, mixture

COUNTS = [0, 1, 2, 1023, 1024, 1025, 3000]


def one_by_one(target: Target, points: np.ndarray) -> np.ndarray:
    with float64():
        log_density = quick(target.log_density)
        return np.array([float(log_density(point, target.data)) for point in points])


def around(target: Target, count: int, rng: np.random.Generator) -> np.ndarray:
    """Points (n, d) near the start."""
    return target.start + 0.5 * rng.normal(size=(count, target.size))


def on_cores(monkeypatch: pytest.MonkeyPatch, cores: int | None) -> list[int]:
    """Let the machine have so many cores; lists how many parts each pool of threads is given."""
    pools: list[int] = []

    class Pool(ThreadPoolExecutor):
        def map(self, function: Any, *items: Any, **options: Any) -> Any:
            assert self._max_workers == cores
            pools.append(len(items[0]))
            return super().map(function, *items, **options)

    monkeypatch.setattr(module, "WORTH_THREADS_SECONDS", 0.0)
    monkeypatch.setattr(module, "os", SimpleNamespace(cpu_count=lambda: cores))
    monkeypatch.setattr(module, "ThreadPoolExecutor", Pool)
    return pools


def test_any_number_of_points(rng: np.random.Generator) -> None:
    target = mixture()
    points = around(target, max(COUNTS), rng)
    exact = one_by_one(target, points)
    for count in COUNTS:
        found = log_densities(target, points[:count])
        assert found.dtype == np.float64
        assert found.shape == (count,)
        np.testing.assert_allclose(found, exact[:count], rtol=1e-12)


@pytest.mark.parametrize("cores", [None, 1, 2, 3, 7])
def test_any_number_of_threads(
    cores: int | None, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beside SciPy, in double precision; how the points are shared out does not show."""
    target, mean, covariance = correlated_gaussian()
    points = around(target, max(COUNTS), rng)
    exact = stats.multivariate_normal(mean, covariance).logpdf(points)
    pools = on_cores(monkeypatch, cores)
    for count in COUNTS:
        pools.clear()
        np.testing.assert_allclose(log_densities(target, points[:count]), exact[:count], rtol=1e-12)
        # Each thread has something to do.
        threads = min(cores or 1, count)
        assert len(pools) == (threads > 1)
        assert all(parts >= threads for parts in pools)


def test_shares_are_never_larger_than_a_call_can_take(
    monkeypatch: pytest.MonkeyPatch, rng: np.random.Generator
) -> None:
    monkeypatch.setattr(module, "ON_CPU", 4)
    target, mean, covariance = correlated_gaussian()
    points = around(target, 60, rng)
    exact = stats.multivariate_normal(mean, covariance).logpdf(points)
    for cores in (1, 2, 5):
        on_cores(monkeypatch, cores)
        for count in range(len(points) + 1):
            found = log_densities(target, points[:count])
            np.testing.assert_allclose(found, exact[:count], rtol=1e-12)


@pytest.mark.parametrize("count", [0, 1, 127, 128, 129, 300])
def test_points_that_are_taken_together_as_on_an_accelerator(
    count: int, monkeypatch: pytest.MonkeyPatch, rng: np.random.Generator
) -> None:
    target, mean, covariance = correlated_gaussian()
    points = around(target, count, rng)
    exact = stats.multivariate_normal(mean, covariance).logpdf(points).reshape(count)
    with monkeypatch.context() as patch:
        patch.setattr(jax, "default_backend", lambda: "gpu")
        patch.setattr(module, "loop", lambda: None)
        found = log_densities(target, points)
    np.testing.assert_allclose(found, exact, rtol=1e-12)


def test_it_is_compiled_once(rng: np.random.Generator) -> None:
    target = mixture()
    points = around(target, 2000, rng)
    log_densities(target, points[:3])
    traces = target.traces
    assert traces > 0
    before = log_densities(target, points)
    assert target.traces == traces
    # New data of the same shape are used, as they are.
    target.data = target.data + 1
    after = log_densities(target, points)
    assert target.traces == traces
    assert (after != before).all()
    np.testing.assert_allclose(after, one_by_one(target, points), rtol=1e-12)


def test_it_is_compiled_once_for_callers_at_the_same_time(rng: np.random.Generator) -> None:
    alone, shared = mixture(), mixture()
    points = around(shared, 500, rng)
    exact = log_densities(alone, points)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: log_densities(shared, points), range(4)))
    assert shared.traces == alone.traces
    for each in found:
        np.testing.assert_array_equal(each, exact)


def test_heights_that_are_no_numbers_are_given_as_they_are() -> None:
    def log_density(x: Any, data: Any) -> Any:
        return jnp.log(x[0])

    target = Target(log_density, np.zeros(0), np.ones(1), labels(1))
    found = log_densities(target, np.array([[np.e], [0.0], [-1.0], [np.inf], [1.0]]))
    np.testing.assert_allclose(found, [1.0, -np.inf, np.nan, np.inf, 0.0], atol=1e-15)


def test_the_order_of_memory_does_not_matter_and_points_are_left_alone(
    rng: np.random.Generator,
) -> None:
    target = mixture()
    points = around(target, 30, rng)
    exact, kept = log_densities(target, points), points.copy()
    np.testing.assert_array_equal(log_densities(target, np.asfortranarray(points)), exact)
    np.testing.assert_array_equal(log_densities(target, np.repeat(points, 2, axis=0)[::2]), exact)
    np.testing.assert_array_equal(points, kept)


def test_one_call_that_waited_for_the_processor_asks_for_no_threads(
    monkeypatch: pytest.MonkeyPatch, rng: np.random.Generator
) -> None:
    """Nor do all that come after it: what threads take themselves would keep them."""
    pools = on_cores(monkeypatch, 2)
    monkeypatch.setattr(module, "WORTH_THREADS_SECONDS", 0.5)
    target = mixture()
    points = around(target, 100, rng)
    now, elapsed = [0.0], [0.1]

    def clock() -> float:
        now[0] += elapsed[0]
        return now[0]

    monkeypatch.setattr(module, "time", SimpleNamespace(perf_counter=clock))
    log_densities(target, points)
    elapsed[0] = 10.0
    for _ in range(3):
        log_densities(target, points)
    assert pools == []
