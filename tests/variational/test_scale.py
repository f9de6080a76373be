"""Scales: each of their methods is that of one matrix, and the matrix is the documented one."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from aliquot.variational.gaussians.scale import Dense, Diagonal, LowRank, dense
from tests.variational.scales import KINDS, matrix, random_scale

each_kind = pytest.mark.parametrize("kind", KINDS)
each_size = pytest.mark.parametrize("size", [1, 2, 7, 40])
# Rounding: the random matrices are far from singular.
CLOSE = {"rtol": 1e-10, "atol": 1e-10}


@each_size
@each_kind
def test_apply_is_linear(kind: str, size: int, rng: np.random.Generator) -> None:
    scale = random_scale(kind, size, rng)
    noise = rng.normal(size=(5, size))
    np.testing.assert_allclose(scale.apply(noise), noise @ matrix(scale, size).T, **CLOSE)


@each_size
@each_kind
def test_solve_is_the_way_back(kind: str, size: int, rng: np.random.Generator) -> None:
    scale = random_scale(kind, size, rng)
    vectors = rng.normal(size=(5, size))
    np.testing.assert_allclose(scale.solve(scale.apply(vectors)), vectors, **CLOSE)
    exact = np.linalg.solve(matrix(scale, size), vectors.T).T
    np.testing.assert_allclose(scale.solve(vectors), exact, **CLOSE)


@each_size
@each_kind
def test_log_det_variance_and_covariance(kind: str, size: int, rng: np.random.Generator) -> None:
    scale = random_scale(kind, size, rng)
    root = matrix(scale, size)
    np.testing.assert_allclose(scale.log_det, np.linalg.slogdet(root)[1], **CLOSE)
    np.testing.assert_allclose(scale.covariance(), root @ root.T, **CLOSE)
    np.testing.assert_allclose(scale.variance(), np.diag(root @ root.T), **CLOSE)


@each_size
@each_kind
def test_the_gaussian_with_such_a_covariance(
    kind: str, size: int, rng: np.random.Generator
) -> None:
    scale = random_scale(kind, size, rng)
    points = rng.normal(size=(5, size))
    log_density = stats.norm.logpdf(scale.solve(points)).sum(axis=1) - scale.log_det
    exact = stats.multivariate_normal(np.zeros(size), scale.covariance()).logpdf(points)
    np.testing.assert_allclose(log_density, exact, rtol=1e-9, atol=1e-9)


@each_kind
def test_no_points_are_as_good_as_many(kind: str, rng: np.random.Generator) -> None:
    scale = random_scale(kind, 3, rng)
    assert scale.apply(np.empty((0, 3))).shape == (0, 3)
    assert scale.solve(np.empty((0, 3))).shape == (0, 3)


def test_a_diagonal_scale_is_a_diagonal_matrix(rng: np.random.Generator) -> None:
    std = np.exp(rng.normal(size=4))
    np.testing.assert_array_equal(matrix(Diagonal(std), 4), np.diag(std))
    np.testing.assert_array_equal(Diagonal(std).covariance(), np.diag(std**2))


def test_a_dense_scale_is_its_factor(rng: np.random.Generator) -> None:
    factor = np.tril(rng.normal(size=(4, 4)), -1) + np.diag(np.exp(rng.normal(size=4)))
    np.testing.assert_array_equal(matrix(Dense(factor), 4), factor)


@pytest.mark.parametrize("rank", [0, 1, 3, 5])
def test_low_rank_is_the_documented_covariance(rank: int, rng: np.random.Generator) -> None:
    scale = random_scale("low rank", 5, rng, rank)
    assert isinstance(scale, LowRank)
    diagonal, along = np.diag(scale.std), np.diag(scale.stretch**2 - 1)
    inner = np.eye(5) + scale.directions @ along @ scale.directions.T
    np.testing.assert_allclose(scale.covariance(), diagonal @ inner @ diagonal, **CLOSE)
    exact = 0.5 * np.linalg.slogdet(scale.covariance())[1]
    np.testing.assert_allclose(scale.log_det, exact, **CLOSE)
    # Along its directions a low rank scale stretches, and across them it does nothing.
    unit = scale.apply(scale.directions.T) / scale.std
    np.testing.assert_allclose(unit, scale.stretch[:, None] * scale.directions.T, **CLOSE)


def test_low_rank_of_full_rank_is_dense(rng: np.random.Generator) -> None:
    scale = random_scale("low rank", 4, rng, 4)
    same = dense(scale.covariance())
    points = rng.normal(size=(6, 4))
    np.testing.assert_allclose(same.log_det, scale.log_det, **CLOSE)
    np.testing.assert_allclose(same.variance(), scale.variance(), **CLOSE)
    # Two roots of one covariance differ by a rotation, which keeps lengths.
    lengths = [np.linalg.norm(each.solve(points), axis=1) for each in (scale, same)]
    np.testing.assert_allclose(*lengths, **CLOSE)


def test_dense_is_a_root_of_the_covariance(rng: np.random.Generator) -> None:
    covariance = random_scale("dense", 6, rng).covariance()
    scale = dense(covariance)
    np.testing.assert_allclose(scale.covariance(), covariance, **CLOSE)
    np.testing.assert_array_equal(scale.factor, np.tril(scale.factor))
    # Of a matrix that rounding has left a little asymmetric, both halves count.
    skew = np.triu(rng.normal(size=(6, 6)), 1)
    both = dense(covariance + 1e-3 * (skew - skew.T))
    np.testing.assert_allclose(both.covariance(), covariance, **CLOSE)


@pytest.mark.parametrize("covariance", [-np.eye(2), np.array([[1.0, 2.0], [2.0, 1.0]])])
def test_dense_refuses_what_is_not_positive_definite(covariance: np.ndarray) -> None:
    with pytest.raises(np.linalg.LinAlgError):
        dense(covariance)


@pytest.mark.parametrize("size", [1e-150, 1e150])
def test_scales_far_from_one(size: float) -> None:
    """The logarithm of a determinant that is no float."""
    factor = size * np.array([[1.0, 0, 0], [0.5, 1, 0], [0, -2, 1]])
    direction = np.array([[1.0], [0], [0]])
    scales = (
        Diagonal(np.full(3, size)),
        Dense(factor),
        LowRank(np.full(3, size), direction, np.ones(1)),
    )
    for scale in scales:
        np.testing.assert_allclose(scale.log_det, 3 * np.log(size), rtol=1e-13)
        np.testing.assert_allclose(scale.solve(scale.apply(np.ones((1, 3)))), 1, rtol=1e-13)
