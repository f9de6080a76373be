"""Windows of chains and small networks in all directions, against enumeration."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np
import pytest

from aliquot.precision import float64
from tests.marginal import test_recover
from tests.marginal.agreement import (
    assert_log_likelihood_agrees,
    imputing,
    points_of,
)
from tests.marginal.brute import Brute
from tests.marginal.case import Case
from tests.marginal.models_windows import relatives, windows
from tests.programs import quick

ALL = [*windows.listed, *relatives.listed]


@pytest.mark.parametrize("case", ALL, ids=[case.name for case in ALL])
def test_density_observations_probabilities_draws_and_path(case: Case, verified: Any) -> None:
    with imputing():
        model = case.build()
    brute = Brute(model, case.states)
    flat = points_of(brute, 1)[0]
    expected = brute.at(flat)
    density = model.density()
    with float64():
        program = quick(jax.value_and_grad(density.log_density))
        value, gradient = jax.device_get(program(flat, density.data))
    scale = max(1.0, abs(expected.log_density))
    worst = max(
        abs(value - expected.log_density) / scale,
        np.max(np.abs(gradient - expected.gradient)) / max(1.0, np.abs(expected.gradient).max()),
    )
    assert worst < 1e-12
    assert_log_likelihood_agrees(model, brute, [flat])
    test_recover.test_what_comes_back_is_as_by_enumeration(case)
    verified(
        what=f"summing out: {case.name.replace('_', ' ')}",
        against="enumeration",
        cases=1,
        worst=f"{worst:.0e}",
    )
