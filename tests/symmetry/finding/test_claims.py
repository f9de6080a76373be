"""Nothing is claimed of components that were never seen to matter, and finding costs little."""

from __future__ import annotations

import numpy as np
import pytest

import aliquot as aq
from aliquot.symmetry.finding import at_once
from aliquot.symmetry.finding.find import VERIFIED
from aliquot.symmetry.finding.probe import Probe

DATA = np.random.default_rng(3).normal(0, 2, 20)


def sticks(count: int, alpha: float) -> aq.Model:
    with aq.Model() as model:
        v = aq.Beta("v", 1, alpha, shape=count - 1)
        mu = aq.Normal("mu", 0, 5, shape=count)
        left = aq.math.concatenate([np.ones(1), np.cumprod(1 - v)])
        w = aq.math.concatenate([v, np.ones(1)]) * left
        aq.NormalMixture("obs", w, mu, 1, observed=DATA)
    return model


@pytest.mark.parametrize("alpha", [1.0, 2.0])
def test_the_last_of_many_sticks(alpha):
    """Their means alone cannot trade places, though at most points nobody would notice."""
    found = sticks(30, alpha).symmetries(explain=False)
    assert not found.blocks


def test_the_last_of_few_sticks():
    """Where the prior is flat, the last break can be mirrored."""
    (block,) = sticks(4, 1.0).symmetries(explain=False).blocks
    assert block.roles[0].positions == (2, 3)
    assert [(r.variables[0], r.within, r.mirror) for r in block.roles[1:]] == [
        ("v", ((0, 2),), 1.0)
    ]
    assert not sticks(4, 2.0).symmetries(explain=False).blocks


def test_weights_that_fall_off_by_construction():
    with aq.Model() as model:
        a, mu = aq.Normal("a", 0, 1, shape=4), aq.Normal("mu", 0, 5, shape=4)
        logits = a - 15.0 * np.arange(4)
        w = np.exp(logits - aq.math.logsumexp(logits))
        aq.NormalMixture("obs", w, mu, 1, observed=DATA)
    assert not model.symmetries(explain=False).blocks


def test_an_offset_that_swallows_them():
    """In 1e15 a number near 1 is lost: it could be exchanged for the other, or for anything."""
    with aq.Model() as model:
        x = aq.Normal("x", 0, 1, shape=2)
        aq.Potential("p", 1e15 + x[0] - 2 * x[1])
    found = model.symmetries()
    assert not found.blocks
    assert [one.names for one in found.unseen] == [("p",)]
    assert "is not known: at no point looked at did they matter to p" in found.text


def test_elements_without_data_are_alike():
    """No term uses them, so that there is nothing to be seen."""
    with aq.Model() as model:
        x = aq.Normal("x", 0, 1, shape=4)
        aq.Normal("obs", x[np.array([0, 1])], 1, observed=[1.0, 3.0])
    (block,) = model.symmetries().blocks
    assert (block.roles[0].positions, block.coupled) == ((2, 3), False)


def test_rotations_are_said():
    data = DATA.reshape(4, 5)
    with aq.Model() as model:
        L, F = aq.Normal("L", 0, 1, shape=(4, 2)), aq.Normal("F", 0, 1, shape=(2, 5))
        aq.Normal("obs", L @ F, 0.5, observed=data)
    found = model.symmetries(explain=False)
    assert found.modes == 8
    assert len(found.rotated) == 1
    assert "rotated into one another" in found.text
    with aq.Model() as model:
        L, F = aq.Normal("L", 0, 1, shape=(4, 2)), aq.StudentT("F", 4, mu=0, sigma=1, shape=(2, 5))
        aq.Normal("obs", L @ F, 0.5, observed=data)
    found = model.symmetries(explain=False)
    assert (found.modes, found.rotated) == (8, ())


@pytest.mark.parametrize("links", [[(0, 2), (1, 3)], [(0, 1), (1, 2)]])
def test_groups_that_are_linked_go_together(links):
    with aq.Model() as model:
        mu = aq.Normal("mu", 0, 5, shape=(4, 2))
        aq.NormalMixture(
            "obs", [0.5, 0.5], mu[:, None], 1, observed=DATA.reshape(4, 5), shape=(4, 5)
        )
        for g, h in links:
            aq.Potential(f"link_{g}", -0.3 * ((mu[g] - mu[h]) ** 2).sum())
    found = model.symmetries(explain=False)
    groups = {frozenset(role.within[0][1] for role in block.roles) for block in found.coupled}
    linked = [{0, 2}, {1, 3}] if len(links[0]) and links[0] == (0, 2) else [{0, 1, 2}, {3}]
    assert groups == {frozenset(one) for one in linked}
    assert found.modes == 4


def test_ordinary_models_cost_few_evaluations(monkeypatch):
    monkeypatch.setattr(at_once, "NUMBERS", 0)  # as with many data, of which each one is dear
    counted = []

    def counting(function):
        def counts(self, *args, **kwargs):
            counted.append(1)
            return function(self, *args, **kwargs)

        return counts

    for name in ("terms", "noted_by_nobody"):
        monkeypatch.setattr(Probe, name, counting(getattr(Probe, name)))
    with aq.Model() as regression:
        beta = aq.Normal("beta", 0, 5, shape=3)
        design = np.random.default_rng(1).normal(size=(20, 3))
        aq.Normal("obs", design @ beta, aq.HalfNormal("s", 1), observed=DATA)
    assert not regression.symmetries(explain=False)
    assert len(counted) <= 15
    counted.clear()
    with aq.Model() as classic:
        aq.NormalMixture("obs", [0.5, 0.5], aq.Normal("mu", 0, 10, shape=2), 1, observed=DATA)
    assert classic.symmetries(explain=False).modes == 2
    assert VERIFIED < len(counted) <= 40 + 2 * VERIFIED


@pytest.mark.parametrize(("power", "modes"), [(2, 2), (1, 1)])
def test_the_sign_of_one_number_takes_no_gradients(monkeypatch, power, modes):
    """One number has one direction: none has to be looked for, whether it turns or not."""
    monkeypatch.setattr(Probe, "gradient", None)
    with aq.Model() as model:
        x = aq.Normal("x", 0, 3)
        aq.Normal("obs", x**power, 1, observed=[-4.0, 4.0] if power == 1 else [4.0, 3.0])
    assert model.symmetries().modes == modes
