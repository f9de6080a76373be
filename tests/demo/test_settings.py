"""What may be chosen, and the data that follow from it."""

from __future__ import annotations

import numpy as np
import pytest

from aliquot.demo import Settings
from tests.seeds import fixed


def test_data_are_those_of_the_recipe():
    rng = fixed(3)
    z = rng.integers(0, 2, 40)
    data, labels = Settings(n=40, seed=3, means=(-1.0, 1.0)).simulate()
    np.testing.assert_array_equal(labels, z)
    np.testing.assert_array_equal(data, rng.normal(np.array([-1.0, 1.0])[z], 1.0))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"means": (1.0, 1.0)}, "two different numbers.*got 1 and 1"),
        ({"means": (1.0, -1.0)}, "the lower one first; got 1 and -1"),
        ({"means": (float("nan"), 1.0)}, "means must be"),
        ({"means": (0.0, float("inf"))}, "means must be"),
        ({"means": (0.0, 1e6)}, "between -100 and 100"),
        ({"n": 9}, "n must be between 10 and 20,000; got 9"),
        ({"seed": -1}, "seed must be"),
        ({"draws": 99}, "draws must be between 100"),
        ({"tune": 0}, "tune must be"),
        ({"chains": 0}, "chains must be between 1 and 8; got 0"),
        ({"iterations": 5}, "iterations must be"),
    ],
)
def test_bad_choices_are_named(given, said):
    with pytest.raises(ValueError, match=said):
        Settings(**given)


def test_command_repeats_the_run():
    words = Settings(n=50, means=(-2.0, 0.5), iterations=900).command()
    assert words == (
        "aliquot demo --n 50 --seed 0 --means -2 0.5 --draws 10000 --tune 2000 --chains 2"
        " --iterations 900"
    )
