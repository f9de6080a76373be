"""Symmetries: what is found against every way of exchanging and mirroring a model's numbers."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

import aliquot as aq
from tests.symmetry.finding.brute_force import BruteForce, generated
from tests.symmetry.finding.small_models import MODELS

SEEDS = 30


def compared(model: aq.Model) -> tuple[int, int]:
    """Count the ways that were tried and hold, and those in which what is found differs."""
    truth = BruteForce(model)
    group = truth.group()
    found = generated(model.symmetries(explain=False).blocks, truth.shapes)
    return len(group), len(group ^ found)


def at_random(seed: int) -> aq.Model:
    """Make a mixture of two whose parts are alike, written apart, mirrored, or none of these."""
    rng = np.random.default_rng([17, seed])
    data = rng.normal(0, 2, 12)
    stack = aq.math.stack
    with aq.Model() as model:
        if rng.random() < 0.5:
            a, b = rng.choice([1.0, 2.0, 3.0], 2)
            th = aq.Beta("th", a, b)
            w = stack([th, 1 - th])
        else:
            center = rng.choice([0.0, 1.0])
            x = aq.Normal("x", rng.choice([0.0, 1.0]), 1.5)
            # Not 1 - p, which far out has no digits that its image could be compared with.
            w = stack([aq.math.sigmoid(center - x), aq.math.sigmoid(x - center)])
        if rng.random() < 0.5:
            mu = aq.Normal("mu", rng.choice([0.0, 0.0, 1.0], 2), 5, shape=2)
        else:
            mu = stack([aq.Normal("low", 0, 5), aq.Normal("high", rng.choice([0.0, 1.0]), 5)])
        if rng.random() < 0.6:
            sigma = aq.HalfNormal("sigma", rng.choice([1.0, 1.0, 2.0], 2), shape=2)
            sigma = sigma[::-1] if rng.random() < 0.5 else sigma
        else:
            sigma = rng.choice([1.0, 1.0, 2.0], 2)
        aq.NormalMixture("obs", w, mu, sigma, observed=data)
    return model


def test_small_models(verified: Callable[..., None]) -> None:
    """Compare every model of the table."""
    ways = wrong = 0
    for make in MODELS.values():
        with aq.Model() as model:
            make()
        holding, differing = compared(model)
        ways += holding
        wrong += differing
    verified(
        what="symmetries of small models, by kind",
        against="the density at all signed permutations of their numbers",
        cases=len(MODELS),
        worst=f"{wrong} of {ways:,} that hold or are claimed",
    )
    assert wrong == 0


def test_models_at_random(verified: Callable[..., None]) -> None:
    """Compare mixtures whose parts are drawn from a few that matter."""
    wrong = ways = 0
    for seed in range(SEEDS):
        holding, differing = compared(at_random(seed))
        ways += holding
        wrong += differing
    verified(
        what="symmetries of mixtures of two, written at random",
        against="the density at all signed permutations of their numbers",
        cases=SEEDS,
        worst=f"{wrong} of {ways:,} that hold or are claimed",
    )
    assert wrong == 0
