"""The log prior alone: what is left of the log density without the likelihood."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy import stats

import aliquot as aq
from aliquot.density.prior import log_prior
from aliquot.precision import float64
from tests.programs import quick


def scales() -> None:
    s = aq.HalfNormal("s", 2, shape=2)
    m = aq.Normal("m", 0, s)
    aq.Potential("p", -(m**2).sum())
    aq.Normal("y", m, 1, observed=[0.3, -1.0])


def weights() -> None:
    w = aq.Dirichlet("w", np.ones(3))
    mu = aq.Normal("mu", 0, 3, shape=3, transform=aq.transforms.ordered)
    z = aq.Categorical("z", w, shape=4)
    aq.Normal("y", mu[z], 1, observed=[0.3, -1.0, 2.0, 0.0])


@pytest.mark.parametrize("write", [scales, weights])
def test_with_the_likelihood_it_makes_the_density(
    write: Callable[[], None], rng: np.random.Generator
) -> None:
    with aq.Model() as model:
        write()
    density = model.density()
    traced = log_prior(density)
    assert traced is not None
    for _ in range(5):
        flat = rng.normal(size=density.size)
        values = density.constrain_draws(flat)
        with float64():
            prior = float(quick(traced.function)(flat, traced.data))
            point = {slot.variable.name: values[slot.variable.name] for slot in density.slots}
            likelihood = float(quick(density.log_likelihood_sum)(point, density.data))
        rest = -float((values["m"] ** 2).sum()) if write is scales else 0.0
        assert np.isclose(prior + likelihood + rest, density.evaluate(flat), rtol=1e-10)


def test_discrete_variables_are_summed_out_of_the_prior_itself() -> None:
    with aq.Model() as model:
        z = aq.Bernoulli("z", 0.3)
        x = aq.Normal("x", 4.0 * z, 1)
        aq.Normal("y", x + z, 1, observed=2.0)
    density = model.density()
    traced = log_prior(density)
    assert traced is not None
    for x in (-1.0, 0.5, 3.0):
        with float64():
            found = float(quick(traced.function)(np.array([x]), traced.data))
        exact = 0.7 * stats.norm.pdf(x) + 0.3 * stats.norm.pdf(x, 4)
        assert np.isclose(found, np.log(exact))


def test_where_prior_and_data_are_not_apart_there_is_none() -> None:
    with aq.Model() as missing:
        mu = aq.Normal("mu", 0, 1)
        with pytest.warns(aq.ImputationWarning):
            y = aq.Normal("y", mu, 1, observed=[0.3, np.nan])
        aq.Normal("x", y, 1, observed=[0.1, 0.2])
    assert log_prior(missing.density()) is None
    with aq.Model() as after:
        y = aq.Normal("y", 0, 1, observed=0.3)
        aq.Normal("x", y, 1)
    assert log_prior(after.density()) is None
