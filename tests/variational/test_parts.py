"""Mixtures as arrays by name."""

from __future__ import annotations

import numpy as np

from aliquot.variational.gaussians.mixture import GaussianMixture
from aliquot.variational.gaussians.parts import from_parts, to_parts
from aliquot.variational.gaussians.scale import Diagonal, LowRank, dense


def test_a_mixture_of_all_kinds_comes_back(rng: np.random.Generator) -> None:
    d = 12
    directions, _ = np.linalg.qr(rng.normal(size=(d, 2)))
    kinds = [
        Diagonal(rng.uniform(1, 2, d)),
        dense(np.cov(rng.normal(size=(d, 40)))),
        LowRank(rng.uniform(1, 2, d), np.asfortranarray(directions), np.array([3.0, 0.5])),
    ]
    scales = [kinds[k % 3] for k in range(11)]  # more than one digit counts
    weights = rng.dirichlet(np.ones(len(scales)))
    q = GaussianMixture(weights, rng.normal(size=(len(scales), d)), tuple(scales)).with_tails(5.0)
    back = from_parts(to_parts(q))
    assert back.tails == 5.0
    assert [type(scale) for scale in back.scales] == [type(scale) for scale in scales]
    for one, other in zip(
        q.draw(100, np.random.default_rng(1)), back.draw(100, np.random.default_rng(1)), strict=True
    ):
        assert (one == other).all()
