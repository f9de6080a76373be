from __future__ import annotations

import jax
import numpy as np
from scipy import stats

from aliquot.mcmc.hash import hashed_bits, uniform_from_bits
from aliquot.precision import float64
from tests.mcmc.recursive import splitmix


def hashed(keys, counters):
    with float64():
        return np.asarray(jax.jit(hashed_bits)(keys, counters))


def uniforms(keys, counters):
    with float64():
        return np.asarray(
            jax.jit(lambda key, counter: uniform_from_bits(hashed_bits(key, counter)))(
                keys, counters
            )
        )


def test_equals_the_reference_in_whole_numbers():
    rng = np.random.default_rng(0)
    keys = rng.integers(0, 2**64, 50, dtype=np.uint64)
    counters = rng.integers(0, 2**34, 50, dtype=np.uint64)
    expected = [splitmix(int(k), int(c)) for k, c in zip(keys, counters, strict=True)]
    assert hashed(keys, counters).tolist() == expected


def test_known_outputs_of_splitmix64():
    # The first outputs of the generator seeded with 1234567, as its authors give them.
    key = np.uint64(1234567)
    outputs = hashed(key, np.arange(3, dtype=np.uint64)).tolist()
    assert outputs == [6457827717110365317, 3203168211198807973, 9817491932198370423]


def test_uniform_over_leaves_and_over_keys():
    """Chi-square in 64 cells, along the counter for one key and along neighbouring keys."""
    for keys, counters in (
        (np.uint64(12345), np.arange(200_000, dtype=np.uint64)),
        (np.arange(200_000, dtype=np.uint64), np.uint64(1)),
        (np.random.default_rng(1).integers(0, 2**64, 200_000, dtype=np.uint64), np.uint64(2**32)),
    ):
        values = uniforms(keys, counters)
        assert values.min() >= 0.0
        assert values.max() < 1.0
        cells = np.histogram(values, bins=64, range=(0.0, 1.0))[0]
        assert 1e-5 < stats.chisquare(cells).pvalue < 1 - 1e-5


def test_pairs_of_neighbours_are_independent():
    """Chi-square in 16 x 16 cells for leaves n and n + 1, and for the top level against leaves."""
    keys = np.random.default_rng(2).integers(0, 2**64, 2000, dtype=np.uint64)
    leaves = uniforms(keys[:, None], np.arange(1, 65, dtype=np.uint64))
    tops = uniforms(keys[:, None], np.uint64(2**32) + np.arange(64, dtype=np.uint64))
    for x, y in ((leaves[:, :-1], leaves[:, 1:]), (leaves, tops)):
        cells = np.histogram2d(x.ravel(), y.ravel(), bins=16, range=[(0, 1), (0, 1)])[0]
        assert 1e-5 < stats.chisquare(cells.ravel()).pvalue < 1 - 1e-5


def test_each_bit_is_fair():
    bits = hashed(np.arange(50_000, dtype=np.uint64), np.uint64(0))
    share = ((bits[:, None] >> np.arange(64, dtype=np.uint64)) & np.uint64(1)).mean(axis=0)
    assert np.abs(share - 0.5).max() < 5 * 0.5 / np.sqrt(50_000)
