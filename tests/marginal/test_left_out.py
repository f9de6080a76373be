"""Sums over discrete unknowns with some observations left out, against enumeration."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from aliquot.marginal.left_out import without
from aliquot.precision import float64
from tests.marginal.agreement import assert_close, points_of
from tests.marginal.brute import Brute
from tests.marginal.models import CASES
from tests.programs import quick

# One for each way in which observations hang on unknowns.
KINDS = (
    "gaussian_chain",
    "chain_of_vectors",
    "lag_two",
    "through_an_index_with_ragged_groups",
    "crossed_factors",
    "two_in_one_table",
    "repeated_in_columns",
    "components_with_different_supports",
)


@pytest.mark.parametrize("name", KINDS)
def test_what_is_left_out_is_as_if_nobody_had_seen_it(name: str, rng: np.random.Generator) -> None:
    model = CASES[name].build()
    brute = Brute(model, CASES[name].states)
    density = model.density()
    plan = density.marginal
    assert plan is not None
    hidden = [term.name for term in plan.terms if term.kind == "observed"]
    flat = points_of(brute, 1)[0]
    point = brute.at(flat, gradient=False)

    def compute(flat: Any, data: Any, gone: Any) -> Any:
        at = plan.evaluate(density.evaluation_at(flat, data))
        return at.pointwise(gone), without(at, gone).log_sum(), at.log_sum()

    with float64():
        program = quick(compute)
        for share in (0.5, 1.0):
            gone = {
                name: rng.random(model[name].distribution.batch_shape) < share for name in hidden
            }
            expected, rest = point.without(gone)
            found, total, whole = program(flat, density.data, gone)
            for name in hidden:
                assert_close(found[name], expected[name], name)
            assert_close(total - whole, rest - point.log_density, "all that was not left out")
