"""Numbers of draws and seeds: what may be given, and what comes of it."""

import numpy as np
import pytest

from aliquot.arguments import as_seed, whole_number
from aliquot.errors import ModelError


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


@pytest.mark.parametrize("value", [0, True, 2.0, "2", None])
def test_what_is_no_whole_number_is_refused_by_name(value):
    with pytest.raises(ModelError, match="chains must be a whole number of at least 1; got"):
        whole_number("chains", value)
    assert whole_number("chains", np.int32(2)) == 2
