"""Draws of the components that can trade places: one number for each component."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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
    """One number for each component, in each draw.

    Attributes
    ----------
    name : str
        The variable, with the place within each component where that has several numbers.
    labels : tuple of str
        Of the components, as the variable's coordinate has them.
    names : tuple of str
        The same with the variable's name: ``means[low]``.
    values : numpy.ndarray, shape (chains, draws, components)
    chains : tuple of str
        Labels of the chains.
    """

    name: str
    labels: tuple[str, ...]
    names: tuple[str, ...]
    values: np.ndarray
    chains: tuple[str, ...]


def find_block(trees: Sequence[Any], var_name: str | None) -> tuple[str, Block]:
    """Find a block of components, and its name, in the first tree that knows of any.

    `var_name` is a variable that moves with the components, or a block's name, as in the group
    ``relabelling``. By default the first block is taken.

    Raises
    ------
    ModelError
        Where no tree says which components can trade places, none can, or `var_name` is not among
        what moves.
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
    name = var_name if var_name in block.variables else block.variables[0]
    roles = [role for role in block.roles if name in role.variables]
    arrays = _arrays(tree, roles[0].variables)
    if undo:
        inverse = np.argsort(permutations(tree, block_name), axis=-1)
        moved = block.permute({key: array.values for key, array in arrays.items()}, inverse)
        arrays = {key: arrays[key].copy(data=value) for key, value in moved.items()}
    if roles[0].stays:
        numbers, place, chains = _one(arrays[str(name)], str(name), roles[0], None, sel)
        images = (f"{name}{place}", roles[0].image(f"{name}{place}"))
        both = np.concatenate([numbers, (roles[0].mirror or 0.0) - numbers], axis=-1)
        return ComponentDraws(images[0], images, images, both, chains)
    if roles[0].axis is None:
        apart = [_one(arrays[v], v, Role((v,)), None, sel) for v in roles[0].variables]
        place, labels = apart[0][1], roles[0].variables
        names: tuple[str, ...] = tuple(label + place for label in labels)
        numbers = np.concatenate([numbers for numbers, _, _ in apart], axis=-1)
        names, numbers = _mirrored(roles[0], names, numbers)
        return ComponentDraws(" and ".join(labels) + place, labels, names, numbers, apart[0][2])
    second = roles[1].axis if len(roles) > 1 and roles[1].axis != roles[0].axis else None
    array = arrays[str(name)]
    if array.ndim - 2 <= roles[0].axis or max(roles[0].positions) >= array.shape[2 + roles[0].axis]:
        raise ModelError(
            f"{name!r} has shape {array.shape[2:]} in these results, without the "
            f"{block.components} components that can trade places: they are of another model"
        )
    dim = str(array.dims[2 + roles[0].axis])
    if dim in (sel or {}):
        raise ModelError(f"sel= cannot choose along {dim!r}, the components themselves")
    numbers, place, chains = _one(array, str(name), roles[0], second, sel)
    labels = tuple(str(array[dim].values[k]) for k in roles[0].positions)
    if second is not None:
        names = tuple(f"{name}[{label}, {label}]" for label in labels)
    elif place:
        names = tuple(f"{name}[{label}, {place[1:]}" for label in labels)
    else:
        names = tuple(f"{name}[{label}]" for label in labels)
    names, numbers = _mirrored(roles[0], names, numbers)
    return ComponentDraws(f"{name}{place}", labels, names, numbers, chains)


def _mirrored(
    role: Role, names: tuple[str, ...], numbers: np.ndarray
) -> tuple[tuple[str, ...], np.ndarray]:
    """Give the mirror image of the second component, which is what the first becomes."""
    if role.mirror is None:
        return names, numbers
    images = np.stack([numbers[..., 0], role.mirror - numbers[..., 1]], axis=-1)
    return (names[0], role.image(names[1])), images


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
    """Give what `aq.relabel` has written down.

    Raises
    ------
    ModelError
        Where it has not been called.
    """
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


def kind(tree: Any) -> str:
    """Say in a word or two what was done about labels."""
    if not is_relabelled(tree):
        return kind_before(tree)
    method = tree.attrs.get("relabelled")
    return f"relabelled ({method})" if method else "relabelled"


def kind_before(tree: Any) -> str:
    """Say the same of the draws before they were relabelled."""
    return "permuted" if tree.attrs.get("label_switching") == "permute" else "as drawn"


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


def _one(
    array: xarray.DataArray,
    name: str,
    role: Role,
    second: int | None,
    sel: Mapping[str, Any] | None,
) -> tuple[np.ndarray, str, tuple[str, ...]]:
    """Bring a variable to shape (chains, draws, components); name the place that was chosen."""
    dims = [str(dim) for dim in array.dims]
    chosen = choose(array, sel, name)
    within = dict(role.within)
    place = []
    for axis, dim in enumerate(dims[2:]):
        if axis in (role.axis, second):
            continue
        if axis in within and dim not in (sel or {}):
            chosen = chosen.isel({dim: [within[axis]]})
        chosen = chosen.isel({dim: slice(0, 1)})
        place.append(str(chosen[dim].values[0]) if dim in chosen.coords else "0")
    if role.axis is None:
        values = chosen.values.reshape((*chosen.shape[:2], 1))
    elif second is not None:
        matrix = chosen.transpose("chain", "draw", dims[2 + role.axis], dims[2 + second], ...)
        values = matrix.values.reshape(matrix.shape[:4])
        values = np.stack([values[:, :, k, k] for k in role.positions], axis=-1)
    else:
        rows = chosen.transpose("chain", "draw", dims[2 + role.axis], ...)
        values = rows.values.reshape(rows.shape[:3])[..., list(role.positions)]
    chains = tuple(map(str, chosen["chain"].values))
    return np.asarray(values, float), f"[{', '.join(place)}]" if place else "", chains
