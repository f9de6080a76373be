"""A population that a density draws in."""

from __future__ import annotations

import numpy as np

import aliquot as aq
from aliquot.exploration.annealing import annealed


def test_it_ends_where_the_mass_is(rng: np.random.Generator) -> None:
    with aq.Model() as model:
        aq.MvNormal("x", np.array([3.0, -2.0]), np.array([[1.0, 0.9], [0.9, 1.0]]))
    stages, evaluations = annealed(model.density(), rng.normal(0, 30, (200, 2)), rng)
    powers = [stage.power for stage in stages]
    assert powers == sorted(powers)
    assert powers[-1] == 1.0
    assert evaluations == 200 * (1 + 3 * len(stages))
    last = stages[-1]
    # Drawn from the posterior they would be within .2 (3 standard errors) of its moments; the
    # population is no sample, and is only to be about there.
    np.testing.assert_allclose(last.points.mean(axis=0), [3, -2], atol=1.0)
    assert np.corrcoef(last.points.T)[0, 1] > 0.5
    assert last.heights.max() == max(model.density().evaluate(x) for x in last.points)


def test_a_wide_low_mode_counts_by_its_mass(rng: np.random.Generator) -> None:
    """The tall one has a hundredth of the mass; a climb would end there as often as not."""
    with aq.Model() as model:
        aq.NormalMixture("x", [0.01, 0.99], [-5.0, 5.0], [0.002, 1.0])
    stages, _ = annealed(model.density(), rng.uniform(-10, 10, (128, 1)), rng)
    assert (stages[-1].points > 0).mean() > 0.5


def test_nothing_where_no_point_has_a_density(rng: np.random.Generator) -> None:
    with aq.Model() as model:
        x = aq.Normal("x", 0, 1)
        aq.Potential("never", aq.math.log(x * 0 - 1))
    stages, _ = annealed(model.density(), rng.normal(size=(30, 1)), rng)
    assert stages == []
