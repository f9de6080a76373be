"""What an observed variable holds: columns with names, and answers with names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from aliquot.distributions.categorical import Categorical

if TYPE_CHECKING:
    import xarray

    from aliquot.model import Model


def columns_of(array: xarray.DataArray, most: int) -> list[tuple[str, Any]]:
    """Give the columns of replicated rows, each with its name and where it is in the data.

    What has two dims, of which labels in words name the second, is so many variables side by side,
    such as ages and weights. Where these are more than `most` they stay together, as does all else.

    >>> import xarray as xr
    >>> dims, coords = ("chain", "draw", "row", "column"), {"column": ["age", "weight"]}
    >>> columns_of(xr.DataArray(np.zeros((1, 9, 3, 2)), dims=dims, coords=coords, name="x"), 8)
    [('x[age]', (slice(None, None, None), 0)), ('x[weight]', (slice(None, None, None), 1))]
    """
    dims = [dim for dim in array.dims if dim not in ("chain", "draw")]
    labels = array.coords[dims[1]].values if len(dims) == 2 and dims[1] in array.coords else []
    if not 1 <= len(labels) <= most or not all(isinstance(label, str) for label in labels):
        return [(str(array.name), ...)]
    return [(f"{array.name}[{label}]", (slice(None), at)) for at, label in enumerate(labels)]


def answers_of(model: Model | None, name: str) -> list[str] | None:
    """Give the names of a categorical variable's answers, where its probabilities have a dim."""
    variable = None if model is None else model.variables.get(name)
    distribution = getattr(variable, "distribution", None)
    if model is None or not isinstance(distribution, Categorical):
        return None
    source: Any = next(iter(distribution.parameters.values()))  # p or logit_p
    count = np.shape(source)[-1]
    while not getattr(source, "dims", None) and getattr(source, "taken_from", None) is not None:
        source = source.taken_from
    dim = (getattr(source, "dims", None) or [None])[-1]
    if dim is None or dim not in model.coords:
        return None
    labels = [str(label) for label in np.asarray(model.coords[dim]).tolist()]
    return labels if len(labels) == count else None
