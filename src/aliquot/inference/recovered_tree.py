"""A trace with discrete variables that have come back, and nothing of other data beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from aliquot.errors import AliquotWarning, warn
from aliquot.inference import origin
from aliquot.inference.described import described, model_coords, model_dims
from aliquot.marginal import Unknown
from aliquot.model import Model
from aliquot.results import (
    build_dataset,
    build_tree,
    groups_of,
    in_written_order,
    standard_attributes,
    tree_of,
)

if TYPE_CHECKING:
    import xarray

# Groups that recovering fills.
FILLED = ("posterior", "state_probabilities", "most_probable")


def extended(
    trace: xarray.DataTree,
    model: Model,
    unknowns: Sequence[Unknown],
    groups: Mapping[str, Mapping[str, np.ndarray]],
    records: Mapping[str, Mapping[str, Any]],
) -> xarray.DataTree:
    """Add groups of recovered arrays to a trace, with dims and coords.

    What is there of other rows than these goes: labels and whatever else runs along a dim that has
    other labels now. Data groups say the data that the labels belong to.

    By group and name, arrays are of shape (chains, draws, *shape); those of the group ``posterior``
    that `records`, the attributes of what was recovered, does not name, were there before and are
    replaced. The `unknowns` are those that are given back.
    """
    written = list(model.variables)
    posterior = trace["posterior"].dataset
    labels = model_coords(model) | {dim: posterior[dim].values for dim in ("chain", "draw")}
    result = groups_of(trace)
    lost: list[str] = []
    for group in [group for group in FILLED if group in result]:
        stale = [
            str(name)
            for name, array in result[group].data_vars.items()
            if origin.change(model, array.attrs) is not None
        ]
        result[group] = _without(result[group], stale)
        lost += [name for name in stale if name not in groups.get(group, {})]
    for group, arrays in groups.items():
        dims: dict[str, Any] = dict(model_dims(model))
        coords = dict(labels)
        if group == "state_probabilities":
            for unknown in unknowns:
                dim, states = _state_dim(unknown)
                if states is not None:
                    coords[dim] = states
                before = dims.get(unknown.name) or [None] * len(unknown.shape)
                dims[unknown.name] = [*before, dim]
        made = build_dataset(
            group,
            in_written_order(arrays, written),
            dims=dims,
            coords=coords,
            attrs=standard_attributes(),
            sampled=True,
        )
        for name in arrays:
            made[name].attrs.update(records.get(name, {}))
        if group == "posterior":
            old = _without(result[group], [name for name in arrays if name in result[group]])
            others = _along_other_labels(old, made)
            lost += others
            made = _without(old, others).merge(made, join="exact")
            made = made[list(in_written_order(dict(made.data_vars), written))]
        result[group] = made
    # The posterior stays, also where nothing is left in it.
    result = {
        group: dataset
        for group, dataset in result.items()
        if group == "posterior" or group not in FILLED or dataset
    }
    if lost:
        warn(
            f"aq.recover: left out {', '.join(dict.fromkeys(lost))}, which belongs to other data "
            "than the model holds now",
            AliquotWarning,
        )
    # The data that are there are to be those that the labels belong to.
    for group, made in groups_of(build_tree(**described(model))).items():
        if group in result and not all(_same(result[group], made[name]) for name in made):
            result[group] = made
    return tree_of(result, trace.attrs)


def _along_other_labels(dataset: Any, made: Any) -> list[str]:
    """Name the variables along a dim whose labels are others in what is new."""
    others = {
        dim
        for dim in made.dims
        if dim in dataset.dims and not np.array_equal(dataset[dim].values, made[dim].values)
    }
    return [str(n) for n, array in dataset.data_vars.items() if others & set(array.dims)]


def _without(dataset: Any, names: Sequence[str]) -> Any:
    """Leave variables out, and the labels of dims that nothing else has."""
    dataset = dataset.drop_vars(names)
    used = {dim for array in dataset.data_vars.values() for dim in array.dims}
    return dataset.drop_dims(set(dataset.dims) - used - {"chain", "draw"})


def _same(dataset: Any, array: Any) -> bool:
    """Say whether a dataset has an array's values under its name."""
    if array.name not in dataset:
        return False
    nan = array.dtype.kind == "f"
    return np.array_equal(dataset[array.name].values, array.values, equal_nan=nan)


def _state_dim(unknown: Unknown) -> tuple[str, Any]:
    """Give the name of the dim of states, and its labels where they are not a model's coords.

    It is that of the probabilities that the variable was given, where they have one.
    """
    taken = unknown.node.dims or ()
    for name in ("p", "logit_p", "P", "logit_P"):
        parameter = unknown.distribution.parameters.get(name)
        dims = getattr(parameter, "dims", None) or ()
        shape = getattr(parameter, "shape", ())
        fits = unknown.lowest == 0 and shape[-1:] == (unknown.states,)
        if dims and fits and dims[-1] not in taken:
            return dims[-1], None
    return f"{unknown.name}_state", unknown.values


def thinned(trace: xarray.DataTree, step: int) -> xarray.DataTree:
    """Keep every so many-th draw of all groups that have draws."""
    groups = groups_of(trace)
    for name, dataset in groups.items():
        if "draw" in dataset.dims and not name.startswith("warmup"):
            groups[name] = dataset.isel(draw=slice(None, None, step))
    return tree_of(groups, trace.attrs)
