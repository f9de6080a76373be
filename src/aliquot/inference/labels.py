"""Label switching of a sample: told of before it is drawn, looked for afterwards."""

from __future__ import annotations

import json
from collections.abc import Mapping
from math import prod
from typing import TYPE_CHECKING, Any

import jax.numpy as jnp
import numpy as np

from aliquot.density.likelihood import likelihood_shape
from aliquot.diagnostics import Diagnosis, check
from aliquot.diagnostics.empty import ATTRIBUTE as EMPTY
from aliquot.errors import AliquotWarning, warn
from aliquot.inference.draws import (
    flat,
    free_draws,
    in_chains,
    sample_shape,
    spread_evenly,
)
from aliquot.inference.empty_components import empty_components
from aliquot.inference.permute import that_hold
from aliquot.model import Model
from aliquot.progress import announce
from aliquot.symmetry import ATTRIBUTE, Symmetries

if TYPE_CHECKING:
    import xarray

# Observations looked at one by one, of each observed variable, besides the sum over all.
MOST = 20
# Densities of single observations computed in all: with more, some draws are left out.
BUDGET = 100_000_000
FEWEST_DRAWS = 100


def announce_symmetries(
    model: Model, symmetries: Symmetries, permuting: bool, progressbar: bool
) -> None:
    """Say before the first draw which components can trade places."""
    if symmetries:
        after = ", all visited by permuting the draws" if permuting else ""
        announce(f"{symmetries.line}{after}.", progressbar)
    elif permuting:
        why = " ".join(broken.text for broken in model.symmetries().broken)
        warn(
            "label_switching: no components of this model can trade places, so there is nothing "
            f"to permute. {why}".strip(),
            AliquotWarning,
        )


def judge(tree: xarray.DataTree, density: Any, symmetries: Symmetries) -> Diagnosis:
    """Check a sample; where it looks bad, look for components without rows and switched labels.

    What was found before sampling is first verified at the draws. The log predictive densities,
    which do not depend on labels, are computed only where something looks bad.
    """
    found = None if symmetries else check(tree)
    if found is not None and found.ok:
        return found
    posterior = tree["posterior"].dataset
    values = {
        name: array.transpose("chain", "draw", ...).values
        for name, array in free_draws(density, posterior).items()
    }
    held = that_hold(density, symmetries, values)
    if found is None:
        tree.attrs[ATTRIBUTE] = held.to_json()
        found = check(tree)
        if found.ok:
            return found
    empty = empty_components(density, values)
    if empty:
        tree.attrs[EMPTY] = json.dumps(empty)
    if not (held or empty):
        return found
    return check(tree, label_free=log_predictive(density, values) if held else None)


def log_predictive(density: Any, values: Mapping[str, np.ndarray]) -> dict[str, xarray.DataArray]:
    """Compute the log predictive densities of observations, spread evenly, and their sum.

    By ``log p(name)``, (chains, some of the draws, observations + 1), where the sum over all
    observations comes last. `values` are of every continuous free variable, (chains, draws,
    *shape).
    """
    import xarray

    free = free_draws(density, values)
    chains, draws = sample_shape(free)
    sizes = {f"log p({v.name})": prod(likelihood_shape(density, v)) for v in density.observed}
    total = sum(sizes.values())
    most = max(FEWEST_DRAWS, BUDGET // max(1, total * chains))
    step = max(1, -(-draws // most))
    kept = {name: value[:, ::step] for name, value in free.items()}
    rows = {name: flat(value) for name, value in kept.items()}

    def one(row: Any, data: Any) -> dict[str, Any]:
        found = density.log_likelihood_at(row, data)
        return {f"log p({name})": _selected(jnp.ravel(value)) for name, value in found.items()}

    result = density.over_draws(one, rows, name="log predictive of some")
    shaped = in_chains(result, *sample_shape(kept))
    dims = ("chain", "draw", "observation")
    # Each number is named by the position of its observation.
    found = {}
    for variable in density.observed:
        name = f"log p({variable.name})"
        places = spread_evenly(sizes[name], MOST)
        labels = np.array([*map(str, places), "all"])
        counted = np.ones(len(labels), bool)
        if variable.counted is not None:
            counted[:-1] = np.ravel(variable.counted.value_now())[places]
        found[name] = xarray.DataArray(
            shaped[name][..., counted], dims=dims, coords={"observation": labels[counted]}
        )
    return found


def _selected(values: Any) -> Any:
    return jnp.append(values[spread_evenly(values.size, MOST)], jnp.sum(values))
