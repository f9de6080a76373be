"""What may be given as a seed, and what comes of it."""

import numpy as np
import pytest

from aliquot.distributions.seeds import as_seed


def test_a_generator_or_a_sequence_gives_a_reproducible_integer():
    assert as_seed(np.random.default_rng(3)) == as_seed(np.random.default_rng(3))
    assert as_seed([1, 2]) == as_seed((1, 2))
    assert as_seed([1, 2]) != as_seed([2, 1])
    assert as_seed(np.int64(7)) == 7


def test_none_is_fresh_each_time():
    assert as_seed(None) != as_seed(None)


def test_a_negative_seed_is_refused_by_name():
    with pytest.raises(TypeError, match="random_seed must be a non-negative whole number"):
        as_seed(-1)
