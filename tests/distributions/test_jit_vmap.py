"""Compiled and mapped densities equal plain ones; a distribution survives being a pytree."""

from __future__ import annotations

import jax
import numpy as np

from aliquot.precision import float64
from tests.distributions.case import Case
from tests.distributions.table import evaluate, every_case, inside, repeated


@every_case
def test_compiled_and_mapped_equal_plain(case: Case) -> None:
    distribution = case.build()
    # Eight points for every row: the plain way compiles each operation for each shape.
    points = inside(case)
    points = points[np.arange(8) % len(points)]
    mapped = evaluate(repeated(distribution, len(points)), points).log_prob
    # Fused and separate operations round differently, by some units in the last place of the terms.
    np.testing.assert_allclose(mapped, distribution.log_prob(points), rtol=1e-11, atol=1e-11)


@every_case
def test_flattens_and_returns(case: Case) -> None:
    distribution = case.build()
    leaves, structure = jax.tree.flatten(distribution)
    again = jax.tree.unflatten(structure, leaves)
    assert type(again) is type(distribution)
    assert again.shape == distribution.shape
    assert repr(again) == repr(distribution)
    with float64():
        shapes = jax.eval_shape(lambda it, x: it.checked_log_prob(x), again, inside(case))
    assert shapes.shape == (len(inside(case)), *distribution.batch_shape)
