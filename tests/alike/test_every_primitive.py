"""Every primitive in the table, of rows that are alike: the same values.

Each call is made for six rows, of which there are two kinds. What a rule says of the places of
numbers is then wrong in some value where it is wrong at all.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from aliquot.alike import merged, rules_sums, sufficient
from aliquot.precision import float64
from aliquot.primitives.internals import replayed
from tests.marginal.edges import every  # noqa: F401  (registers what draws calls)
from tests.marginal.edges.call import MAKERS, Together, calls, together
from tests.programs import quick

KINDS = np.array([0, 1, 1, 0, 1, 0])
"""Which of two rows of data each of the six rows has."""

PROGRAMS = list(together([call for rule in sorted(MAKERS) for call in calls(rule, 1)], 20))


@pytest.fixture(autouse=True)
def _few_are_many(monkeypatch):
    monkeypatch.setattr(rules_sums, "LEAST", 1)
    monkeypatch.setattr(sufficient, "LEAST", 1)


def rows(program: Together, rng: np.random.Generator) -> tuple[list[Any], list[Any]]:
    """Give two rows of states and of data: real numbers differ, all others are the same."""
    discrete = [rng.integers(0, 3, (2, *array.shape)) for array in program.discrete]
    data = [
        np.stack([array, array + (rng.normal(0, 0.01) if array.dtype.kind == "f" else 0)])
        for array in program.data
    ]
    return discrete, [each.astype(old.dtype) for each, old in zip(data, program.data, strict=True)]


def function(program: Together) -> Any:
    """Give what computes all results of all rows, and their sums."""

    def compute(discrete: Any, data: Any) -> list[Any]:
        found = []
        each = jax.vmap(program.flat)(*(array[KINDS] for array in (*discrete, *data)))
        for result in each:
            real = result.dtype.kind == "f"
            finite = jnp.where(jnp.isfinite(result), result, 0) if real else result
            sums = [jnp.sum(finite, axis) for axis in range(result.ndim)]
            found += [result, *sums, jnp.sum(finite)]
        return found

    return compute


def both(function: Any, discrete: Any, data: Any) -> tuple[Any, Any]:
    """Give the function as it is, and with alike rows computed once."""
    leaves, structure = jax.tree.flatten((discrete, data))
    program = jax.make_jaxpr(lambda *leaves: function(*jax.tree.unflatten(structure, leaves)))(
        *leaves
    )
    known = dict(enumerate(jax.tree.leaves(discrete)))
    shorter = merged(program, known)
    assert shorter is not None, "nothing was merged"

    def run(one: Any) -> Any:
        return lambda *leaves: replayed(one, one.consts, leaves)

    return run(program), run(shorter)


@pytest.mark.slow
@pytest.mark.parametrize("part", range(len(PROGRAMS)))
def test_values_are_the_same(part):
    program = PROGRAMS[part]
    with float64():
        discrete, data = rows(program, np.random.default_rng(part))
        plain, shorter = both(function(program), discrete, data)
        expected, found = (quick(each)(*discrete, *data) for each in (plain, shorter))
    for ours, theirs in zip(found, expected, strict=True):
        assert (ours.shape, ours.dtype) == (theirs.shape, theirs.dtype)
        np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-9)
