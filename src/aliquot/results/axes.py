"""The order of a stored variable's axes, whatever order its dims come back in.

xarray goes by the names of dims and may hand them back in any order. What is read by position has
to know which one was meant: it is recorded with every variable of several axes.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import xarray

AXES = "axes"
SAMPLE_DIMS = ("chain", "draw")


def recorded(dims: Sequence[str]) -> dict[str, str]:
    """Give the attribute that has a variable's dims in order, where there are several."""
    axes = [dim for dim in dims if dim not in SAMPLE_DIMS]
    return {AXES: json.dumps(axes)} if len(axes) > 1 else {}


def in_order(array: xarray.DataArray) -> xarray.DataArray:
    """Put a variable's dims into the order in which it was stored: chain, draw, its axes.

    Dims that nothing is recorded of (a variable that the user has made) keep their order, after
    these.

    >>> import numpy as np
    >>> from aliquot.results import build_tree
    >>> tree = build_tree(posterior={"P": np.zeros((4, 100, 2, 2))}, dims={"P": ["old", "new"]})
    >>> in_order(tree.posterior["P"].transpose("new", "draw", "old", "chain")).dims
    ('chain', 'draw', 'old', 'new')
    """
    known: Any = [f"{array.name}_dim_{axis}" for axis in range(array.ndim)]
    if AXES in array.attrs:
        known = json.loads(array.attrs[AXES])
    wanted = [dim for dim in (*SAMPLE_DIMS, *known) if dim in array.dims]
    return array.transpose(*wanted, ...)


def dataset_in_order(dataset: xarray.Dataset) -> xarray.Dataset:
    """Put the dims of all variables of a group into the order in which they were stored."""
    return dataset.assign({name: in_order(array) for name, array in dataset.data_vars.items()})
