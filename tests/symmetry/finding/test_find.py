"""Every symmetry is found, and nothing that is none, on models that show what they are."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import aliquot as aq
from aliquot.precision import float64
from aliquot.symmetry import Symmetries
from tests.symmetry.finding.cases import CASES, Case, described


@pytest.fixture(scope="module")
def found():
    known: dict[str, tuple[aq.Model, Symmetries]] = {}

    def find(case: Case) -> tuple[aq.Model, Symmetries]:
        if case.name not in known:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", aq.ImputationWarning)
                model = case.model()
            known[case.name] = model, model.symmetries()
        return known[case.name]

    return find


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_components_that_can_trade_places(case: Case, found):
    _, symmetries = found(case)
    assert {described(b) for b in symmetries.coupled} == set(case.blocks)
    assert {described(b) for b in symmetries.blocks if not b.coupled} == set(case.alike)
    assert case.broken <= {name for b in symmetries.broken for name in b.names}
    assert tuple(name for b in symmetries.coupled for name, _ in b.states) == case.states
    if case.positions:
        assert symmetries.blocks[0].roles[0].positions == case.positions


WHOLE = {
    "all_parameters",
    "three_written_apart",
    "a_mixture_in_each_group",
    "full_covariances",
    "hidden_markov_model",
    "latent_classes_of_raters",
}


@pytest.mark.parametrize("case", [c for c in CASES if c.name in WHOLE], ids=lambda c: c.name)
def test_the_density_does_not_change(case: Case, found):
    """The whole log density, by its own program, at permuted points of the constrained space."""
    model, symmetries = found(case)
    density = model.density()
    rng = np.random.default_rng(5)

    def on_own_scale(flat, data):
        return density.log_density(flat, data) - density.log_jacobian(flat, data)

    with float64():
        evaluate = density.program("on its own scale", on_own_scale)
        for _ in range(3):
            flat = density.start + rng.normal(size=density.size)
            drawn = density.constrain_draws(flat)
            values = {slot.variable.name: drawn[slot.variable.name] for slot in density.slots}
            before = float(evaluate(flat, density.data))
            for block in symmetries.blocks:
                values |= block.permute(values, rng.permutation(block.components))
            after = float(evaluate(density.unconstrain(values), density.data))
            assert after == pytest.approx(before, rel=1e-9)


def test_deterministics_that_depend_on_labels():
    with aq.Model() as model:
        means = aq.Normal("means", 0, 10, shape=3)
        aq.Deterministic("gap", means[1] - means[0])
        aq.Deterministic("center", means.mean())
        aq.Deterministic("sorted", np.sort(means))
        aq.NormalMixture("obs", w=np.full(3, 1 / 3), mu=means, sigma=1, observed=np.arange(9.0))
    assert model.symmetries().affected == ("gap",)
    assert Symmetries.from_json(model.symmetries().to_json()).affected == ("gap",)
