"""Seeds and blocks of noise."""

import numpy as np
import pytest

from aliquot.variational.noise import MAX_NORMALS, Stream, as_entropy, block_length, generator


def test_a_generator_or_a_sequence_gives_a_reproducible_integer():
    assert as_entropy(np.random.default_rng(3)) == as_entropy(np.random.default_rng(3))
    assert as_entropy([1, 2]) == as_entropy((1, 2))
    assert as_entropy([1, 2]) != as_entropy([2, 1])
    assert as_entropy(np.int64(7)) == 7


def test_none_is_fresh_each_time():
    assert as_entropy(None) != as_entropy(None)


def test_a_negative_seed_is_refused_by_name():
    with pytest.raises(ValueError, match="random_seed=-1: expected a non-negative integer"):
        as_entropy(-1)


def test_streams_and_blocks_differ():
    draws = {
        generator(5, stream, block).standard_normal() for stream in Stream for block in range(3)
    }
    assert len(draws) == 3 * len(Stream)


@pytest.mark.parametrize(("n_samples", "size"), [(1, 2), (4, 700), (8, 10**6)])
def test_a_block_is_bounded_and_never_empty(n_samples, size):
    length = block_length(n_samples, size)
    assert length >= 1
    assert length == 1 or length * n_samples * size <= MAX_NORMALS
