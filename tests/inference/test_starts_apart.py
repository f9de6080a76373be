"""Chains of what is a mixture itself start in different components, so that R-hat shows it."""

from __future__ import annotations

import numpy as np
import pytest

import aliquot as aq
from aliquot.errors import ConvergenceWarning
from aliquot.inference.initialisation import jittered_starts


def centers(model, initvals=None, jitter=1.0):
    found = jittered_starts(model.density(), initvals, chains=4, jitter=jitter).center
    return np.broadcast_to(found, (4, model.density().size))


def test_each_chain_has_the_next_component_for_each_element():
    with aq.Model() as model:
        aq.NormalMixture("x", w=[0.3, 0.7], mu=[-10.0, 10.0], sigma=1.0, shape=2)
        below = [aq.Normal.dist(at, 1.0) for at in (0.0, 5.0, 50.0)]
        aq.Mixture("y", w=[0.5, 0.5, 0.0], comp_dists=below)
        aq.Normal("plain", 3.0, 1.0)
    found = centers(model)
    assert found[:, :2].tolist() == [[-10, 10], [10, -10], [-10, 10], [10, -10]]
    assert found[:, 2].tolist() == [0.0, 5.0, 2.5, 0.0]  # no chain where no weight is
    assert (found[:, 3] == 3.0).all()
    assert (centers(model, jitter=0.0) == model.density().start).all()
    assert (centers(model, {"x": [1.0, 2.0]})[:, :2] == [1.0, 2.0]).all()


def test_what_depends_on_a_hidden_label_starts_in_its_states():
    with aq.Model() as model:
        z = aq.Categorical("z", p=[0.2, 0.3, 0.5])
        aq.Normal("x", aq.constant(np.array([-9.0, 0.0, 9.0]))[z], 1.0)
    assert centers(model)[:, 0].tolist() == [-9.0, 0.0, 9.0, -9.0]


def test_modes_that_no_chain_gets_between_are_said():
    with aq.Model():
        aq.NormalMixture("x", w=[0.3, 0.7], mu=[-10.0, 10.0], sigma=1.0)
        with pytest.warns(ConvergenceWarning, match="R-hat"):
            aq.sample(
                200,
                tune=200,
                random_seed=1,
                progressbar=False,
                init="jitter+adapt_full",
                moves="nuts",
            )
