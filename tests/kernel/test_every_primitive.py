"""Every primitive in the table, evaluated block by block: the same values as it were.

The blocks are of two rows, and whatever axis is taken for the rows is cut: where a rule is wrong
about an axis, a value is.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from aliquot.kernel import blocks, rewrite, rewritten
from aliquot.precision import float64
from aliquot.primitives import name_of
from aliquot.primitives.internals import every_equation
from tests.marginal.edges import every  # noqa: F401  (registers what draws calls)
from tests.marginal.edges.call import MAKERS, Together, calls, together
from tests.programs import quick

PROGRAMS = list(together([call for rule in sorted(MAKERS) for call in calls(rule, 1)], 20))


@pytest.fixture(autouse=True)
def _two_rows_are_many(monkeypatch):
    for name in ("LEAST_ROWS", "LEAST_NUMBERS", "BLOCK", "BLOCK_OF_CALLS"):
        monkeypatch.setattr(blocks, name, 2)
    monkeypatch.setattr(rewrite, "LEAST_KEPT", 1)


def totals(program: Together, discrete: Any, data: Any) -> list[Any]:
    """Compute all results, and their sums along each axis and all of them."""
    found = []
    for result in program.flat(*discrete, *data):
        finite = jnp.where(jnp.isfinite(result), result, 0) if result.dtype.kind == "f" else result
        found += [result, *(jnp.sum(finite, axis) for axis in range(result.ndim)), jnp.sum(finite)]
    return found


def loops(function: Any, inputs: Any) -> int:
    """Count the loops of a function's program."""
    names = map(name_of, every_equation(jax.make_jaxpr(function)(*inputs)))
    return sum(name in ("scan", "while") for name in names)


@pytest.mark.slow
@pytest.mark.parametrize("part", range(len(PROGRAMS)))
def test_values_block_by_block_are_the_same(part):
    program = PROGRAMS[part]

    def function(discrete, data):
        return totals(program, discrete, data)

    with float64():
        inputs = program.discrete, program.data
        plain = quick(function)(*inputs)
        found = quick(rewritten(function))(*inputs)
        assert loops(rewritten(function), inputs) > loops(function, inputs), "nothing was cut"
    for ours, theirs in zip(found, plain, strict=True):
        assert (ours.shape, ours.dtype) == (theirs.shape, theirs.dtype)
        np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-9)
