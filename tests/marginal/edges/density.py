"""Densities of models whose potentials are calls at their edges, against enumeration."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np
from scipy.special import logsumexp

import aliquot as aq
from aliquot.precision import float64
from tests.marginal.edges.agreement import TOTAL
from tests.marginal.edges.call import Call, Together
from tests.marginal.edges.operands import SHAPES, STATES
from tests.programs import quick

EVERY = np.indices((STATES,) * TOTAL).reshape(TOTAL, -1).T
"""All joint states of all elements."""


def densities(program: Together, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Give the log density and its gradient at a point, ours and those by enumeration.

    Each result of each call is summed, brought to the size of one, and multiplied by a continuous
    variable, which makes a potential. Results that are infinite somewhere are left out.
    """
    totals = [
        [np.sum(r.reshape(len(EVERY), -1), 1, dtype=float) for r in results]
        for results in program.plain(EVERY)
    ]
    factors = [[_factor(total, rng) for total in some] for some in totals]
    weights = [rng.dirichlet(np.full(STATES, 3.0), shape) for shape in SHAPES]
    with aq.Model() as model:
        x = aq.Normal("x", 0, 1)
        variables = [aq.Categorical(f"z{n}", p) for n, p in enumerate(weights)]
        for number, (call, of_call) in enumerate(zip(program.calls, factors, strict=True)):
            data = Together((call,)).data
            given = [
                aq.Data(f"d{number}_{k}", array) if array.size else array
                for k, array in enumerate(data)
            ]
            aq.Potential(f"call{number}", x * _lifted(call, of_call)(*variables, *given))
    at = float(rng.normal())
    density = model.density()
    with float64():
        gradient = quick(jax.value_and_grad(density.log_density))
        value, slope = jax.device_get(gradient(np.array([at]), density.data))
    terms = sum(
        factor * total
        for some, of_call in zip(totals, factors, strict=True)
        for total, factor in zip(some, of_call, strict=True)
        if factor
    )
    prior = np.concatenate([p.reshape(-1, STATES) for p in weights])
    joint = np.log(prior)[np.arange(TOTAL), EVERY].sum(1) + at * terms
    right = logsumexp(joint) - 0.5 * at**2 - 0.5 * np.log(2 * np.pi)
    rise = np.exp(joint - logsumexp(joint)) @ (terms * np.ones(len(EVERY))) - at
    return np.array([value, *slope]), np.array([right, rise])


def _factor(total: np.ndarray, rng: np.random.Generator) -> float:
    """Give what brings a term to the size of one; 0 where it is no number for some state."""
    if not np.isfinite(total).all():
        return 0.0
    return float(rng.uniform(0.5, 1.5) / np.maximum(1.0, np.abs(total).max()))


def _lifted(call: Call, factors: list[float]) -> Any:
    alone = Together((call,))

    @aq.lift
    def term(*inputs: Any) -> Any:
        results = alone.flat(*inputs)
        found: Any = 0.0
        for result, factor in zip(results, factors, strict=True):
            if factor:
                found = found + factor * result.sum()
        return found

    return term
