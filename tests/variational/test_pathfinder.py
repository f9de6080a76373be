"""Gaussians along paths: their inverse Hessians, which is chosen, and several of them together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

from aliquot.errors import FitError
from aliquot.variational.gaussians.mixture import GaussianMixture
from aliquot.variational.gaussians.scale import Diagonal
from aliquot.variational.pathfinder import path as module
from aliquot.variational.pathfinder.path import KEPT, Path, Paths, find_paths, gaussian_at
from aliquot.variational.pathfinder.quasi_newton import HISTORY, Iterate, climb
from aliquot.variational.pathfinder.several_paths import different, folded, joined, mixture_of
from tests.variational.targets import (
    MIXTURE_MEANS,
    Target,
    correlated_gaussian,
    gaussian,
    labels,
    mixture,
    of_height,
)


def pathfinder(
    target: Target, starts: Sequence[np.ndarray], *, seed: int, **options: Any
) -> tuple[GaussianMixture, Paths]:
    """The mixture of the paths from some starts, and the paths."""
    seen = {name: options.pop(name) for name in ("fold", "inside") if name in options}
    found = find_paths(target, starts, seed=seed, **options)
    return joined(target, found, seed, **seen), found


def followed(precision: np.ndarray, start: np.ndarray, most: int = 100) -> list[Iterate]:
    """The path of a climb on ``-x P x / 2``."""
    path: list[Iterate] = []
    steps = climb(start, path, most)
    point = next(steps)
    while True:
        try:
            point = steps.send((-0.5 * float(point @ precision @ point), -precision @ point))
        except StopIteration:
            return path


def random_precision(size: int, rng: np.random.Generator) -> np.ndarray:
    root = rng.normal(size=(size, size))
    return root @ root.T + 0.3 * np.eye(size)


def inverse_hessian(iterate: Iterate) -> np.ndarray:
    """By the recursion of BFGS, step by step."""
    size = iterate.position.size
    result = np.diag(iterate.diagonal)
    for step, bend in zip(iterate.steps, iterate.bends, strict=True):
        along = 1.0 / (step @ bend)
        left = np.eye(size) - along * np.outer(step, bend)
        result = left @ result @ left.T + along * np.outer(step, step)
    return result


@pytest.mark.parametrize("size", [1, 2, 5, 30])
def test_inverse_hessians_are_those_of_bfgs(size: int, rng: np.random.Generator) -> None:
    path = followed(random_precision(size, rng), 3 * rng.normal(size=size))
    assert len(path) > 2
    for iterate in path:
        assert len(iterate.steps) <= HISTORY
        scale = iterate.scale
        assert scale is not None
        exact = inverse_hessian(iterate)
        np.testing.assert_allclose(
            scale.covariance(), exact, rtol=1e-6, atol=1e-6 * np.abs(exact).max()
        )
        # The last step is known exactly: the secant equation.
        if iterate.steps:
            moved = scale.covariance() @ iterate.bends[-1]
            size_of = np.abs(iterate.steps[-1]).max()
            np.testing.assert_allclose(moved, iterate.steps[-1], atol=1e-5 * size_of)


def test_the_diagonal_is_that_of_the_direct_update(rng: np.random.Generator) -> None:
    """Of the Hessian after a step of BFGS, from the diagonal scaled along the step."""
    path = followed(random_precision(4, rng), rng.normal(size=4))
    before, after = path[2], path[3]
    step, bend = after.steps[-1], after.bends[-1]
    along = step @ bend
    hessian = np.diag(bend @ (before.diagonal * bend) / along / before.diagonal)
    whole = hessian @ step
    updated = hessian - np.outer(whole, whole) / (step @ whole) + np.outer(bend, bend) / along
    np.testing.assert_allclose(after.diagonal, 1 / np.diag(updated), rtol=1e-10)


def test_a_climb_ends_at_the_top_and_rises_all_the_way(rng: np.random.Generator) -> None:
    path = followed(random_precision(8, rng), 5 * rng.normal(size=8))
    assert np.all(np.diff([iterate.height for iterate in path]) > 0)
    np.testing.assert_allclose(path[-1].position, 0, atol=1e-3)


def test_a_step_without_curvature_is_forgotten() -> None:
    first = Iterate(np.zeros(2), 0.0, np.ones(2), np.ones(2))
    second = first.after(np.ones(2), 1.0, np.full(2, 1.5))  # it has got steeper
    assert second.steps == ()
    np.testing.assert_array_equal(second.diagonal, first.diagonal)


@pytest.mark.parametrize("seed", range(3))
def test_a_gaussian_is_found(seed: int) -> None:
    """In one dimension exactly, in three but for what few steps leave unknown."""
    single = gaussian(np.array([2.0]), np.array([[9.0]]))
    q, found = pathfinder(single, [np.array([-4.0])], seed=seed)
    np.testing.assert_allclose([q.mean[0], q.std[0]], [2, 3], rtol=1e-4)
    assert abs(found.paths[0].elbo.value) < 1e-6
    target, mean, covariance = correlated_gaussian()
    q, found = pathfinder(target, [np.zeros(3), np.full(3, 2.0)], seed=seed)
    assert len(q.weights) == 1
    assert found.failed == 0
    factor = np.linalg.cholesky(covariance)
    assert np.abs(np.linalg.solve(factor, q.mean - mean)).max() < 0.1
    np.testing.assert_allclose(q.std, np.sqrt(np.diag(covariance)), rtol=0.25)
    best = found.paths[0]
    assert abs(best.elbo.value) < 0.1
    assert best.draws.shape == (KEPT, 3)
    assert best.elbo.value >= found.paths[1].elbo.value


@pytest.mark.parametrize("seed", range(3))
def test_the_classic_mixture(seed: int) -> None:
    target = mixture()
    rng = np.random.default_rng(seed)
    starts = [target.start, *(target.start + rng.uniform(-1, 1, (3, 2)))]
    q, found = pathfinder(target, starts, seed=seed)
    means = target.constrain_draws(q.draw(20_000, rng)[0])["means"].mean(axis=0)
    # The curvature at the mode: half a standard deviation of .18 is more than it is off by.
    np.testing.assert_allclose(means, MIXTURE_MEANS, atol=0.09)
    assert found.gradients < 400
    for path in found.paths:
        again = path.q.log_density(path.draws)
        heights = np.array([height_of(target, draw) for draw in path.draws])
        np.testing.assert_allclose(path.log_ratios, heights - again, atol=1e-9)
        assert path.elbo.value == pytest.approx(path.log_ratios.mean())
        # The best along its path, by a few draws, and by more about as good.
        assert abs(path.hist.min() + path.elbo.value) < 2.0
        assert path.hist[0] > path.hist.min() + 1.0


def height_of(target: Target, point: np.ndarray) -> float:
    low, high = point[0], point[0] + np.exp(point[1])
    either = np.logaddexp(-0.5 * (target.data - low) ** 2, -0.5 * (target.data - high) ** 2)
    each = either - 0.5 * np.log(2 * np.pi) - np.log(2.0)
    prior = -0.5 * (low**2 + high**2) / 100 - np.log(2 * np.pi) - 2 * np.log(10.0) + point[1]
    return float(prior + each.sum())


def of_mixture(q: GaussianMixture) -> Target:
    """A mixture of independent normals as a density."""
    std = np.stack([np.sqrt(scale.variance()) for scale in q.scales])
    data = {"centers": q.centers, "std": std, "weights": np.log(q.weights)}

    def log_density(flat: Any, data: Any) -> Any:
        squared = (((flat - data["centers"]) / data["std"]) ** 2).sum(axis=1)
        rows = data["weights"] - 0.5 * squared - jnp.log(data["std"]).sum(axis=1)
        top = rows.max()
        return top + jnp.log(jnp.exp(rows - top).sum()) - jnp.log(2 * jnp.pi)

    return Target(log_density, data, np.zeros(2), labels(2))


NARROW, WIDE = Diagonal(np.array([0.5, 1.0])), Diagonal(np.array([1.0, 0.7]))
TWO = GaussianMixture(np.array([0.3, 0.7]), np.array([[-5.0, 1.0], [4.0, -2.0]]), (NARROW, WIDE))


@pytest.mark.parametrize("seed", range(3))
def test_paths_are_weighed_by_their_mass(seed: int) -> None:
    """Against the moments of the mixture; which mode is found more often does not matter."""
    target = of_mixture(TWO)
    starts = [np.array([-4.0, 0.0]), np.array([5.0, 0.0]), np.array([-6.0, 0.0])]
    q, found = pathfinder(target, starts, seed=seed)
    assert len(found.paths) == 3
    assert len(q.weights) == 2
    order = np.argsort(q.centers[:, 0])
    # 2,000 draws tell a share of .3 to .01, and Gaussians of a few steps add as much.
    np.testing.assert_allclose(q.weights[order], TWO.weights, atol=0.08)
    np.testing.assert_allclose(q.mean, TWO.mean, atol=0.08 * 9)
    np.testing.assert_allclose(q.std, TWO.std, rtol=0.15)


MIRRORED = GaussianMixture(
    np.array([0.35, 0.15, 0.35, 0.15]),
    np.array([[4.0, 1.0], [2.0, -4.0], [-4.0, -1.0], [-2.0, 4.0]]),
    (WIDE, NARROW, WIDE, NARROW),
)


def to_the_right(points: np.ndarray) -> np.ndarray:
    return np.asarray(np.where(points[:, :1] < 0, -points, points))


def right(points: np.ndarray) -> np.ndarray:
    return np.asarray(points[:, 0] > 0)


@pytest.mark.parametrize("seed", range(3))
def test_mirror_modes_are_one_mode(seed: int) -> None:
    target = of_mixture(MIRRORED)
    starts = MIRRORED.centers[[0, 2, 3]] + np.array([0.3, 0.2])
    plain, _ = pathfinder(target, starts, seed=seed)
    assert len(plain.weights) == 3
    q, found = pathfinder(target, starts, seed=seed, fold=to_the_right, inside=right)
    assert len(found.paths) == 3
    assert len(q.weights) == 2
    assert right(q.centers).all()
    order = np.argsort(-q.centers[:, 0])
    np.testing.assert_allclose(q.weights[order], [0.7, 0.3], atol=0.08)
    np.testing.assert_allclose(q.centers[order], MIRRORED.centers[:2], atol=0.2)
    stds = np.stack([np.sqrt(q.scales[int(k)].variance()) for k in order])
    np.testing.assert_allclose(stds, [WIDE.std, NARROW.std], rtol=0.5)


def path_at(center: list[float], elbo: float, std: float = 1.0) -> Path:
    q = GaussianMixture.of(np.array(center), Diagonal(np.full(len(center), std)))
    return Path(q, module.Estimate(elbo, 0.1), np.zeros((0, len(center))), np.zeros(0), np.zeros(1))


def test_the_best_of_paths_to_one_mode_is_kept() -> None:
    paths = [path_at([0, 0], -2.0), path_at([0.3, -0.2], -1.0), path_at([0, 3], -1.5)]
    assert different(paths) == [paths[1], paths[2]]
    # Near for a wide Gaussian, far for a narrow one: two modes.
    paths = [path_at([0, 0], -1.0, std=9.0), path_at([3, 0], -2.0, std=0.1)]
    assert len(different(paths)) == 2
    # In many dimensions, apart in one of them.
    far = [4.0] + [0.0] * 199
    assert len(different([path_at([0.0] * 200, -1.0), path_at(far, -1.1)])) == 2


def test_a_fold_that_bends_space_is_followed(rng: np.random.Generator) -> None:
    """What moves is seen through the derivative of the fold, by differences."""
    target = of_height(lambda x, data: -0.5 * (x**2).sum(), 2)

    def fold(points: np.ndarray) -> np.ndarray:
        moved = np.stack([np.exp(-points[:, 0]), points[:, 1] + points[:, 0] ** 2], axis=1)
        return np.asarray(np.where(points[:, :1] < 0, moved, points))

    paths = [path_at([-1.0, 2.0], -1.0, std=0.3), path_at([1.0, 0.0], -1.0)]
    moved, stays = folded(paths, target, fold, rng)
    assert stays is paths[1]
    jacobian = np.array([[-np.exp(1.0), 0.0], [-2.0, 1.0]])
    np.testing.assert_allclose(moved.q.mean, [np.exp(1.0), 3.0])
    np.testing.assert_allclose(moved.q.covariance, 0.09 * jacobian @ jacobian.T, rtol=1e-5)
    nowhere = folded(paths[:1], target, lambda points: np.full_like(points, np.nan), rng)
    assert nowhere == []


def test_starts_that_lead_nowhere_are_counted() -> None:
    target = of_height(lambda x, data: -0.5 * (x**2).sum() + 0.0 * jnp.sqrt(x[1] + 10), 2)
    starts = [np.array([0.0, -20.0]), np.ones(2), np.array([np.nan, 0.0])]
    q, found = pathfinder(target, starts, seed=1)
    assert found.failed == 2
    assert len(found.paths) == 1
    np.testing.assert_allclose(q.mean, 0, atol=0.1)


def test_no_start_that_leads_anywhere_is_an_error() -> None:
    target = of_height(lambda x, data: -0.5 * (x**2).sum() + jnp.sqrt(x[1] - 10), 2)
    with pytest.raises(FitError, match=r"or its gradient in x\[1\] is not finite.*x\[0\] = 0, "):
        pathfinder(target, [np.zeros(2), np.ones(2)], seed=1)


def test_draws_that_are_not_finite_are_an_error() -> None:
    target = of_height(lambda x, data: jnp.where(jnp.abs(x[0]) < 1e-3, 1.0, jnp.nan), 1)
    with pytest.raises(FitError, match="no Gaussian along any of the paths"):
        pathfinder(target, [np.zeros(1)], seed=1)


def interrupted_after(calls: int, target: Target, seen: list[Any]) -> Paths:
    return find_paths(
        target,
        [np.full(3, 4.0), np.full(3, -4.0)],
        seed=1,
        stopped=lambda: len(seen) >= calls,
        on_progress=lambda *given: seen.append(given),
    )


def test_interrupted_it_keeps_the_paths_so_far() -> None:
    target, _, _ = correlated_gaussian()
    whole: list[Any] = []
    complete = interrupted_after(10**6, target, whole)
    assert not complete.interrupted
    assert whole[-1][:2] == (2, 2)
    assert np.all(np.diff([loss for *_, loss in whole]) <= 1e-9)
    part = interrupted_after(4, target, [])
    assert part.interrupted
    assert len(part.paths) == 2
    assert max(len(path.hist) for path in part.paths) <= 4
    assert part.gradients == 8
    calls = iter([False, False, False, True])
    q, paths = pathfinder(target, [np.full(3, 4.0)], seed=1, stopped=lambda: next(calls))
    assert paths.interrupted
    assert q is paths.paths[0].q


def test_interrupted_before_there_is_anything() -> None:
    target, _, _ = correlated_gaussian()
    with pytest.raises(KeyboardInterrupt):
        interrupted_after(0, target, [])


def test_a_path_does_not_depend_on_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor on how many of its points may wait to be judged."""
    target, _, _ = correlated_gaussian()
    starts = [np.full(3, 4.0), np.full(3, -4.0)]
    (alone,) = find_paths(target, starts[:1], seed=1).paths
    together = find_paths(target, starts, seed=1)
    monkeypatch.setattr(module, "MAX_NORMALS", 1)
    (at_once,) = find_paths(target, starts[:1], seed=1).paths
    (again,) = [path for path in together.paths if path.hist.size == alone.hist.size]
    for other in (again, at_once):
        np.testing.assert_allclose(other.hist, alone.hist, rtol=1e-9)
        np.testing.assert_allclose(other.draws, alone.draws, rtol=1e-9)


