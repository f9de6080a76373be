"""Improper posteriors: no fit stands for them, and each says where they are improper."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

import aliquot as aq
from aliquot.errors import ConvergenceWarning, FitError

QUIET: dict[str, Any] = {"progressbar": False, "random_seed": 1}


def flat_sum() -> aq.Model:
    """Two means of which only the sum is known."""
    with aq.Model() as model:
        mu = aq.Flat("mu", shape=2)
        aq.Normal("y", mu[0] + mu[1], 1, observed=np.zeros(5))
    return model


def unbounded() -> aq.Model:
    """A scale that nothing depends on, and whose log has a density that rises for ever."""
    with aq.Model() as model:
        a = aq.Normal("a", 0, 1)
        aq.HalfFlat("s")
        aq.Normal("y", a, 1, observed=np.zeros(5))
    return model


@pytest.mark.parametrize("method", [None, "laplace", "dadvi", "fullrank", "pathfinder"])
def test_what_rises_for_ever_is_named(method: str | None) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(FitError, match="s_log__"):
            aq.fit(method=method, model=unbounded(), **QUIET)


@pytest.mark.parametrize("method", ["laplace", "fullrank"])
def test_a_flat_direction_is_named(method: str) -> None:
    with pytest.raises(FitError, match=r"(?s)mu\[0\].*mu\[1\].*proper priors"):
        aq.fit(method=method, model=flat_sum(), **QUIET)


@pytest.mark.parametrize("method", [None, "dadvi", "pathfinder"])
def test_a_fit_in_spite_of_a_flat_direction_is_called_poor(method: str | None) -> None:
    with pytest.warns(ConvergenceWarning, match="misses part of the posterior"):
        approx = aq.fit(method=method, model=flat_sum(), **QUIET)
    assert approx.quality is not None
    assert not approx.quality.good


@pytest.mark.parametrize("method", ["laplace", "dadvi", "fullrank", "pathfinder"])
def test_posteriors_that_are_far_out_have_not_run_off(method: str) -> None:
    with aq.Model() as model:
        mu = aq.Normal("mu", 0, 1e10)
        aq.Normal("y", mu, 3, observed=1.6e9 + np.arange(5.0))
    approx = aq.fit(method=method, model=model, **QUIET)
    assert approx.mean[0] == pytest.approx(1.6e9 + 2, abs=0.1)
    assert approx.std[0] == pytest.approx(3 / np.sqrt(5), rel=0.01)
