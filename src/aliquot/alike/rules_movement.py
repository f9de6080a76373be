"""Operations that move numbers or put them together: the same is done with their places."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from aliquot.alike.nodes import NumbersAt, joined
from aliquot.alike.partition import Index
from aliquot.primitives import (
    Indexing,
    Kind,
    gather_indexing,
    name_of,
    primitive,
    slice_indexing,
)
from aliquot.primitives.internals import shape_of

Result = Sequence[NumbersAt] | None


def moved(equation: Any, views: Sequence[NumbersAt]) -> Result:
    """Follow an operation that moves the elements of one operand; None where it is no such."""
    about = primitive(equation)
    if name_of(equation) == "expand_dims":
        return [views[0].moved(views[0].at.reshape(shape_of(equation.outvars[0])))]
    if about.kind is not Kind.MOVES or about.numpy is None:
        return None
    at = about.numpy(equation.params, views[0].at)
    return None if at is None else [views[0].moved(at)]


def _split(equation: Any, views: Sequence[NumbersAt]) -> Result:
    (view,) = views
    ends = list(itertools.accumulate(equation.params["sizes"]))[:-1]
    return [view.moved(at) for at in np.split(view.at, ends, axis=equation.params["axis"])]


def _concatenate(equation: Any, views: Sequence[NumbersAt]) -> Result:
    return _of_one([np.concatenate, equation.params["dimension"]], views)


def _stack(equation: Any, views: Sequence[NumbersAt]) -> Result:
    return _of_one([np.stack, equation.params["axis"]], views)


def _of_one(how: Sequence[Any], views: Sequence[NumbersAt]) -> Result:
    put, axis = how
    same = joined(views)
    return [NumbersAt(same[0].node, put([view.at for view in same], axis))]


def _pad(equation: Any, views: Sequence[NumbersAt]) -> Result:
    value, filling = joined(views)
    at = np.full(shape_of(equation.outvars[0]), int(filling.at), np.intp)
    into, of = [], []
    for axis, (low, _, between) in enumerate(equation.params["padding_config"]):
        place = low + np.arange(value.at.shape[axis]) * (between + 1)
        there = (place >= 0) & (place < at.shape[axis])
        into.append(place[there])
        of.append(np.flatnonzero(there))
    if into:
        at[np.ix_(*into)] = value.at[np.ix_(*of)]
    return [NumbersAt(value.node, at)]


def _select(equation: Any, views: Sequence[NumbersAt]) -> Result:
    which, *cases = views
    chosen = which.known
    if chosen is None:
        return None
    if len(cases) > 2 and not np.all((chosen >= 0) & (chosen < len(cases))):
        return None
    chosen = chosen.astype(np.intp)
    there = np.unique(chosen)
    if len(there) > 1 and len({id(view.at) for view in views if view.node.size > 1}) == 1:
        return None  # a choice for each of the distinct numbers, as of any elementwise operation
    same = dict(zip(there.tolist(), joined([cases[i] for i in there]), strict=True))
    shape = shape_of(equation.outvars[0])
    at = np.zeros(shape, np.intp)
    node = None
    for i, view in same.items():
        node = view.node
        at = np.where(chosen == i, view.at, at)
    return None if node is None else [NumbersAt(node, np.broadcast_to(at, shape))]


def _gather(equation: Any, views: Sequence[NumbersAt]) -> Result:
    operand, index = views
    known = index.known
    if known is None:
        return None
    indexing = gather_indexing(equation)
    starts = {axis: known[..., k].astype(np.int64) for k, axis in enumerate(indexing.axes)}
    return _read(indexing, operand, starts)


def _dynamic_slice(equation: Any, views: Sequence[NumbersAt]) -> Result:
    operand, *at = views
    known = [view.known for view in at]
    if any(each is None for each in known):
        return None
    starts = {axis: np.asarray(each).astype(np.int64) for axis, each in enumerate(known)}
    return _read(slice_indexing(equation), operand, starts)


def _read(indexing: Indexing, operand: NumbersAt, starts: dict[int, Index]) -> Result:
    coordinates, _, whole = indexing.coordinates(starts)
    if not whole.all() and not indexing.clamps:
        return None  # what is read beyond the ends is a filling
    if not coordinates:
        return [operand]
    places = np.broadcast_arrays(*coordinates)
    return [operand.moved(operand.at[tuple(places)])]


RULES: dict[str, Callable[[Any, Sequence[NumbersAt]], Result]] = {
    "concatenate": _concatenate,
    "dynamic_slice": _dynamic_slice,
    "gather": _gather,
    "pad": _pad,
    "select_n": _select,
    "split": _split,
    "stack": _stack,
}
