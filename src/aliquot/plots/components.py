"""Draws of the components that can trade places: one number for each component."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from aliquot.errors import ModelError
from aliquot.plots.recovered import choose
from aliquot.results.axes import in_order
from aliquot.symmetry import Block, Role, Symmetries, block_names

if TYPE_CHECKING:
    import xarray

GROUP = "relabelling"


@dataclass(frozen=True)
class ComponentDraws:
    """One number for each component, in each draw."""

    name: str  # the variable, with the place within each component where that has several numbers
    labels: tuple[str, ...]  # of the components, as the variable's coordinate has them
    names: tuple[str, ...]  # the same with the variable's name: means[low]
    values: np.ndarray  # (chains, draws, components)
    chains: tuple[str, ...]  # their labels


def find_block(trees: Sequence[Any], var_name: str | None) -> tuple[str, Block]:
    """Find a block of components, and its name, in the first tree that knows of any.

    `var_name` is a variable that moves with the components, or a block's name, as in the group
    ``relabelling``. By default the first block is taken.
    """
    known = [found for found in map(_symmetries, trees) if found is not None]
    if not known:
        raise ModelError(
            "the results do not say which components can trade places "
            "(attrs['symmetries'] is missing). Give results of aq.sample or aq.relabel"
        )
    blocks = next((found.coupled for found in known if found.coupled), ())
    if not blocks:
        raise ModelError(
            "no components of this model can trade places, so there is nothing to draw"
        )
    named = list(zip(block_names(blocks), blocks, strict=True))
    for name, block in named:
        if block.variables and (var_name is None or var_name == name):
            return name, block
    for name, block in named:
        if var_name in block.variables:
            return name, block
    moving = ", ".join(dict.fromkeys(v for block in blocks for v in block.variables))
    raise ModelError(
        f"var_name: {var_name!r} does not move with components that can trade places; "
        f"those that do: {moving or 'none'}"
    )


def read_components(
    tree: Any,
    block_name: str,
    block: Block,
    var_name: str | None,
    *,
    sel: Mapping[str, Any] | None = None,
    undo: bool = False,
) -> ComponentDraws:
    """Read one number for each component of a block, as `find_block` gives it, from the posterior.

    Of a variable that has further axes the first entry is taken where `sel` does not say which; of
    one that moves along two axes, such as a transition matrix, the diagonal. By default the
    variable is the block's first. `undo` gives the draws as they were before they were relabelled.
    """
    name = str(var_name if var_name in block.variables else block.variables[0])
    roles = [role for role in block.roles if name in role.variables]
    role, axes = roles[0], list(dict.fromkeys(r.axis for r in roles[:2] if r.axis is not None))
    if role.axis is None:
        axes = []
    arrays = _arrays(tree, role.variables)
    if undo:
        inverse = np.argsort(permutations(tree, block_name), axis=-1)
        moved = block.permute({key: array.values for key, array in arrays.items()}, inverse)
        arrays = {key: arrays[key].copy(data=value) for key, value in moved.items()}
    dim = _dim_of_components(arrays[name], name, role, sel) if axes else ""
    along = {key: _along(array, axes, dict(role.within), sel) for key, array in arrays.items()}
    _, place, chains = along[role.variables[0]]
    # What moves is all that is left, along the first axis after the chains and draws.
    left = replace(role, axis=0 if axes else None, within=())
    numbers = left.slices({key: values for key, (values, _, _) in along.items()}, 2)
    labels = role.variables
    names = tuple(label + place for label in labels)
    if axes:
        labels = tuple(str(arrays[name][dim].values[k]) for k in role.positions)
        further = f", {place[1:-1]}" if place else ""
        names = tuple(
            f"{name}[{label}{f', {label}' if len(axes) > 1 else further}]" for label in labels
        )
    title = f"{name if axes else ' and '.join(labels)}{place}"
    if role.mirror is not None:
        # The second component's image is what the first becomes.
        names = (names[0], role.image(names[-1]))
    return ComponentDraws(title, names if role.stays else labels, names, numbers, chains)


def _dim_of_components(
    array: xarray.DataArray, name: str, role: Role, sel: Mapping[str, Any] | None
) -> str:
    assert role.axis is not None
    if array.ndim - 2 <= role.axis or max(role.positions) >= array.shape[2 + role.axis]:
        raise ModelError(
            f"{name!r} has shape {array.shape[2:]} in these results, without the "
            f"{role.components} components that can trade places: they are of another model"
        )
    dim = str(array.dims[2 + role.axis])
    if dim in (sel or {}):
        raise ModelError(f"sel= cannot choose along {dim!r}, the components themselves")
    return dim


def permutations(tree: Any, block_name: str) -> np.ndarray:
    """Give the permutation of each draw that relabelling has made, shape (chains, draws, K)."""
    variable = f"permutation_{block_name}"
    dataset = relabelling(tree)
    if variable not in dataset:
        raise ModelError(
            f"the group {GROUP!r} has no {variable!r}; its variables are "
            f"{', '.join(map(str, dataset.data_vars))}"
        )
    return np.asarray(dataset[variable].transpose("chain", "draw", ...).values)


def relabelling(tree: Any) -> xarray.Dataset:
    """Give what `aq.relabel` has written down; a `ModelError` where it has not been called."""
    if not is_relabelled(tree):
        raise ModelError(
            f"the results have no group {GROUP!r}: call aq.relabel first, as in "
            "trace = aq.relabel(trace, model)"
        )
    found: xarray.Dataset = tree[GROUP].dataset
    return found


def is_relabelled(tree: Any) -> bool:
    """Say whether `aq.relabel` has made these results."""
    return GROUP in getattr(tree, "children", {})


def stages(tree: Any) -> list[tuple[str, bool]]:
    """Name what draws there are: before they were relabelled, which is to be undone, and after."""
    before = "permuted" if tree.attrs.get("label_switching") == "permute" else "as drawn"
    if not is_relabelled(tree):
        return [(before, False)]
    method = tree.attrs.get("relabelled")
    return [(before, True), (f"relabelled ({method})" if method else "relabelled", False)]


def _symmetries(tree: Any) -> Symmetries | None:
    return Symmetries.of(getattr(tree, "attrs", {}))


def _arrays(tree: Any, names: Sequence[str]) -> dict[str, xarray.DataArray]:
    if "posterior" not in getattr(tree, "children", {}):
        raise ModelError(f"the results have no group 'posterior'; got {type(tree).__name__}")
    posterior = tree["posterior"].dataset
    missing = [name for name in names if name not in posterior]
    if missing:
        raise ModelError(
            f"{missing[0]!r} is not in the posterior, whose variables are "
            f"{', '.join(map(str, posterior.data_vars))}"
        )
    return {name: in_order(posterior[name]) for name in names}


def _along(
    array: xarray.DataArray,
    axes: Sequence[int],
    within: Mapping[int, int],
    sel: Mapping[str, Any] | None,
) -> tuple[np.ndarray, str, tuple[str, ...]]:
    """Choose a place along all axes but some, of two of which the diagonal is taken; name it.

    Shape (chains, draws, length), or (chains, draws).
    """
    dims = [str(dim) for dim in array.dims]
    chosen = choose(array, sel, str(array.name))
    place = []
    for axis, dim in enumerate(dims[2:]):
        if axis not in axes:
            at = within.get(axis, 0) if dim not in (sel or {}) else 0
            place.append(str(chosen[dim].values[at]) if dim in chosen.coords else "0")
            chosen = chosen.isel({dim: at})
    values = chosen.transpose("chain", "draw", *(dims[2 + axis] for axis in axes)).values
    if len(axes) > 1:
        values = np.diagonal(values, axis1=2, axis2=3)
    chains = tuple(map(str, chosen["chain"].values))
    return np.asarray(values, float), f"[{', '.join(place)}]" if place else "", chains
