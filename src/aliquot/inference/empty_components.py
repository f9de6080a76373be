"""Components that no row of the data belongs to, where something else looks wrong."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any

import numpy as np

from aliquot.inference.draws import flat
from aliquot.inference.filled_components import rows_drawn, with_components

# Variables of more states are no labels, nor are those of fewer elements.
MOST_STATES, FEWEST_ELEMENTS = 20, 10
# Draws of each chain, from its later half.
DRAWS = 20


def empty_components(density: Any, values: Mapping[str, np.ndarray]) -> dict[str, Any]:
    """Say which components have no rows in any of some late draws, by variable and chain.

    `values` are of the continuous free variables, (chains, draws, *shape). Gives ``{"z": [[0], [],
    ...]}``, for each chain a list; variables all of whose components have rows are left out.
    """
    result = {}
    for name, variable in with_components(density, density.observed).items():
        discrete = hasattr(variable, "states")
        elements = prod(variable.shape) if discrete else prod(variable.distribution.batch_shape)
        states = variable.states if discrete else variable.distribution.size
        if states > MOST_STATES or elements < FEWEST_ELEMENTS:
            continue
        chains, draws = next(iter(values.values())).shape[:2]
        late = np.unique(np.linspace(draws // 2, draws - 1, DRAWS).astype(int))
        some = {name: flat(value[:, late]) for name, value in values.items()}
        rows = rows_drawn(density, variable, some, chains * len(late), seed=0)
        most = rows.reshape(chains, len(late), -1).max(axis=1)
        if (most == 0).any():
            result[name] = [np.flatnonzero(each == 0).tolist() for each in most]
    return result
