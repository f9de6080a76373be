"""What every way to sum out must satisfy, against the enumeration."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from aliquot.marginal.elimination import Elimination, plan
from aliquot.precision import float64
from tests.marginal.elimination.enumeration import Enumeration, Problem
from tests.programs import quick


def check(problem: Problem, *, largest: int = 10**6, elimination: Elimination | None = None):
    """Compare everything that an elimination gives but draws with the enumeration."""
    oracle = Enumeration(problem)
    elimination = elimination or plan(problem.blocks, problem.factors, largest=largest)
    with float64():

        def everything(arrays):
            tables = problem.tables(arrays)
            return (
                jax.value_and_grad(lambda a: elimination.log_sum(problem.tables(a)))(arrays),
                elimination.probabilities(tables),
                [table.as_array() for table in elimination.outside(tables)],
                elimination.most_probable(tables),
            )

        arrays = [jnp.asarray(array) for array in problem.arrays]
        found = jax.device_get(quick(everything)(arrays))
    (value, gradients), probabilities, outside, (states, best) = found
    np.testing.assert_allclose(value, oracle.log_sum, rtol=1e-12, atol=1e-12)
    for i, (array, gradient) in enumerate(zip(problem.arrays, gradients, strict=True)):
        assert np.all(np.isfinite(gradient))
        # Where everything is impossible, parts that are possible by themselves keep their own.
        finite = np.isfinite(array) & np.isfinite(oracle.log_sum)
        np.testing.assert_allclose(
            np.asarray(gradient)[finite], oracle.gradient(i)[finite], rtol=1e-10, atol=1e-10
        )
        np.testing.assert_allclose(outside[i], oracle.outside(i), rtol=1e-10, atol=1e-10)
    for found, expected in zip(probabilities, oracle.probabilities(), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-10)
    np.testing.assert_allclose(best, oracle.log_weights.max(), rtol=1e-12, atol=1e-12)
    found = np.concatenate(states) if states else np.zeros(0, int)
    at = np.flatnonzero(np.all(oracle.joint == found, axis=1))
    np.testing.assert_allclose(oracle.log_weights[at], [best], rtol=1e-12, atol=1e-12)
    return elimination
