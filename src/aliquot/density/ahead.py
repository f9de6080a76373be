"""One-step-ahead densities: of what was observed at each time, given all that was before.

They are differences of the log likelihood of what there was up to each time. Observations that are
independent given the continuous unknowns have their own; where discrete unknowns are summed out,
the totals are taken with all that comes later left out.

Along chains one pass gives all of them, if what is observed at a time is about that time's states.
Whether it does is seen at one draw, where both are computed. As functions of the unknowns both are
analytic, so that they are the same everywhere if they are at a point chosen at random.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from math import prod
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import numpy as np

from aliquot.density.chunks import in_chunks
from aliquot.density.validity import filled_in
from aliquot.distributions.base import Distribution
from aliquot.distributions.gaussian_series import GaussianSeries
from aliquot.distributions.random_walk import GaussianRandomWalk
from aliquot.marginal.left_out import without
from aliquot.model.variables import ObservedVariable
from aliquot.precision import float64

if TYPE_CHECKING:
    from aliquot.density.density import Density
    from aliquot.marginal import Evaluated

# The time of what was there from the start.
ALWAYS = -1
# How far two ways to compute the same may differ, relative to the sum over all steps.
ROUNDING = 1e-9


def one_step_ahead(
    density: Density,
    values: Mapping[str, np.ndarray],
    count: int,
    times: Mapping[str, np.ndarray],
    at: np.ndarray,
) -> np.ndarray:
    """Compute the log density of what was observed at each step, given all before; of many draws.

    Parameters
    ----------
    values : mapping from str to array, shape (count, *shape)
        Every continuous free variable on its own scale.
    times : mapping from str to array of int
        For each observed variable the step that each of its observations belongs to, from 0 on, or
        `ALWAYS`; of the shape of its log likelihood, or of its values for a series (`is_series`).
    at : array of int, shape (steps,)
        When each step was: where its states are in a chain.

    Returns
    -------
    numpy.ndarray, shape (count, steps)
    """
    every = np.arange(count), dict(values)
    plan = density.marginal
    hidden = set() if plan is None else _hidden(plan)
    length = None if plan is None or not hidden else plan.elimination.chain_steps
    if length is None or at[-1] >= length:
        return _over_draws(density, every, times, at, hidden, filtered=False)
    one = jax.tree.map(lambda rows: rows[:1], every)
    exact = _over_draws(density, one, times, at, hidden, filtered=False)
    found = _over_draws(density, one, times, at, hidden, filtered=True)
    scale = max(1.0, float(np.abs(exact).sum()))
    same = bool(np.all(np.abs(found - exact) <= ROUNDING * scale))
    return _over_draws(density, every, times, at, hidden, filtered=same)


def _over_draws(
    density: Density,
    rows: Any,
    times: Mapping[str, np.ndarray],
    at: np.ndarray,
    hidden: set[str],
    *,
    filtered: bool,
) -> np.ndarray:
    """Compute them with a program that is known by all that it depends on besides the structure."""

    def one(row: Any, data: Any) -> dict[str, Any]:
        known = density.evaluation_of(row[1], data)
        total = jnp.zeros(len(at))
        for variable in density.observed:
            if variable.name not in hidden:
                total = total + _by_step(variable, density, known, times[variable.name], len(at))
        if hidden:
            own = {name: times[name] for name in hidden if name in times}
            assert density.marginal is not None
            evaluated = density.marginal.evaluate(known)
            total = total + (_filtered if filtered else _each)(evaluated, own, at)
        return {"": total}

    told = sha256(repr((filtered, at.tolist())).encode())
    for name, when in sorted(times.items()):
        told.update(repr((name, when.shape)).encode() + when.tobytes())
    program = density.program(
        f"one step ahead {told.hexdigest()}", jax.vmap(one, in_axes=(0, None))
    )
    with float64():
        return in_chunks(program, one, rows, density.data)[""]


def is_series(distribution: Distribution) -> bool:
    """Say whether a value is one series, of which the density of each point is known."""
    return isinstance(distribution, GaussianSeries | GaussianRandomWalk)


def _hidden(plan: Any) -> set[str]:
    """Name the observed variables that depend on discrete unknowns."""
    names = {term.name for term in plan.terms if term.kind == "observed"}
    return names | {plan.unknowns[number].name for number, _ in plan.evidence_factors()}


def _by_step(
    variable: ObservedVariable, density: Density, known: Any, at: np.ndarray, steps: int
) -> Any:
    """Add the log densities of observations that are independent of the others, step by step."""
    distribution = variable.distribution
    if is_series(distribution) and at.shape == distribution.shape:
        bound, valid = filled_in(distribution, known)
        found = bound.log_prob_by_time(known(variable.value))
        found = jnp.broadcast_to(found, (*distribution.batch_shape, found.shape[-1]))
        if valid is not None:
            found = jnp.where(jnp.expand_dims(valid, -1), found, -jnp.inf)
        # Time is the first axis of an event.
        at = at.reshape((*found.shape, -1))[..., 0]
    else:
        found = density.pointwise_of(variable.name, known)
    where = at.reshape(-1)
    flat = jnp.reshape(found, (prod(at.shape),))[np.flatnonzero(where >= 0)]
    return jnp.zeros(steps).at[where[where >= 0]].add(flat)


def _each(evaluated: Evaluated, times: Mapping[str, np.ndarray], at: np.ndarray) -> Any:
    """Take the differences of all totals, each with all later observations left out."""

    def total(step: Any) -> Any:
        return without(evaluated, {name: when >= step for name, when in times.items()}).log_sum()

    total(np.int64(0))  # what all of them read is computed here, outside of the loop
    return jnp.diff(jax.lax.map(total, jnp.arange(len(at) + 1)))


def _filtered(evaluated: Evaluated, times: Mapping[str, np.ndarray], at: np.ndarray) -> Any:
    """Take them from one pass along the chains: observations before a step, none after it.

    It is right where what is observed at a time is about the states of that time, and no later, and
    all of it is about some state.
    """
    elimination = evaluated.plan.elimination
    none = without(evaluated, {name: when >= 0 for name, when in times.items()})
    totals = elimination.totals(evaluated.tables, none.tables)
    places = at - (elimination.chain_steps or 0) + totals.shape[0]
    start = elimination.log_sum(none.tables)
    return jnp.diff(totals[jnp.maximum(places, 0)], prepend=start)
