"""A trace with its axes and labels in the model's order, so that positions say what they mean."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from aliquot.model import Model
from aliquot.model.stored import OtherLabelsError, dims_of, positions
from aliquot.results import groups_of, tree_of
from aliquot.results.axes import in_order

if TYPE_CHECKING:
    import xarray


def in_model_order(trace: xarray.DataTree, model: Model) -> xarray.DataTree:
    """Put the groups of draws into the model's order: chain, draw, a variable's own dims, labels.

    Groups without draws stay as they are, and so does what runs along rows of other data. A
    variable of the model's in the posterior with a dim that is missing or not known is refused.
    """
    groups = groups_of(trace)
    for name, dataset in groups.items():
        if {"chain", "draw"} <= set(dataset.dims):
            groups[name] = _labels_in_order(_axes_in_order(dataset, name, model), model)
    return tree_of(groups, trace.attrs)


def _axes_in_order(dataset: Any, group: str, model: Model) -> Any:
    arrays = {}
    for name, array in dataset.data_vars.items():
        array = in_order(array)
        if group == "posterior" and name in model and {"chain", "draw"} <= set(array.dims):
            array = array.transpose("chain", "draw", *dims_of(array, model[str(name)]))
        arrays[name] = array
    return dataset.assign(arrays)


def _labels_in_order(dataset: Any, model: Model) -> Any:
    marginal = model.density().marginal
    coords = model.coords.as_dict()
    for unknown in () if marginal is None else marginal.unknowns:
        coords.setdefault(f"{unknown.name}_state", unknown.values)
    for dim in [str(dim) for dim in dataset.dims]:
        if dim not in coords or dim not in dataset.coords:
            continue
        try:
            order = positions(dim, dim, np.asarray(dataset[dim].values), coords[dim])
        except OtherLabelsError:
            continue
        if order is not None:
            dataset = dataset.isel({dim: order})
    return dataset
