"""Symmetries of a model that is another one but for its data."""

from __future__ import annotations

import numpy as np

import aliquot as aq
from aliquot.symmetry.finding import take_symmetries


def squares(y: list[float], priors: list[float]) -> aq.Model:
    with aq.Model() as model:
        at = aq.Data("at", priors)
        x = aq.Normal("x", at, 1, shape=2)
        aq.Normal("y", x[0] ** 2 + x[1] ** 2, 1, observed=y)
    return model


def test_what_holds_for_other_data_is_taken_and_what_does_not_is_looked_for():
    model = squares([0.3, 1.0], [0.5, 0.5])
    known = model.symmetries(explain=False)
    assert known.blocks
    other = squares([4.0, -1.0], [0.5, 0.5])
    assert take_symmetries(other, known)
    assert other.symmetries(explain=False) is known
    apart = squares([0.3, 1.0], [-1.0, 2.0])
    assert not take_symmetries(apart, known)
    assert not apart.symmetries(explain=False).blocks
    assert np.isfinite(apart.density().evaluate(np.zeros(2)))
