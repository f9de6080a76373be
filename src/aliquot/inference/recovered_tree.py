"""A trace with discrete variables that have come back, and nothing of other data beside them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from aliquot.errors import AliquotWarning, warn
from aliquot.inference import origin
from aliquot.inference.described import (
    constant_data,
    draw_coords,
    model_coords,
    model_dims,
    observed_data,
)
from aliquot.marginal import Unknown
from aliquot.model import Model
from aliquot.results import (
    build_dataset,
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

    Parameters
    ----------
    unknowns : sequence of Unknown
        Those that are given back.
    groups : mapping
        By group and name, arrays (chains, draws, *shape). An array of the group ``posterior``
        that `records` does not name was there before and is replaced.
    records : mapping from str to dict
        The attributes of each variable that was recovered.
    """
    import xarray

    written = list(model.variables)
    posterior = trace["posterior"].to_dataset()
    labels = draw_coords(model, posterior)
    result = groups_of(trace)
    lost: list[str] = []
    for name in FILLED:
        if name in result:
            result[name], dropped = _without(result[name], _stale(model, result[name]))
            lost += [v for v in dropped if v not in groups.get(name, {})]
    for group, recovered in groups.items():
        arrays = in_written_order(recovered, written)
        dims: dict[str, Any] = dict(model_dims(model))
        coords = dict(labels)
        if group == "state_probabilities":
            for unknown in unknowns:
                dim, states = _state_dim(unknown)
                if states is not None:
                    coords[dim] = states
                before = dims.get(unknown.name) or [None] * len(unknown.shape)
                dims[unknown.name] = [*before, dim]
        attrs = standard_attributes()
        made = build_dataset(group, arrays, dims=dims, coords=coords, attrs=attrs, sampled=True)
        for name in arrays:
            made[name].attrs.update(records.get(name, {}))
        if group == "posterior":
            kept = result[group]
            old, _ = _without(kept, [n for n in arrays if n in kept])
            old, dropped = _without(old, _along_other_labels(old, made))
            lost += dropped
            made = old.merge(made, join="exact")
            arranged = in_written_order(
                {str(n): array for n, array in made.data_vars.items()}, written
            )
            made = xarray.Dataset(arranged, coords=made.coords, attrs=kept.attrs)
        result[group] = made
    result = {name: dataset for name, dataset in result.items() if _kept(name, dataset)}
    if lost:
        warn(
            f"aq.recover: left out {', '.join(dict.fromkeys(lost))}, which belongs to other data "
            "than the model holds now",
            AliquotWarning,
        )
    _refresh_data(result, model)
    return tree_of(result, trace.attrs)


def _kept(name: str, dataset: Any) -> bool:
    return name not in FILLED or name == "posterior" or bool(dataset.data_vars)


def _stale(model: Model, dataset: Any) -> list[str]:
    """Name what was recovered from other data."""
    names = map(str, dataset.data_vars)
    return [n for n in names if origin.change(model, dataset[n].attrs) is not None]


def _along_other_labels(dataset: Any, made: Any) -> list[str]:
    """Name the variables along a dim whose labels are others in what is new."""
    others = {
        dim
        for dim in made.dims
        if dim in dataset.dims and not np.array_equal(dataset[dim].values, made[dim].values)
    }
    return [str(n) for n, array in dataset.data_vars.items() if others & set(array.dims)]


def _without(dataset: Any, names: Iterable[str]) -> tuple[Any, list[str]]:
    """Leave variables out, and the labels of dims that nothing else has."""
    names = list(names)
    dataset = dataset.drop_vars(names)
    used = {dim for array in dataset.data_vars.values() for dim in array.dims}
    unused = [dim for dim in dataset.dims if dim not in used and dim not in ("chain", "draw")]
    return dataset.drop_dims(unused), names


def _refresh_data(groups: dict[str, Any], model: Model) -> None:
    """Put the model's data into the trace's groups of data where they are others."""
    for group, data in (
        ("observed_data", observed_data(model)),
        ("constant_data", constant_data(model)),
    ):
        if group not in groups or all(_same(groups[group], n, v) for n, v in data.items()):
            continue
        dims = {name: dims for name, dims in model_dims(model).items() if name in data}
        groups[group] = build_dataset(
            group,
            data,
            dims=dims,
            coords=model_coords(model),
            attrs=standard_attributes(),
            sampled=False,
        )


def _same(dataset: Any, name: str, values: np.ndarray) -> bool:
    if name not in dataset:
        return False
    stored = np.asarray(dataset[name].values)
    return stored.shape == values.shape and bool(
        np.array_equal(stored, values, equal_nan=values.dtype.kind == "f")
    )


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
