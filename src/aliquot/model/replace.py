"""Replacing data: new values, new shapes, and everything that follows from them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax
import numpy as np

from aliquot.errors import DTypeError, ModelError, ShapeError
from aliquot.expression import Expression, Leaf, Read, expressions, leaves, order
from aliquot.model import observed as observations
from aliquot.model.dims import as_mapping, check_dims
from aliquot.model.imputed import known_values
from aliquot.model.observed import aligned
from aliquot.model.variables import Data, FreeVariable, ObservedVariable
from aliquot.precision import float64

KINDS = "buif"  # each kind can hold those before it


def set_data(model: Any, values: Mapping[str, Any], coords: Mapping[str, Any]) -> None:
    """Replace data of a model; where the model then makes no sense, leave it as it was."""
    values = as_mapping("the new data", values, "{'x': values}")
    coords = as_mapping("coords", coords, "{'group': labels}")
    before = _snapshot(model)
    try:
        for dim, labels in coords.items():
            if dim not in model.coords:
                known = ", ".join(map(repr, model.coords.as_dict())) or "none"
                raise ModelError(f"coords: {dim!r} is not a dim of this model (its dims: {known})")
            model.add_dim(dim, labels)
        for name, value in values.items():
            _replace(model, name, value, coords)
        follow(model)
        _check(model, set(values))
    except Exception:
        _restore(model, before)
        raise


def _replace(model: Any, name: str, value: Any, coords: Mapping[str, Any]) -> None:
    leaf = model.variables.get(name)
    if not isinstance(leaf, Data):
        known = ", ".join(repr(v.name) for v in model.data) or "none"
        raise ModelError(f"{name!r} is not data of this model (its data: {known})")
    if leaf.on_disk:
        raise ModelError(
            f"{name}: its rows lie on a disk ({model.rows.sources[name].name}), and are what the "
            "model is of: write the model anew with the other file"
        )
    array = observations.as_values(name, value)
    if array.ndim != leaf.ndim:
        raise ShapeError(f"{name}: had {leaf.ndim} axes; the new data have shape {array.shape}")
    if KINDS.index(array.dtype.kind) > KINDS.index(leaf.dtype.kind):
        held = {"i": "integers", "b": "booleans"}[leaf.dtype.kind]
        raise DTypeError(f"{name}: holds {held}; the new data have dtype {array.dtype}")
    missing = observations.find_missing(array)
    if missing is not None:
        raise ModelError(
            f"{name}: {int(missing.sum())} of {array.size} of the new values are missing (NaN). "
            "Which values are missing is settled where a model is written: write it anew with "
            "these data, or fill them here (for predictions, any value in the support will do for "
            "observed data)"
        )
    leaf.value = aligned(array, leaf.dtype)
    leaf.shape = array.shape
    for dim, size in zip(leaf.dims or (), array.shape, strict=leaf.dims is not None):
        if model.coords.length(dim) != size and dim not in coords:
            model.add_dim(dim, size)


def follow(model: Any, *, checked: bool = True) -> None:
    """Work out every shape again, in the order in which the model was written.

    With `checked`, a length that the model may hold as a number and that changes is refused.
    """
    structs: dict[int, tuple[Expression, Any]] = {}
    for number, variable in enumerate(model.variables.values()):
        if checked:
            _check_reads(model.reads(before=number), structs)
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


def _check_reads(reads: list[Read], structs: dict[int, tuple[Expression, Any]]) -> None:
    """Refuse a change of a length that the model may hold as a number."""
    for read in reads:
        if isinstance(read.source, Expression):
            _shapes_of(structs, [read.source])
        now = read.now()
        if np.array_equal(now, read.was):
            continue
        change = (
            f"was {read.was} and is {now} with the new data" if np.ndim(now) == 0 else "changes"
        )
        raise ShapeError(
            f"{read.what} was read while the model was being written ({read.where}); it {change}, "
            "and what was computed from it would not follow. Write the model anew with these data, "
            "or let it follow: np.mean(x) for x.sum() / len(x), dims for shape=len(x), "
            "np.ones_like(x) for np.ones(len(x)), np.ones_like(x).sum() for the number itself, "
            "x.shape[1] alone where no other length is needed, x for x.value"
        )


def _check(model: Any, replaced: set[str]) -> None:
    """Refuse what the model would have refused had it been written with the new data."""
    for variable in model.variables.values():
        if variable.dims is not None:
            shape = variable.shape
            if isinstance(variable, ObservedVariable):
                shape = variable.distribution.shape
            try:
                check_dims(variable.name, variable.dims, shape, model.coords)
            except ShapeError as error:
                advice = "; set it in the same call" if isinstance(variable, Data) else ""
                raise ShapeError(f"with the new data, {error}{advice}") from None
        if isinstance(variable, ObservedVariable):
            _check_observed(model, variable, replaced)


def _check_observed(model: Any, variable: ObservedVariable, replaced: set[str]) -> None:
    given = {leaf.name for leaf in leaves(variable.data_expression)}
    if variable.missing is not None and given & replaced:
        raise ModelError(
            f"{variable.name}: its data had missing values when the model was written, so they "
            "cannot be replaced: write the model anew with the new data"
        )
    source = variable.observed if variable.data_expression is None else variable.data_expression
    values = np.asarray(known_values(model, variable.name, source))
    distribution = variable.distribution
    if values.shape == distribution.shape:
        if variable.missing is None:
            values = observations.check_kind(variable.name, values, distribution)
        observations.check_support(variable.name, values, variable.missing, distribution)


def _shapes_of(structs: dict[int, tuple[Expression, Any]], outputs: list[Expression]) -> None:
    """Add the shapes of outputs, and of what they need that is not there yet.

    Nodes are kept with their shapes, so that no other node can get one's id.
    """
    for node in order(outputs, structs.keys()):
        if isinstance(node, Leaf):
            structs[id(node)] = node, jax.ShapeDtypeStruct(node.shape, node.dtype)
            continue
        if node.check is not None:
            node.check(node.inputs)
        assert node.function is not None  # only leaves have none
        try:
            with float64():
                struct = jax.eval_shape(node.function, *(structs[id(up)][1] for up in node.inputs))
        except (TypeError, ValueError) as error:
            raise ShapeError(
                f"with the new data, {node.text} cannot be computed: {str(error).splitlines()[0]}"
            ) from error
        structs[id(node)] = node, struct
        if isinstance(struct, jax.ShapeDtypeStruct):
            node.shape = struct.shape


def _snapshot(model: Any) -> Any:
    variables = list(model.variables.values())
    distributions = expressions([getattr(v, "distribution", ()) for v in variables])
    read = [r.source for r in model.reads() if isinstance(r.source, Expression)]
    nodes = []
    for node in order([*distributions, *variables, *read]):
        value = node.value_now() if isinstance(node, Leaf) else None
        nodes.append((node, node.shape, value, getattr(node, "distribution", None)))
    return model.coords.as_dict(), nodes


def _restore(model: Any, before: Any) -> None:
    coords, nodes = before
    model.coords.restore(coords)
    for node, shape, value, distribution in nodes:
        node.shape = shape
        if isinstance(node, Leaf):
            node.value = value
        if distribution is not None:
            node.distribution = distribution
