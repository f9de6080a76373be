"""Maximum likelihood from scratch against printed values: `aq.find_map` under flat priors."""

from __future__ import annotations

import warnings
from typing import Any

import pytest

import aliquot as aq
from tests.inference.published import CASES


def test_published_maxima(verified: Any) -> None:
    """Every maximum agrees with what is printed."""
    worst, named = 0.0, ""
    for name, case in CASES.items():
        with warnings.catch_warnings():
            # A maximum on a bound is approached, not reached.
            warnings.simplefilter("ignore", aq.errors.ConvergenceWarning)
            mode = aq.find_map(model=case.build(), restarts=6, random_seed=1)
        printed, half = case.log_likelihood()
        away = abs(mode.attrs["log_likelihood"] - printed) / half
        if away > worst:
            worst, named = away, name
        assert mode.attrs["log_likelihood"] == pytest.approx(printed, abs=1.001 * half), name
    verified(
        what="maximum log likelihoods of published analyses",
        against="the digits that are printed",
        cases=len(CASES),
        worst=f"{worst:.2f} half units of the last digit ({named})",
    )
