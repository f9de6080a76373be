"""The Gaussian with the highest ELBO: of Gaussians exactly, of others against known optima."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest
from scipy.optimize import minimize

from aliquot.errors import FitError
from aliquot.variational.full_rank import fit as module
from aliquot.variational.full_rank.beginning import Beginning
from aliquot.variational.full_rank.dense_view import DenseView
from aliquot.variational.full_rank.fit import (
    DENSE_UP_TO,
    ENOUGH,
    LEFT,
    RANK,
    FullRankOptimum,
    full_rank,
)
from aliquot.variational.gaussians.closest import closest_low_rank
from aliquot.variational.gaussians.scale import Dense, LowRank
from aliquot.variational.heights import Gradients
from aliquot.variational.noise import Stream, generator
from aliquot.variational.quasi_normal import quasi_normals, whitened, with_mirror_images
from tests.seeds import fixed
from tests.variational.targets import (
    MIXTURE_MEANS,
    Target,
    correlated_gaussian,
    labels,
    mixture,
    of_height,
)


@pytest.fixture
def from_afar(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let fits begin with a small isotropic Gaussian at the first start, mode or not."""

    def begin(density: Any, starts: Any, *_: Any) -> Beginning:
        return Beginning(np.asarray(starts[0], float), None, 0)

    monkeypatch.setattr(module, "begin", begin)


def away(found: FullRankOptimum, mean: np.ndarray, covariance: np.ndarray) -> tuple[float, float]:
    """How far a Gaussian is off in its mean, and in its covariance, in standard deviations."""
    factor = np.linalg.cholesky(covariance)
    shift = np.linalg.solve(factor, found.q.mean - mean)
    inner = np.linalg.solve(factor, np.linalg.solve(factor, found.q.covariance).T)
    return float(np.abs(shift).max()), float(np.abs(inner - np.eye(mean.size)).max())


@pytest.mark.parametrize("seed", range(3))
def test_a_gaussian_is_found_exactly(seed: int) -> None:
    target, mean, covariance = correlated_gaussian()
    found = full_rank(target, [np.zeros(3), np.ones(3)], seed=seed)
    assert max(away(found, mean, covariance)) < 1e-6
    assert abs(found.hist[-1]) < 1e-8  # the log evidence is 0
    assert found.converged
    assert found.draws_error < 1e-6
    assert found.rank is None
    assert not found.interrupted


@pytest.mark.usefixtures("from_afar")
@pytest.mark.parametrize("seed", range(3))
def test_a_gaussian_is_found_from_afar(seed: int) -> None:
    target, mean, covariance = correlated_gaussian()
    found = full_rank(target, [np.array([30.0, -5.0, 8.0])], seed=seed)
    # What is left is half the squared length of what is off; and each step leads up.
    assert found.left <= LEFT
    assert max(away(found, mean, covariance)) < 3 * np.sqrt(2 * LEFT)
    assert np.all(np.diff(found.hist) < 1e-6)
    assert found.hist[-1] < 1.1 * LEFT


def test_slopes_are_those_of_the_elbo(rng: np.random.Generator) -> None:
    """By differences in the mean and in every entry of the factor, whitened."""
    target = mixture()
    noise = with_mirror_images(whitened(quasi_normals(generator(3, Stream.FULL_RANK), 16, 2)))
    gradients = Gradients(target)
    center, factor = target.start + 0.1, np.array([[0.3, 0.0], [0.1, 0.2]])
    view = DenseView.at(gradients, noise, center, Dense(factor))
    entries = [(1, 0), (0, 0), (1, 1)]

    def elbo(change: np.ndarray) -> float:
        inner = np.eye(2)
        for entry, x in zip(entries, change[2:], strict=True):
            inner[entry] += x / (np.sqrt(2.0) if entry[0] == entry[1] else 1.0)
        moved = center + factor @ change[:2]
        return DenseView.at(gradients, noise, moved, Dense(factor @ inner)).elbo

    steps = 1e-5 * np.eye(5)
    slopes = [(elbo(step) - elbo(-step)) / 2e-5 for step in steps]
    np.testing.assert_allclose(view.slope, slopes, rtol=1e-5, atol=1e-5)


