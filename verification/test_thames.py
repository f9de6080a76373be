"""The evidence of mixtures by bridge sampling, beside the truncated harmonic mean (THAMES)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import aliquot as aq
from tests.inference.known_evidence import close_gaussians
from verification.thames import thames

GALAXIES = Path(__file__).parents[1] / "docs" / "data" / "galaxies.csv"
# In joint errors, which are estimates: less than one in a million.
MOST = 5.5
LONG: dict[str, Any] = {"draws": 4000, "chains": 4, "progressbar": False}


def close() -> aq.Model:
    """Two Gaussians whose evidence quadrature gives: -180.50878."""
    with aq.Model() as model:
        means = aq.Normal("means", 0, 10, shape=2)
        aq.NormalMixture("y", [0.5, 0.5], means, 1, observed=close_gaussians())
    return model


def galaxies(K: int) -> aq.Model:
    """Velocities, with the priors of Richardson and Green (1997)."""
    y = np.loadtxt(GALAXIES, delimiter=",", skiprows=1, usecols=1) / 1000
    R, middle = np.ptp(y), (y.max() + y.min()) / 2
    with aq.Model() as model:
        rate = aq.Gamma("rate", 0.2, 10 / R**2)
        means = aq.Normal("means", middle, R, shape=K)
        precision = aq.Gamma("precision", 2, rate, shape=K)
        w = aq.Dirichlet("w", np.ones(K))
        aq.NormalMixture("velocity", w, means, precision**-0.5, observed=y)
    return model


CASES: dict[str, tuple[aq.Model, tuple[str, ...]]] = {
    "two close Gaussians": (close(), ()),
    "galaxies, two components": (galaxies(2), ("precision", "w")),
    "galaxies, three components": (galaxies(3), ("precision", "w")),
}


@pytest.mark.filterwarnings("ignore::aliquot.errors.AliquotWarning")
@pytest.mark.parametrize("name", CASES)
def test_both_give_the_same(verified, rng, name):
    model, with_them = CASES[name]
    seed = int(rng.integers(2**31))
    trace = aq.sample(
        model=model, random_seed=seed, label_switching="permute", target_accept=0.9, **LONG
    )
    bridge = aq.log_evidence(trace, model, random_seed=seed)
    value, error = thames(model, trace, "means", with_them, seed)
    off = (bridge.value - value) / np.hypot(bridge.error, error)
    verified(
        what=f"log evidence from permuted draws: {name}",
        against=f"the truncated harmonic mean, {value:.3f} ± {error:.3f}",
        cases=1,
        worst=f"{bridge.value:.3f} ± {bridge.error:.3f}: {abs(off):.1f} joint errors",
    )
    assert bridge.good, bridge.message
    assert max(bridge.error, error) < 0.1
    assert abs(off) < MOST
