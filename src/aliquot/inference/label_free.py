"""Log predictive densities of some observations at every draw: they do not depend on labels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from aliquot.density.rows import over_rows
from aliquot.precision import float64

# Observations looked at one by one, of each observed variable, besides the sum over all.
MOST = 20
# Densities of single observations computed in all: with more, some draws are left out.
BUDGET = 100_000_000
FEWEST_DRAWS = 100


def log_predictive(density: Any, values: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Compute the log predictive densities of observations, spread evenly, and their sum.

    Parameters
    ----------
    density : Density
    values : mapping from str to array, shape (chains, draws, *shape)
        Every continuous free variable on its own scale.

    Returns
    -------
    dict from str to numpy.ndarray, shape (chains, some of the draws, observations + 1)
        By ``log p(name)``; the sum over all observations comes last.
    """
    free = {slot.variable.name: values[slot.variable.name] for slot in density.slots}
    chains, draws = next(iter(free.values())).shape[:2]
    total = sum(int(np.prod(variable.shape, dtype=int)) for variable in density.observed)
    most = max(FEWEST_DRAWS, BUDGET // max(1, total * chains))
    step = max(1, -(-draws // most))
    kept = {name: value[:, ::step] for name, value in free.items()}
    left = next(iter(kept.values())).shape[1]
    rows = {name: v.reshape((chains * left, *v.shape[2:])) for name, v in kept.items()}

    def one(row: Any, data: Any) -> dict[str, Any]:
        found = density.log_likelihood_at(row, data)
        return {f"log p({name})": _selected(jnp.ravel(value)) for name, value in found.items()}

    program = density.program("log predictive of some", jax.vmap(one, in_axes=(0, None)))
    with float64():
        result = over_rows(program, one, rows, density.data)
    return {name: v.reshape((chains, left, *v.shape[1:])) for name, v in result.items()}


def _selected(values: Any) -> Any:
    index = np.unique(np.linspace(0, values.size - 1, min(MOST, values.size)).astype(int))
    return jnp.append(values[index], jnp.sum(values))
