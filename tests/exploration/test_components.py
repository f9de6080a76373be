"""Components that are brought to each other's places."""

from __future__ import annotations

import numpy as np

import aliquot as aq
from aliquot.exploration import Components


def test_a_component_comes_next_to_another_and_shares_with_it() -> None:
    with aq.Model() as model:
        w = aq.Dirichlet("w", np.ones(3))
        means = aq.Normal("means", 0, 10, shape=3)
        aq.Normal("other", 0, 1)
        aq.NormalMixture("y", w, means, 1.0, observed=np.zeros(5))
    density = model.density()
    at = density.start_with({"w": [0.2, 0.3, 0.5], "means": [-5.0, 0.0, 40.0], "other": 2.0})
    moved = Components(density).moved(at, 100, np.random.default_rng(1))
    assert len(moved) == 12  # three times two pairs, as far apart as two ways say
    values = density.constrain_draws(moved)
    assert (values["other"] == 2.0).all()
    np.testing.assert_allclose(values["w"].sum(axis=1), 1)
    for mean, share in zip(values["means"], values["w"], strict=True):
        joined = [(i, j) for i in range(3) for j in range(i) if np.isclose(share[i], share[j])]
        ((i, j),) = joined
        assert abs(mean[i] - mean[j]) < 0.04 * 45
    assert len(Components(density).moved(at, 5, np.random.default_rng(1))) == 5


def test_what_is_ordered_stays_so_and_all_else_moves_along() -> None:
    with aq.Model() as model:
        means = aq.Normal("means", 0, 10, shape=3, transform=aq.transforms.ordered)
        sds = aq.HalfNormal("sds", 1, shape=3)
        P = aq.Dirichlet("P", np.ones((3, 3)))
        z = aq.MarkovChain("z", P=P, init=np.full(3, 1 / 3), steps=4)
        aq.Normal("y", means[z], sds[z], observed=np.zeros(4))
    density = model.density()
    at = density.start_with({"means": [-50.0, 0.0, 10.0], "sds": [1.0, 2.0, 3.0]})
    values = density.constrain_draws(Components(density).moved(at, 100, np.random.default_rng(1)))
    assert (np.diff(values["means"], axis=1) > 0).all()
    np.testing.assert_allclose(values["P"].sum(axis=2), 1)
    for mean, sd in zip(values["means"], values["sds"], strict=True):
        # What is left of the three, in order, each with a scale near its own.
        near = np.abs(mean[:, None] - np.array([-50.0, 0.0, 10.0])).argmin(axis=1)
        np.testing.assert_allclose(sd, near + 1.0, atol=0.1)


def test_nothing_to_move() -> None:
    with aq.Model() as model:
        aq.Normal("x", 0, 1)
    density = model.density()
    assert Components(density).moved(density.start, 30, np.random.default_rng(1)).shape == (0, 1)
