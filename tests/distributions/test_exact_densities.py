"""Every family's log density against 60 digits, at moderate, large and extreme sizes."""

from __future__ import annotations

from functools import partial

import jax
import mpmath as mp
import pytest

import aliquot as aq
from aliquot import families
from aliquot.precision import float64
from tests.distributions.exact_densities import (
    DIGITS,
    EXACT,
    EXTREME,
    LARGE,
    MODERATE,
    TIERS,
    errors,
    numbers,
)
from tests.programs import quick

# Several times the square root of a count's or shape's size, times 1e-16, is what the rounding of a
# product of parameters, such as n p, makes of it some standard deviations from the mode.
TOLERANCE = {MODERATE: 1e-12, LARGE: 1e-10, EXTREME: 2e-9}


@pytest.mark.parametrize("name", EXACT)
def test_log_density_is_exact_at_every_scale(name, rng):
    for tier in TIERS:
        worst = max(errors(name, rng, tier, 12), default=(0.0, ""))
        assert worst[0] < TOLERANCE[tier], worst


def test_every_family_is_compared():
    """Or its formula is one of others', or has no constant of its own but tails'."""
    elsewhere = {"Flat", "HalfFlat", "LKJCholeskyCov", "LKJCorr", "MarkovChain", "Mixture"}
    elsewhere |= {"Censored", "CustomDist", "Truncated"}
    assert {name.split()[0] for name in EXACT} | elsewhere == set(families.__all__)


@quick
def gradient(dist, x):
    return jax.grad(lambda dist: dist._log_prob(x), allow_int=True)(dist)


@pytest.mark.parametrize(
    "name",
    [
        *("Poisson", "Binomial", "NegativeBinomial", "BetaBinomial", "Gamma", "Beta"),
        *("SkewNormal", "AsymmetricLaplace", "ExGaussian", "Kumaraswamy", "DiscreteWeibull"),
    ],
)
def test_gradient_at_large_sizes(name, rng):
    """By each parameter, relative to the terms of it that cancel: events over the parameter."""
    for _ in range(6):
        x, given = EXACT[name].draw(rng, LARGE)
        dist = getattr(aq, name).dist(**given)
        largest = max(abs(x), 1.0, *(abs(float(value)) for value in given.values()))
        with float64():
            slopes = gradient(dist, x).parameters
        for key in (key for key in given if isinstance(given[key], float)):
            with mp.workdps(DIGITS):
                start = numbers(given[key])
                step = start * mp.mpf(10) ** -25
                exact = mp.diff(partial(exactly, name, x, given, key), start, h=step)
                size = abs(exact) + largest / abs(start)
                assert abs(numbers(float(slopes[key])) - exact) < 1e-12 * size, (
                    name,
                    given,
                    x,
                    key,
                )


def exactly(name, x, given, key, value):
    fixed = {k: numbers(v) for k, v in given.items()}
    return EXACT[name].log_density(numbers(x), **{**fixed, key: value})
