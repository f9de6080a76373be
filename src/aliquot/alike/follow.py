"""Which elements of a program's values are alike, found by going over it once.

Two elements are alike where the same operations make them of the same numbers, in every state of
the program's inputs: of data these are known, and of what is not known only what stands at the same
place is the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from aliquot.alike.nodes import (
    Elementwise,
    Given,
    Known,
    Node,
    ResultOf,
    Taken,
    View,
    Whole,
    WithDerivative,
    used,
)
from aliquot.alike.partition import by_code, by_value, together
from aliquot.alike.rules_movement import RULES as MOVEMENT
from aliquot.alike.rules_movement import moved
from aliquot.alike.rules_sums import RULES as SUMS
from aliquot.alike.rules_sums import reduced, worthwhile
from aliquot.primitives import Kind, Walk, fold, inline, kind, name_of, with_derivative
from aliquot.primitives.internals import derivative_rule, shape_of, size_of

# Larger known arrays are not computed here.
FOLDED = 5_000_000
# Constants within a function with a derivative of its own stay there.
SMALL = 64


class NotFollowed(Exception):
    """Raised inside a function with a derivative of its own, where something has no rule."""


def followed(program: Any, inputs: Sequence[View], *, inside: bool = False) -> Walk:
    """Give each value of a program without calls its view."""
    return Walk(program, inputs, _inside if inside else _step, lambda _, value: of_known(value))


def of_known(value: Any) -> View:
    """View known numbers: each that is there once, if many come more than once."""
    array = np.asarray(value)
    found = by_value(array) if array.size > 1 else None
    if found is None or 2 * found.count > array.size:
        node = Known(array.size, array.dtype, array.reshape(-1))
        return View(node, np.arange(array.size).reshape(array.shape))
    node = Known(found.count, array.dtype, array.reshape(-1)[found.first])
    return View(node, found.of.reshape(array.shape))


def whole(var: Any) -> View:
    """View a variable of which nothing is known."""
    size, shape = size_of(var), shape_of(var)
    return View(Whole(size, getattr(var.aval, "dtype", None), var), np.arange(size).reshape(shape))


def _step(equation: Any, views: list[View]) -> Sequence[View]:
    return _results(equation, views) or [whole(var) for var in equation.outvars]


def _inside(equation: Any, views: list[View]) -> Sequence[View]:
    result = _results(equation, views)
    if result is None:
        raise NotFollowed
    return result


def _results(equation: Any, views: Sequence[View]) -> Sequence[View] | None:
    if any(0 in shape_of(atom) for atom in (*equation.invars, *equation.outvars)):
        return None
    name = name_of(equation)
    rule = MOVEMENT.get(name) or SUMS.get(name)
    if rule is not None:
        found = rule(equation, views)
        if found is not None or name != "select_n":
            return found
    match kind(equation):
        case Kind.ELEMENTWISE:
            return _elementwise(equation, views)
        case Kind.MOVES:
            return moved(equation, views)
        case Kind.REDUCES:
            return reduced(equation, views)
        case Kind.DERIVATIVE:
            return _with_derivative(equation, views)
    return None


def _elementwise(equation: Any, views: Sequence[View]) -> Sequence[View] | None:
    shape, dtype = shape_of(equation.outvars[0]), equation.outvars[0].aval.dtype
    size = int(np.prod(shape, dtype=int))
    if any(view.is_whole and view.at.size == size for view in views):
        return None
    if all(isinstance(view.node, Known) for view in views) and size <= FOLDED:
        known = _folded(equation, views, shape)
        if known is not None:
            return [known]
    varying: dict[int, View] = {id(v.at): v for v in views if v.node.size > 1}
    if not varying:
        taken = tuple(Taken(view.node, None) for view in views)
        return _made(equation, 1, dtype, taken, np.broadcast_to(np.intp(0), shape), size)
    rooms = {view.node.size for view in views if view.node.size > 1}
    if len(varying) == 1 and len(rooms) == 1 and 2 * min(rooms) <= size:
        (one,) = varying.values()
        taken = tuple(Taken(view.node, None) for view in views)
        at = one.at if one.at.shape == shape else np.broadcast_to(one.at, shape)
        return _made(equation, one.node.size, dtype, taken, at, size)
    spread = [np.broadcast_to(view.at, shape).reshape(-1) for view in views]
    codes = [at for at, view in zip(spread, views, strict=True) if view.node.size > 1]
    found = together(codes, [view.node.size for view in views if view.node.size > 1])
    taken = tuple(
        Taken(view.node, None if view.node.size == 1 else at[found.first])
        for view, at in zip(views, spread, strict=True)
    )
    return _made(equation, found.count, dtype, taken, found.of.reshape(shape), size)


def _made(
    equation: Any, count: int, dtype: Any, taken: tuple[Taken, ...], at: Any, size: int
) -> Sequence[View] | None:
    if 2 * count > size:
        return None
    return [View(Elementwise(count, dtype, equation, taken), at)]


def _folded(equation: Any, views: Sequence[View], shape: tuple[int, ...]) -> View | None:
    """Compute what is known, once for each of the numbers where there is one operand."""
    if len(views) == 1 or len({id(v.at) for v in views if v.node.size > 1}) <= 1:
        nodes = [view.node for view in views]
        sizes = {node.size for node in nodes} - {1}
        if len(sizes) <= 1:
            values = fold(equation, tuple(n.values for n in nodes if isinstance(n, Known)))
            if values is None:
                return None
            values = np.broadcast_to(values, (max(sizes, default=1),))
            at = next((v.at for v in views if v.node.size > 1), np.intp(0))
            return View(Known(values.size, values.dtype, values), np.broadcast_to(at, shape))
    values = fold(equation, tuple(view.known for view in views))  # type: ignore[misc]
    return None if values is None else of_known(np.broadcast_to(values, shape))


# Functions whose derivatives are being followed: one that calls itself is followed once.
_UNDER_WAY: list[str] = []


def _with_derivative(equation: Any, views: Sequence[View]) -> Sequence[View] | None:
    """Follow a function with a derivative of its own, and its derivative."""
    program, rule = with_derivative(equation), derivative_rule(equation)
    if program is None or rule is None or not any(map(worthwhile, views)):
        return None
    atoms = (*equation.invars, *equation.outvars)
    if not all(np.dtype(atom.aval.dtype).kind == "f" for atom in atoms):
        return None
    count = len(views)
    given = [Given(v.node.size, v.node.dtype, place) for place, v in enumerate(views)]
    moves = [Given(v.node.size, v.node.dtype, count + place) for place, v in enumerate(views)]
    here = [View(node, view.at) for node, view in zip(given, views, strict=True)]
    there = [View(node, view.at) for node, view in zip(moves, views, strict=True)]
    try:
        results = followed(inline(program), here, inside=True).outputs
    except NotFollowed:
        return None
    if not all(_self_contained(view.node) for view in results):
        return None
    own, places = zip(*map(used, results), strict=True)

    def derivative() -> tuple[tuple[Taken, ...], tuple[Taken | None, ...]]:
        moving, nonzero = rule(count)
        both = followed(inline(moving), [*here, *there], inside=True).outputs
        return _at_results(own, places, both, nonzero)

    key = str(program)
    try:
        if key not in _UNDER_WAY:
            _UNDER_WAY.append(key)
            try:
                derivative()
            finally:
                _UNDER_WAY.pop()
    except NotFollowed:
        return None
    nodes = tuple(view.node for view in views)
    function = WithDerivative(nodes, own, derivative)
    return [
        View(ResultOf(taken.size, taken.node.dtype, function, place), at)
        for place, (taken, at) in enumerate(zip(own, places, strict=True))
    ]


def _at_results(
    own: Sequence[Taken], places: Sequence[Any], both: Sequence[View], nonzero: Sequence[bool]
) -> tuple[tuple[Taken, ...], tuple[Taken | None, ...]]:
    """Read results and their tangents, as the derivative computes them, at the results' places."""
    again: list[Taken] = []
    moved: list[Taken | None] = []
    of_tangents = iter(both[len(own) :])
    for taken, at, view, there in zip(own, places, both[: len(own)], nonzero, strict=True):
        first = by_code(at.reshape(-1), taken.size).first
        again.append(_at(view, at, first))
        moved.append(_at(next(of_tangents), at, first) if there else None)
    return tuple(again), tuple(moved)


def _at(view: View, at: Any, first: Any) -> Taken:
    """Take what stands where another view has each of its numbers, if it differs nowhere else."""
    flat = np.broadcast_to(view.at, at.shape).reshape(-1)
    if not _self_contained(view.node) or not np.array_equal(flat[first][at.reshape(-1)], flat):
        raise NotFollowed
    return Taken(view.node, flat[first])


def _self_contained(node: Node) -> bool:
    """Say whether all constants below are small."""
    waiting, seen = [node], {node}
    while waiting:
        top = waiting.pop()
        if isinstance(top, Known) and top.size > SMALL:
            return False
        new = set(top.operands) - seen
        seen |= new
        waiting += new
    return True


