"""Blocks of noise."""

import pytest

from aliquot.variational.noise import MAX_NORMALS, Stream, block_length, generator


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
