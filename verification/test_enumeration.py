"""Discrete variables summed out and back, against enumeration.

Every model of the tests' table and models made at random: the log density and its gradient, the
probability of each state, the most probable states and the log likelihood of each observation, all
compared with sums over every joint state; draws of the states by a goodness-of-fit test.
"""

from __future__ import annotations

from typing import Any

import jax
import numpy as np
import pytest
from hypothesis import HealthCheck, given, seed, settings

import aliquot as aq
from aliquot.precision import float64
from tests.marginal.agreement import (
    against_recursion,
    entries,
    fit_pvalue,
    fixed_trace,
    imputing,
    points_of,
    possible,
)
from tests.marginal.brute import Brute
from tests.marginal.models import CASES
from tests.marginal.recursions import LARGE
from tests.marginal.strategies import Recipe, build, recipes
from tests.programs import quick
from verification.worst import Worst

TOLERANCE = 1e-9
POINTS = 5
DRAWS = 4000
# Of one goodness-of-fit test; all of this file together fail once in 10,000 runs by chance.
FAILURE = 1e-4 / 2000
EXACT = [case for case in CASES.values() if case.expect == "exact"]
PARTS = 8  # so that two workers can share the table


class Found:
    """The worst of everything that is compared, by what it is."""

    def __init__(self) -> None:
        self.density, self.back, self.pointwise = Worst(), Worst(), Worst()
        self.models, self.pvalue = 0, 1.0

    def add(self, model: aq.Model, brute: Brute, name: str, count: int, draws: bool) -> None:
        self.models += 1
        points = points_of(brute, count)
        self.densities(model, brute, points, name)
        found = possible(brute, points[:2])
        if found and brute.discrete and brute.size:
            self.comes_back(model, brute, found, name, draws)

    def densities(self, model: aq.Model, brute: Brute, points: np.ndarray, name: str) -> None:
        density = model.density()
        with float64():
            program = quick(jax.value_and_grad(density.log_density))
            pointwise = quick(density.log_likelihood)
            for number, flat in enumerate(points):
                expected = brute.at(flat)
                value, gradient = program(flat, density.data)
                self.density.add(value, expected.log_density, name)
                if not np.isfinite(expected.log_density):
                    continue
                self.density.add(gradient, expected.gradient, f"{name}, gradient")
                if number:
                    continue
                given_others = pointwise(flat, density.data)
                for variable, each in expected.log_likelihood().items():
                    known = model[variable]
                    if known.missing is None or not known.distribution.discrete:
                        self.pointwise.add(given_others[variable], each, f"{name}, {variable}")

    def comes_back(self, model: aq.Model, brute: Brute, found: Any, name: str, draws: bool) -> None:
        trace = fixed_trace(model, brute, [flat for flat, _ in found], draws=DRAWS if draws else 1)
        kinds = ("probabilities", "most_probable", *(("draws",) if draws else ()))
        tree = aq.recover(trace, model, kind=kinds, random_seed=1)
        for chain, (_, point) in enumerate(found):
            for leaf in brute.discrete:
                given = entries(tree.state_probabilities, model, leaf, trailing=1)[chain, 0]
                low, _ = brute.bounds[leaf.name]
                if low.size and (low == low.flat[0]).all():
                    expected = point.probabilities[leaf.name]
                    self.back.add(given[..., : expected.shape[-1]], expected, name)
            best = {
                leaf.name: entries(tree.most_probable, model, leaf)[chain, 0]
                for leaf in brute.discrete
            }
            reached = point.log_joint[brute.number(best)]
            self.back.add(reached, point.most_probable[1], f"{name}, most probable")
            if draws:
                values = {
                    leaf.name: entries(tree.posterior, model, leaf)[chain]
                    for leaf in brute.discrete
                }
                counts = np.bincount(brute.number(values), minlength=len(point.joint))
                self.pvalue = min(self.pvalue, fit_pvalue(counts, point.joint))

    def report(self, verified: Any, which: str, against: str) -> None:
        rows = (
            ("log densities and gradients", self.density),
            ("probabilities of states and the most probable ones", self.back),
            ("log likelihoods of single observations", self.pointwise),
        )
        for what, worst in rows:
            if worst.cases:
                verified(
                    what=f"{what}, {which} ({self.models} models)",
                    against=against,
                    cases=worst.cases,
                    worst=str(worst),
                )
        for _, worst in rows:
            assert worst.error < TOLERANCE, str(worst)
        assert self.pvalue > FAILURE


@pytest.mark.parametrize("part", range(PARTS))
def test_every_model_of_the_table(verified, part):
    found = Found()
    for case in EXACT[part::PARTS]:
        with imputing():
            model = case.build()
        found.add(model, Brute(model, case.states), case.name, POINTS, draws=True)
    found.report(verified, f"the table, part {part + 1} of {PARTS}", "enumeration of joint states")


@pytest.mark.parametrize("part", range(4))
def test_models_made_at_random(verified, part):
    found = Found()

    @seed(1000 + part)
    @settings(
        max_examples=40,
        deadline=None,
        database=None,
        derandomize=False,
        suppress_health_check=list(HealthCheck),
    )
    @given(recipes())
    def each(recipe: Recipe) -> None:
        with imputing():
            model = build(recipe)
        found.add(model, Brute(model), "a random one", 2, draws=False)

    each()
    found.report(verified, f"made at random, part {part + 1} of 4", "enumeration of joint states")


def test_models_beyond_enumeration(verified):
    worst = Worst()
    for case in LARGE:
        for what, found, expected in against_recursion(case, POINTS, seed=5):
            worst.add(found, expected, f"{case.name}, {what}")
    verified(
        what=f"log densities and gradients of long chains and many rows ({len(LARGE)} models)",
        against="recursions written out by hand",
        cases=worst.cases,
        worst=str(worst),
    )
    assert worst.error < TOLERANCE
