"""References: log densities against SciPy's, and draws that are of them."""

from __future__ import annotations

import jax
import numpy as np
import pytest
from scipy import stats

from aliquot.precision import float64
from aliquot.tempering import reference as module
from aliquot.tempering.reference import MixtureReference
from aliquot.variational.gaussians.mixture import GaussianMixture
from aliquot.variational.gaussians.scale import Dense, Diagonal, LowRank

ROOT = np.array([[1.0, 0.0], [0.7, 0.4]])
SCALES = {
    "diagonal": (Diagonal(np.array([1.0, 2.0])), Diagonal(np.array([0.3, 1.0]))),
    "dense": (Dense(ROOT), Diagonal(np.array([0.3, 1.0]))),
    "low rank": (
        LowRank(np.array([1.0, 2.0]), np.array([[0.6], [0.8]]), np.array([3.0])),
        Dense(ROOT),
    ),
}


@pytest.mark.parametrize("tails", [np.inf, 4.0])
@pytest.mark.parametrize("kind", SCALES)
def test_the_density_is_the_mixtures(kind: str, tails: float, rng: np.random.Generator) -> None:
    q = GaussianMixture(np.array([0.3, 0.7]), rng.normal(size=(2, 2)), SCALES[kind], tails)
    reference = MixtureReference(q, "a fit")
    points = reference.draw(20, (1, 2))
    exact = np.zeros(20)
    for weight, center, scale in zip(q.weights, q.centers, q.scales, strict=True):
        shape = scale.covariance()
        frozen = (
            stats.multivariate_normal(center, shape)
            if np.isinf(tails)
            else stats.multivariate_t(center, shape, tails)
        )
        exact += weight * frozen.pdf(points)
    with float64():
        found = [float(jax.jit(reference.log_density)(x, reference.data)) for x in points]
    np.testing.assert_allclose(found, np.log(exact), rtol=1e-9)


def test_draws_depend_on_the_stream_alone() -> None:
    q = GaussianMixture.of(np.zeros(2), Diagonal(np.ones(2)))
    reference = MixtureReference(q, "a fit")
    first = reference.draw(5, (1, 2))
    np.testing.assert_array_equal(first, reference.draw(5, (1, 2)))
    assert not np.array_equal(first, reference.draw(5, (1, 3)))


def test_many_coordinates_keep_their_variances(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "MOST_DENSE", 1)
    reference = MixtureReference(GaussianMixture.of(np.zeros(2), Dense(ROOT)), "a fit")
    assert isinstance(reference.q.scales[0], Diagonal)
    np.testing.assert_allclose(reference.q.std**2, np.diag(ROOT @ ROOT.T))
