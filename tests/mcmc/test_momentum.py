from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy import stats

from aliquot.mcmc.momentum import Momenta


@pytest.mark.parametrize("size", [1, 3, 500])
def test_same_numbers_however_they_are_asked_for(size):
    whole, keys = Momenta(5, 2, size).draws(0, 2500)
    made = Momenta(5, 2, size)
    cuts = [0, 1, 63, 64, 700, 1024, 1025, 2500]
    for start, stop in itertools.pairwise(cuts):
        normals, some = made.draws(start, stop)
        np.testing.assert_array_equal(normals, whole[start:stop])
        np.testing.assert_array_equal(some, keys[start:stop])
    np.testing.assert_array_equal(Momenta(5, 2, size).draws(1500, 1510)[0], whole[1500:1510])


def test_chains_seeds_draws_and_searches_differ():
    made = [
        Momenta(5, 0, 3).draws(0, 10),
        Momenta(5, 0, 3).draws(70_000, 70_010),
        Momenta(5, 1, 3).draws(0, 10),
        Momenta(6, 0, 3).draws(0, 10),
        Momenta(5, 0, 3).searches(0, 10),
        Momenta(5, 0, 3).searches(1, 10),
    ]
    keys = np.concatenate([keys for _, keys in made])
    normals = np.concatenate([normals for normals, _ in made])
    assert len(np.unique(keys)) == len(keys)
    assert len(np.unique(normals)) == normals.size


def test_standard_normal():
    normals, _ = Momenta(1, 0, 4).draws(0, 20_000)
    assert stats.kstest(normals.ravel(), "norm").pvalue > 1e-5
    correlation = np.corrcoef(normals.T) - np.eye(4)
    assert np.abs(correlation).max() < 5 / np.sqrt(20_000)


def test_many_seeds_are_taken():
    for seed in (0, 2**31, 2**64, 2**200):
        assert Momenta(seed, 0, 1).draws(0, 1)[0].shape == (1, 1)