def test_the_same_seed_gives_the_same_mixture() -> None:
    target = of_mixture(TWO)
    starts = [np.array([-4.0, 0.0]), np.array([5.0, 0.0])]
    one, again = (pathfinder(target, starts, seed=3)[0] for _ in range(2))
    np.testing.assert_array_equal(one.weights, again.weights)
    np.testing.assert_array_equal(one.covariance, again.covariance)


def test_the_gaussian_at_a_point_is_where_newton_would_go(rng: np.random.Generator) -> None:
    path = followed(random_precision(3, rng), rng.normal(size=3))
    point = path[2]
    q = gaussian_at(point)
    assert q is not None
    np.testing.assert_allclose(q.mean, point.position + inverse_hessian(point) @ point.gradient)
    np.testing.assert_allclose(q.covariance, inverse_hessian(point))


def test_many_coordinates_keep_the_low_rank(rng: np.random.Generator) -> None:
    sd = np.exp(rng.normal(size=300))
    target = of_height(lambda x, data: -0.5 * ((x / data) ** 2).sum(), 300)
    target.data = sd
    q, found = pathfinder(target, [rng.normal(size=300)], seed=1)
    assert q.scales[0].directions.shape == (300, 2 * HISTORY)  # type: ignore[attr-defined]
    assert found.paths[0].elbo.value > found.paths[0].hist[0] * -1 + 100


def test_mixtures_without_a_finite_elbo_have_weights() -> None:
    target = of_mixture(TWO)
    paths = [path_at([-5.0, 1.0], -np.inf), path_at([4.0, -2.0], -np.inf)]
    q = mixture_of(target, paths, np.random.default_rng(1))
    np.testing.assert_allclose(q.weights, TWO.weights, atol=0.1)
