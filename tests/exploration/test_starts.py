"""Where climbs begin: on both sides of valleys, whatever the seed."""

from __future__ import annotations

import numpy as np

import aliquot as aq
from aliquot.exploration import points_to_climb_from


def two_sided() -> aq.Model:
    """Modes near 3 and -3, of which the second has a third of the mass."""
    with aq.Model() as model:
        x = aq.Normal("x", 1, 3)
        aq.Normal("y", x**2, 0.5, observed=9.0)
    return model


def test_there_are_starts_on_both_sides_of_a_valley() -> None:
    density = two_sided().density()
    for seed in range(60):
        starts = np.stack(points_to_climb_from(density, None, 8, seed).points)
        assert starts.shape == (9, 1)
        assert set(np.sign(starts[1:, 0])) == {-1.0, 1.0}


def test_components_are_where_the_data_are() -> None:
    """With vague priors the start point has both components far off the data."""
    rng = np.random.default_rng(0)
    data = rng.normal(np.array([-0.75, 0.75])[rng.integers(0, 2, 100)], 1.0)
    with aq.Model() as model:
        means = aq.Normal("means", 0, 10, shape=2, transform=aq.transforms.ordered)
        aq.NormalMixture("y", [0.5, 0.5], means, 1, observed=data)
    density = model.density()
    for seed in range(20):
        starts = np.stack(points_to_climb_from(density, None, 8, seed).points)
        assert max(density.evaluate(start) for start in starts) > density.evaluate(starts[0]) + 100


def test_without_restarts_there_is_the_start_point() -> None:
    density = two_sided().density()
    (only,) = points_to_climb_from(density, {"x": 2.0}, 0, 1).points
    np.testing.assert_array_equal(only, [2.0])
    assert len(points_to_climb_from(density, {"x": 2.0}, 1, 1).points) == 2


def test_the_same_seed_gives_the_same_starts() -> None:
    density = two_sided().density()
    one, again, other = (
        np.stack(points_to_climb_from(density, None, 4, seed).points) for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(one, again)
    assert (one[1:] != other[1:]).any()