def unpacked(numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return numbers[:2], np.array([[np.exp(numbers[2]), 0.0], [numbers[4], np.exp(numbers[3])]])


def optimum(elbo: Callable[[np.ndarray, np.ndarray], float]) -> np.ndarray:
    """The best mean and factor of a Gaussian in two dimensions, by brute force."""
    start = np.array([-0.9, np.log(2.0), np.log(0.2), np.log(0.2), 0.0])
    return np.asarray(minimize(lambda x: -elbo(*unpacked(x)), start, method="BFGS").x)


@pytest.mark.parametrize("seed", range(2))
def test_it_is_the_optimum_over_its_draws(seed: int) -> None:
    target = mixture()
    found = full_rank(target, [target.start], seed=seed)
    noise = with_mirror_images(
        whitened(quasi_normals(generator(seed, Stream.FULL_RANK), found.draws // 2, 2))
    )
    gradients = Gradients(target)

    def elbo(center: np.ndarray, factor: np.ndarray) -> float:
        return DenseView.at(gradients, noise, center, Dense(factor)).elbo

    center, factor = unpacked(optimum(elbo))
    best = elbo(center, factor)
    assert -found.hist[-1] <= best + 1e-9
    assert best + found.hist[-1] < 2 * LEFT
    assert max(away(found, center, factor @ factor.T)) < 3 * np.sqrt(2 * LEFT)


@pytest.mark.parametrize("seed", range(3))
def test_it_is_the_optimum_of_the_elbo(seed: int) -> None:
    """By Gauss-Hermite quadrature, on the classic mixture, whose moments are close to it."""
    target = mixture()
    found = full_rank(target, [target.start], seed=seed)
    nodes, weights = np.polynomial.hermite_e.hermegauss(16)
    noise = np.stack([grid.ravel() for grid in np.meshgrid(nodes, nodes)], axis=1)
    shares = np.outer(weights, weights).ravel() / (2 * np.pi)
    gradients = Gradients(target)

    def elbo(center: np.ndarray, factor: np.ndarray) -> float:
        heights, _ = gradients(center + noise @ factor.T)
        return float(shares @ heights) + float(np.log(np.diag(factor)).sum())

    best = unpacked(optimum(elbo))
    (scale,) = found.q.scales
    assert isinstance(scale, Dense)
    off = away(found, best[0], best[1] @ best[1].T)
    # The standard error said is at most ENOUGH, for a mean or the log of a standard deviation.
    assert found.draws_error <= ENOUGH
    assert off[0] < 5 * ENOUGH
    assert off[1] < 10 * ENOUGH
    assert elbo(*best) - elbo(found.q.centers[0], scale.factor) < 0.02
    draws = found.q.draw(100_000, np.random.default_rng(seed))[0]
    means = target.constrain_draws(draws)["means"]
    np.testing.assert_allclose(means.mean(axis=0), MIXTURE_MEANS, atol=0.02)


def exponentials(rates: np.ndarray) -> tuple[Target, np.ndarray, np.ndarray]:
    """Independent logs of gamma variables, with the mean and sd of the best Gaussian.

    The ELBO of a coordinate is ``a m - exp(m + s**2 / 2) + log s``: stationary where the second
    term is a and ``a s**2`` is 1.
    """

    def log_density(flat: Any, data: Any) -> Any:
        return (data * flat - jnp.exp(flat)).sum()

    target = Target(log_density, rates, np.zeros(rates.size), labels(rates.size))
    return target, np.log(rates) - 0.5 / rates, 1 / np.sqrt(rates)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("rank", [None, 4])
def test_skewed_coordinates_have_their_known_optimum(seed: int, rank: int | None) -> None:
    target, mean, sd = exponentials(np.linspace(0.7, 9.0, 12))
    found = full_rank(target, [target.start], seed=seed, rank=rank)
    assert found.converged
    assert found.draws_error < 0.1
    off = away(found, mean, np.diag(sd**2))
    # 12 means and 78 entries of a covariance; the error is that of the worst, as one standard
    # error, and a step that is left adds to it.
    bound = 5 * found.draws_error + np.sqrt(2 * found.left)
    assert off[0] < bound
    assert off[1] < 2 * bound


@pytest.mark.parametrize("seed", range(3))
def test_the_error_of_few_draws_is_known(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    target, mean, sd = exponentials(np.array([0.7, 1.0, 3.0]))
    monkeypatch.setattr(module, "MOST_PAIRS", 64)
    found = full_rank(target, [target.start], seed=seed)
    assert found.draws == 128
    assert 0.02 < found.draws_error < 0.2
    assert np.abs((found.q.mean - mean) / sd).max() < 5 * found.draws_error
    assert np.abs(np.log(found.q.std / sd)).max() < 5 * found.draws_error


def test_no_curvature_at_the_mode() -> None:
    """The best Gaussian of ``exp(-x**4)`` has a variance of 12**-0.5: there is no Hessian at 0."""
    target = of_height(lambda x, data: -(x**4).sum(), 2)
    target.start = np.array([2.0, -1.0])
    found = full_rank(target, [target.start], seed=1)
    assert found.converged
    assert np.abs(found.q.mean).max() < 0.05
    np.testing.assert_allclose(found.q.std, 12**-0.25, rtol=5 * found.draws_error)


def test_draws_off_the_support_shorten_steps() -> None:
    """Beyond -1 the log density is not a number, and all draws end on this side."""
    target = of_height(lambda x, data: (2 * jnp.log(x + 1) - 3 * x).sum(), 2)
    found = full_rank(target, [target.start], seed=1, steps=60)
    assert np.all(np.isfinite(found.hist))
    noise = with_mirror_images(
        whitened(quasi_normals(generator(1, Stream.FULL_RANK), found.draws // 2, 2))
    )
    assert (found.q.centers + found.q.scales[0].apply(noise)).min() > -1
    assert found.q.std.min() > 0.1


def test_no_finite_draw_is_an_error_that_names_coordinates() -> None:
    target = of_height(lambda x, data: -(x[0] ** 2) + jnp.sqrt(x[1] - 10.0), 3)
    with pytest.raises(FitError, match=r"gradient there is not finite in x\[1\]\. Look") as raised:
        full_rank(target, [target.start, np.ones(3)], seed=1)
    assert "x[0] = 0, x[1] = 0, x[2] = 0" in str(raised.value)


@pytest.mark.usefixtures("from_afar")
@pytest.mark.parametrize("rank", [None, 2])
def test_interrupted_it_keeps_what_was_reached(rank: int | None) -> None:
    target, mean, _ = correlated_gaussian()
    seen: list[tuple[int, int, float]] = []
    found = full_rank(
        target,
        [mean + 20.0],
        seed=1,
        rank=rank,
        steps=90,
        stopped=lambda: len(seen) >= 3,
        on_progress=lambda *given: seen.append(given),
    )
    assert found.interrupted
    assert not found.converged
    assert found.ending == "interrupted"
    assert [(done, total) for done, total, _ in seen] == [(1, 90), (2, 90), (3, 90)]
    np.testing.assert_array_equal([loss for *_, loss in seen], found.hist)
    draws, log_q = found.q.draw(2000, np.random.default_rng(1))
    ratios = Gradients(target)(draws)[0] - log_q
    # Two estimates of its ELBO, of which the fit's has the fewer draws: 128 or 512.
    assert abs(ratios.mean() + found.hist[-1]) < 5 * ratios.std() / np.sqrt(128)
    assert found.hist[-1] < 0.5 * found.hist[0]


def test_interrupted_before_there_is_anything() -> None:
    target, _, _ = correlated_gaussian()
    with pytest.raises(KeyboardInterrupt):
        full_rank(target, [target.start], seed=1, stopped=lambda: True)


def test_steps_may_run_out(from_afar: None) -> None:
    target, _, _ = correlated_gaussian()
    found = full_rank(target, [np.full(3, 50.0)], seed=1, steps=2)
    assert not found.converged
    assert not found.interrupted
    assert found.ending == "the ELBO still rose after 2 steps"
    assert found.left > LEFT


@pytest.mark.parametrize("rank", [None, 2])
def test_the_same_seed_gives_the_same_fit(rank: int | None) -> None:
    target, _, _ = exponentials(np.array([0.7, 1.0, 3.0]))
    one, again, other = (
        full_rank(target, [target.start], seed=seed, rank=rank) for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(one.q.covariance, again.q.covariance)
    np.testing.assert_array_equal(one.hist, again.hist)
    assert np.abs(one.q.mean - other.q.mean).max() > 0


def of_low_rank(size: int, variances: np.ndarray, rng: np.random.Generator) -> tuple[Any, Any, Any]:
    """A Gaussian with some directions that are wide or narrow: target, mean, scale."""
    directions, _ = np.linalg.qr(rng.normal(size=(size, variances.size)))
    scale = LowRank(np.exp(rng.normal(size=size)), directions, np.sqrt(variances))
    mean = rng.normal(size=size)
    data = {"mean": mean, "std": scale.std, "V": directions, "more": 1 / variances - 1}
    constant = 0.5 * size * np.log(2 * np.pi) + scale.log_det

    def log_density(flat: Any, data: Any) -> Any:
        away = (flat - data["mean"]) / data["std"]
        along = away @ data["V"]
        return -0.5 * (away**2).sum() - 0.5 * (data["more"] * along**2).sum() - constant

    return Target(log_density, data, np.zeros(size), labels(size)), mean, scale


VARIANCES = np.array([200.0, 60.0, 20.0, 9.0, 0.1, 0.03, 0.01])


def test_in_many_dimensions_it_is_of_low_rank(rng: np.random.Generator) -> None:
    target, mean, scale = of_low_rank(300, VARIANCES, rng)
    found = full_rank(target, [target.start], seed=1, rank=16)
    assert found.rank is not None
    assert VARIANCES.size <= found.rank <= 16
    assert found.converged
    # The divergence from it is left; 0.05 nats, so that everything is known to a third of a
    # standard deviation, and nearly all to much less.
    assert abs(found.hist[-1]) < 0.05
    shift = np.abs(scale.solve((found.q.mean - mean)[None])).max()
    assert shift < 0.05
    np.testing.assert_allclose(found.q.std, np.sqrt(scale.variance()), rtol=0.05)


@pytest.mark.usefixtures("from_afar")
def test_directions_are_found_without_a_hessian(rng: np.random.Generator) -> None:
    target, _, scale = of_low_rank(60, np.array([100.0, 30.0, 0.05]), rng)
    found = full_rank(target, [target.start], seed=1, rank=8)
    assert found.converged
    # Of some hundred nats to begin with.
    assert found.hist[0] > 30
    assert found.hist[-1] < 3.0
    assert np.abs(np.log(found.q.std / np.sqrt(scale.variance()))).max() < 0.5


def test_the_rank_is_chosen_past_some_size() -> None:
    size = DENSE_UP_TO + 1
    target, _, scale = of_low_rank(size, np.array([50.0]), np.random.default_rng(3))
    found = full_rank(target, [target.start], seed=1)
    assert isinstance(found.q.scales[0], LowRank)
    assert found.rank is not None
    assert 1 <= found.rank <= RANK
    np.testing.assert_allclose(found.q.std, np.sqrt(scale.variance()), rtol=0.05)


def test_what_has_no_low_rank_is_as_close_as_can_be() -> None:
    """A random walk: the divergence is that of the closest, which is exact."""
    size, rank = 60, 6
    steps = np.abs(np.subtract.outer(np.arange(size), np.arange(size)))
    precision = np.linalg.inv(0.9**steps)
    _, log_det = np.linalg.slogdet(precision)
    target = of_height(
        lambda x, data: (
            -0.5 * (x[:, None] * data * x).sum() + 0.5 * log_det - 0.5 * size * np.log(2 * np.pi)
        ),
        size,
    )
    target.data = precision
    found = full_rank(target, [target.start], seed=1, rank=rank)
    draws, log_q = found.q.draw(4000, np.random.default_rng(2))
    ratios = Gradients(target)(draws)[0] - log_q
    closest = divergence(closest_low_rank(precision, rank).covariance(), precision)
    error = 4 * ratios.std() / np.sqrt(ratios.size)
    assert closest > 5
    assert abs(-ratios.mean() - closest) < 0.5 + error


def divergence(covariance: np.ndarray, precision: np.ndarray) -> float:
    """Of a Gaussian with this covariance from one with that precision, of one mean."""
    inner = precision @ covariance
    return 0.5 * float(np.trace(inner) - len(inner) - np.linalg.slogdet(inner)[1])


@pytest.mark.parametrize("seed", range(3))
def test_the_closest_of_low_rank(seed: int) -> None:
    """Against brute force from there, for certain matrices: one direction in four dimensions."""
    rng = fixed(seed)
    root = rng.normal(size=(4, 4)) + np.eye(4)
    precision = root @ root.T + 0.1 * np.eye(4)
    found = closest_low_rank(precision, 1)
    np.testing.assert_allclose(found.directions.T @ found.directions, np.eye(1), atol=1e-12)

    def gap(x: np.ndarray) -> float:
        std, along = np.exp(x[:4]), x[4:8] / np.linalg.norm(x[4:8])
        scale = LowRank(std, along[:, None], np.exp(x[8:]))
        return divergence(scale.covariance(), precision)

    start = np.concatenate([np.log(found.std), found.directions[:, 0], np.log(found.stretch)])
    here = divergence(found.covariance(), precision)
    assert here == pytest.approx(gap(start))
    options = {"maxiter": 20_000, "maxfev": 20_000, "adaptive": True}
    nearby = minimize(gap, start, method="Nelder-Mead", options=options).fun
    assert here - nearby < 0.1


def test_a_precision_from_a_factor(rng: np.random.Generator) -> None:
    factor = np.tril(rng.normal(size=(5, 5))) + 3 * np.eye(5)
    np.testing.assert_allclose(Dense(factor).precision() @ factor @ factor.T, np.eye(5), atol=1e-10)
