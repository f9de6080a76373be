"""Quasi-random standard normal noise in antithetic pairs, with the moments of the distribution."""

from __future__ import annotations

import numpy as np

# Sobol points have at most so many coordinates.
MOST_SOBOL = 21_201


def quasi_normals(rng: np.random.Generator, count: int, size: int) -> np.ndarray:
    """Return standard normal noise (count, size) at scrambled Sobol points.

    Fewer points of one generator are the first of more.
    """
    from scipy.special import ndtri
    from scipy.stats import qmc

    if size > MOST_SOBOL:
        return rng.standard_normal((count, size))
    sobol = qmc.Sobol(size, scramble=True, rng=rng)
    uniform = sobol.random_base2(int(max(count - 1, 0)).bit_length())[:count]
    return np.asarray(ndtri(np.clip(uniform, 1e-12, 1 - 1e-12)))


def whitened(noise: np.ndarray) -> np.ndarray:
    """Return noise (n, size), n >= size, mapped linearly so that its second moment is the identity.

    With their mirror images added, such draws give means and covariances of a Gaussian exactly.

    >>> noise = whitened(quasi_normals(np.random.default_rng(1), 64, 3))
    >>> np.allclose(noise.T @ noise / 64, np.eye(3))
    True
    """
    from scipy.linalg import solve_triangular

    factor = np.linalg.cholesky(noise.T @ noise / len(noise))
    return np.asarray(solve_triangular(factor, noise.T, lower=True).T)


def with_mirror_images(noise: np.ndarray) -> np.ndarray:
    """Return noise (n, size) followed by its negative, (2 n, size)."""
    return np.concatenate([noise, -noise])
