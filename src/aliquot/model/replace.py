"""Replacing data: new values, new shapes, and everything that follows from them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax
import numpy as np

from aliquot.errors import AliquotError, ModelError, ShapeError
from aliquot.expression import Expression, Leaf, expressions, order
from aliquot.model import observed as observations
from aliquot.model.variables import Data, FreeVariable, ObservedVariable
from aliquot.precision import float64


def set_data(model: Any, values: Mapping[str, Any], coords: Mapping[str, Any]) -> None:
    """Replace data of a model; where the model then makes no sense, leave it as it was."""
    before = _snapshot(model)
    try:
        for dim, labels in coords.items():
            model.coords.add(dim, labels)
        for name, value in values.items():
            _replace(model, name, value, coords)
        _follow(model)
    except (AliquotError, IndexError, TypeError, ValueError):
        _restore(model, before)
        raise


def _replace(model: Any, name: str, value: Any, coords: Mapping[str, Any]) -> None:
    leaf = model.variables.get(name)
    if not isinstance(leaf, Data):
        known = ", ".join(repr(v.name) for v in model.data) or "none"
        raise ModelError(f"{name!r} is not data of this model (its data: {known})")
    array = observations.as_values(name, value)
    if array.ndim != leaf.ndim:
        raise ShapeError(f"{name}: had {leaf.ndim} axes; the new data have shape {array.shape}")
    if leaf.dtype.kind == "i" and array.dtype.kind == "f":
        raise ShapeError(f"{name}: holds integers; the new data have dtype {array.dtype}")
    leaf.value = array.astype(leaf.dtype)
    leaf.shape = array.shape
    for dim, size in zip(leaf.dims or (), array.shape, strict=leaf.dims is not None):
        if model.coords.length(dim) != size and dim not in coords:
            model.coords.add(dim, size)


def _follow(model: Any) -> None:
    """Work out every shape again, in the order in which the model was written."""
    structs: dict[int, Any] = {}
    for variable in model.variables.values():
        if isinstance(variable, FreeVariable):
            _shapes_of(structs, expressions(variable.distribution))
            variable.distribution = variable.remake()
            variable.shape = variable.distribution.shape
        elif isinstance(variable, ObservedVariable):
            _shapes_of(structs, [*expressions(variable.distribution), variable.value])
            variable.distribution = variable.remake(variable.value.shape)
            variable.shape = variable.value.shape
        else:
            _shapes_of(structs, [variable])


def _shapes_of(structs: dict[int, Any], outputs: list[Expression]) -> None:
    for node in order(outputs):
        if isinstance(node, Leaf):
            structs[id(node)] = jax.ShapeDtypeStruct(node.shape, node.dtype)
            continue
        if node.check is not None:
            node.check()
        assert node.function is not None  # only leaves have none
        try:
            with float64():
                struct = jax.eval_shape(node.function, *(structs[id(up)] for up in node.inputs))
        except (TypeError, ValueError) as error:
            raise ShapeError(
                f"with the new data, {node.text} cannot be computed: {str(error).splitlines()[0]}"
            ) from error
        structs[id(node)] = struct
        if isinstance(struct, jax.ShapeDtypeStruct):
            node.shape = struct.shape


def _snapshot(model: Any) -> Any:
    nodes: list[Any] = [*model.variables.values()]
    for variable in model.variables.values():
        nodes += order([*expressions(getattr(variable, "distribution", ())), variable])
    unique = {id(node): node for node in nodes}.values()
    return (
        model.coords.as_dict(),
        [
            (
                n,
                n.shape,
                getattr(n, "value", None) if isinstance(n, Leaf) else None,
                getattr(n, "distribution", None),
            )
            for n in unique
        ],
    )


def _restore(model: Any, before: Any) -> None:
    coords, nodes = before
    for dim, labels in coords.items():
        model.coords.add(dim, labels)
    for node, shape, value, distribution in nodes:
        node.shape = shape
        if isinstance(node, Leaf):
            node.value = value
        if distribution is not None:
            node.distribution = distribution


def is_consistent(variable: ObservedVariable) -> bool:
    """Say whether an observed variable's data still have its distribution's shape."""
    return np.shape(variable.value) == variable.distribution.shape
