"""Log predictive densities of some observations at every draw: they do not depend on labels."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import numpy as np

from aliquot.density.chunks import in_chunks
from aliquot.inference.draws import flat, free_draws, in_chains, sample_shape
from aliquot.precision import float64

if TYPE_CHECKING:
    import xarray

# Observations looked at one by one, of each observed variable, besides the sum over all.
MOST = 20
# Densities of single observations computed in all: with more, some draws are left out.
BUDGET = 100_000_000
FEWEST_DRAWS = 100


def log_predictive(density: Any, values: Mapping[str, np.ndarray]) -> dict[str, xarray.DataArray]:
    """Compute the log predictive densities of observations, spread evenly, and their sum.

    By ``log p(name)``, (chains, some of the draws, observations + 1), where the sum over all
    observations comes last. `values` are of every continuous free variable, (chains, draws,
    *shape).
    """
    free = free_draws(density, values)
    chains, draws = sample_shape(free)
    sizes = {f"log p({v.name})": prod(v.distribution.batch_shape) for v in density.observed}
    total = sum(sizes.values())
    most = max(FEWEST_DRAWS, BUDGET // max(1, total * chains))
    step = max(1, -(-draws // most))
    kept = {name: value[:, ::step] for name, value in free.items()}
    rows = {name: flat(value) for name, value in kept.items()}

    def one(row: Any, data: Any) -> dict[str, Any]:
        found = density.log_likelihood_at(row, data)
        return {f"log p({name})": _selected(jnp.ravel(value)) for name, value in found.items()}

    program = density.program("log predictive of some", jax.vmap(one, in_axes=(0, None)))
    with float64():
        result = in_chunks(program, one, rows, density.data)
    shaped = in_chains(result, *sample_shape(kept))
    return {name: _labelled(value, sizes[name]) for name, value in shaped.items()}


def _labelled(values: np.ndarray, size: int) -> xarray.DataArray:
    """Name each number by the position of its observation, and the sum "all"."""
    import xarray

    labels = [*map(str, _positions(size)), "all"]
    return xarray.DataArray(
        values, dims=("chain", "draw", "observation"), coords={"observation": labels}
    )


def _positions(size: int) -> np.ndarray:
    return np.unique(np.linspace(0, size - 1, min(MOST, size)).astype(int))


def _selected(values: Any) -> Any:
    return jnp.append(values[_positions(values.size)], jnp.sum(values))
