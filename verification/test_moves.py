"""Independence steps against quadrature: modes apart, at their weights, over many seeds."""

from __future__ import annotations

import json

import numpy as np
import pytest
from arviz_stats.base.array import array_stats
from scipy import stats

import aliquot as aq

SEEDS = 100
# Each of the two comparisons of a case fails by chance at most so often.
FAILURE = 1e-5


def two_apart() -> None:
    aq.NormalMixture("x", w=[0.3, 0.7], mu=[-20.0, 20.0], sigma=1.0)


def squared() -> None:
    x = aq.Normal("x", 3, 3)
    aq.Normal("y", x**2, 1, observed=9.0)


def three_of_unequal_widths() -> None:
    aq.NormalMixture("x", w=[0.2, 0.3, 0.5], mu=[-9.0, 0.0, 12.0], sigma=[0.1, 2.0, 1.0])


@pytest.mark.parametrize("write", [two_apart, squared, three_of_unequal_widths])
def test_modes_apart_by_quadrature(verified, write):
    with aq.Model() as model:
        write()
    density = model.density()
    grid = np.linspace(-25, 25, 20_001)
    heights = np.array([density.evaluate(np.array([x])) for x in grid])
    weights = np.exp(heights - heights.max())
    weights /= weights.sum()
    exact = {"share below 0": weights[grid < 0].sum(), "mean": weights @ grid}
    errors: dict[str, list[float]] = {name: [] for name in exact}
    by_moves = 0
    for seed in range(SEEDS):
        trace = aq.sample(
            1_000,
            tune=500,
            random_seed=seed,
            model=model,
            progressbar=False,
            compute_convergence_checks=False,
        )
        by_moves += json.loads(trace.attrs["moves"])["kind"] == "independence"
        x = trace.posterior["x"].values
        for name, values in (("share below 0", (x < 0).astype(float)), ("mean", x)):
            ess = array_stats.ess(values, chain_axis=0, draw_axis=1, method="mean")
            errors[name].append((values.mean() - exact[name]) / values.std() * np.sqrt(ess))
    found = {name: np.array(z) for name, z in errors.items()}
    verified(
        what=f"{write.__name__.replace('_', ' ')}: share and mean, {by_moves} by steps",
        against="quadrature",
        cases=SEEDS,
        worst="; ".join(
            f"{name}: errors in standard errors {z.mean():.2f} +- {z.std():.2f}, at most "
            f"{np.abs(z).max():.1f}"
            for name, z in found.items()
        ),
    )
    assert by_moves == SEEDS
    for z in found.values():
        assert abs(z.mean()) * np.sqrt(SEEDS) < stats.norm.isf(FAILURE) * 1.1
        # Standard errors are estimated, by some per cent.
        assert z.var() < 1.3 * stats.chi2.isf(FAILURE, SEEDS) / SEEDS
