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
    KnownNumbers,
    Node,
    NumbersAt,
    ResultOf,
    Taken,
    Whole,
    WithDerivative,
    used,
)
from aliquot.alike.partition import by_code, by_value, count, together
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


class NotFollowedError(Exception):
    """Raised inside a function with a derivative of its own, where something has no rule."""


def followed(program: Any, inputs: Sequence[NumbersAt]) -> Walk:
    """Give each value of a program without calls its view."""
    return _Follower().walk(program, inputs)


def of_known(value: Any) -> NumbersAt:
    """View known numbers: each that is there once, if many come more than once."""
    array = np.asarray(value)
    found = by_value(array) if array.size > 1 else None
    if found is None or 2 * found.count > array.size:
        node = KnownNumbers(array.size, array.dtype, array.reshape(-1))
        return NumbersAt(node, np.arange(array.size).reshape(array.shape))
    node = KnownNumbers(found.count, array.dtype, array.reshape(-1)[found.first])
    return NumbersAt(node, found.of.reshape(array.shape))


def whole(var: Any) -> NumbersAt:
    """View a variable of which nothing is known."""
    size, shape = size_of(var), shape_of(var)
    return NumbersAt(Whole(size, getattr(var.aval, "dtype", None), var), count(size).reshape(shape))


class _Follower:
    """One walk over a program, with what it has found of places that come again and again."""

    def __init__(self, *, inside: tuple[str, ...] = ()) -> None:
        # The functions with derivatives of their own that this is inside of, as text: one that
        # calls itself is followed once.
        self._inside = inside
        self._spread: dict[Any, Any] = {}
        self._read_at: dict[Any, Any] = {}

    def walk(self, program: Any, inputs: Sequence[NumbersAt]) -> Walk:
        return Walk(program, inputs, self._step, lambda _, value: of_known(value))

    def _step(self, equation: Any, views: list[NumbersAt]) -> Sequence[NumbersAt]:
        result = self._results(equation, views)
        if result is None and self._inside:
            raise NotFollowedError
        return result or [whole(var) for var in equation.outvars]

    def _results(self, equation: Any, views: Sequence[NumbersAt]) -> Sequence[NumbersAt] | None:
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
                return self._elementwise(equation, views)
            case Kind.MOVES:
                return moved(equation, views)
            case Kind.REDUCES:
                return reduced(equation, views)
            case Kind.DERIVATIVE:
                return self._with_derivative(equation, views)
        return None

    def _elementwise(self, equation: Any, views: Sequence[NumbersAt]) -> Sequence[NumbersAt] | None:
        shape, dtype = shape_of(equation.outvars[0]), equation.outvars[0].aval.dtype
        size = int(np.prod(shape, dtype=int))
        known = all(isinstance(view.node, KnownNumbers) for view in views) and size <= FOLDED
        if not known and any(view.is_whole and view.at.size == size for view in views):
            return None
        number, at, taken = self._together(views, shape, known)
        if known:
            operands = tuple(_values(each) for each in taken)
            values = fold(equation, operands)
            if values is not None:
                values = np.broadcast_to(values, (number,))
                return [NumbersAt(KnownNumbers(number, values.dtype, values), at)]
        if 2 * number > size and not self._inside:
            return None
        return [NumbersAt(Elementwise(number, dtype, equation, taken), at)]

    def _together(
        self, views: Sequence[NumbersAt], shape: tuple[int, ...], known: bool
    ) -> tuple[int, Any, tuple[Taken, ...]]:
        """Find what is alike in all of some views, broadcast to a shape.

        The result is the number of distinct places, each element's, and what stands there.
        """
        places = [self._spread_to(view.at, shape) for view in views]
        varying = [(v, at) for v, at in zip(views, places, strict=True) if v.node.size > 1]
        if not varying:
            one = np.broadcast_to(np.intp(0), shape)
            return 1, one, tuple(Taken(view.node, None) for view in views)
        finest, at = max(varying, key=lambda each: each[0].node.size)
        room = finest.node.size
        if (known or 2 * room <= at.size) and self._covers(at, room):
            read = [
                None
                if v.node.size == 1 or (other is at and v.node.size == room)
                else self._read(at, room, other)
                for v, other in zip(views, places, strict=True)
            ]
            if not any(each is _NOWHERE for each in read):
                return room, at, tuple(Taken(v.node, r) for v, r in zip(views, read, strict=True))
        flat = [each.reshape(-1) for each in places]
        codes = [at for at, view in zip(flat, views, strict=True) if view.node.size > 1]
        found = together(codes, [view.node.size for view in views if view.node.size > 1])
        taken = tuple(
            Taken(view.node, None if view.node.size == 1 else at[found.first])
            for view, at in zip(views, flat, strict=True)
        )
        return found.count, found.of.reshape(shape), taken

    def _spread_to(self, at: Any, shape: tuple[int, ...]) -> Any:
        """Broadcast places, the same array for the same places."""
        if at.shape == shape:
            return at
        key = id(at), shape
        if key not in self._spread:
            self._spread[key] = at, np.broadcast_to(at, shape)
        return self._spread[key][1]

    def _covers(self, at: Any, room: int) -> bool:
        """Say whether all of a node's numbers are there: of others nothing may be computed.

        What a program leaves out may be infinite, or have an infinite derivative.
        """
        key = id(at), room
        if key not in self._read_at:
            there = np.zeros(room, bool)
            there[at.reshape(-1)] = True
            self._read_at[key] = at, at, bool(there.all())
        return self._read_at[key][2]

    def _read(self, fine: Any, room: int, at: Any) -> Any:
        """Say where each of the finer classes stands in others; `_NOWHERE` if in several."""
        key = "read", id(fine), id(at)
        if key not in self._read_at:
            flat, of = at.reshape(-1), fine.reshape(-1)
            place = np.zeros(room, np.intp)
            place[of] = flat
            self._read_at[key] = fine, at, place if np.array_equal(place[of], flat) else _NOWHERE
        return self._read_at[key][2]

    def _with_derivative(
        self, equation: Any, views: Sequence[NumbersAt]
    ) -> Sequence[NumbersAt] | None:
        """Follow a function with a derivative of its own, and its derivative."""
        program, rule = with_derivative(equation), derivative_rule(equation)
        if program is None or rule is None or not any(map(worthwhile, views)):
            return None
        atoms = (*equation.invars, *equation.outvars)
        if not all(np.dtype(atom.aval.dtype).kind == "f" for atom in atoms):
            return None
        number = len(views)
        given = [Given(v.node.size, v.node.dtype, place) for place, v in enumerate(views)]
        moves = [Given(v.node.size, v.node.dtype, number + place) for place, v in enumerate(views)]
        here = [NumbersAt(node, view.at) for node, view in zip(given, views, strict=True)]
        there = [NumbersAt(node, view.at) for node, view in zip(moves, views, strict=True)]

        def derivative() -> tuple[tuple[Taken, ...], tuple[Taken | None, ...]]:
            moving, nonzero = rule(number)
            both = _Follower(inside=inside).walk(inline(moving), [*here, *there]).outputs
            return _at_results(own, places, both, nonzero)

        key = str(program)
        inside = (*self._inside, key)
        try:
            results = _Follower(inside=inside).walk(inline(program), here).outputs
            own, places = zip(*map(used, results), strict=True)
            if not all(_self_contained(view.node) for view in results):
                return None
            if key not in self._inside:
                derivative()
        except NotFollowedError:
            return None
        function = WithDerivative(tuple(view.node for view in views), own, derivative)
        return [
            NumbersAt(ResultOf(taken.size, taken.node.dtype, function, place), at)
            for place, (taken, at) in enumerate(zip(own, places, strict=True))
        ]


_NOWHERE = object()


def _values(taken: Taken) -> Any:
    assert isinstance(taken.node, KnownNumbers)
    return taken.node.values if taken.at is None else taken.node.values[taken.at]


def _at_results(
    own: Sequence[Taken], places: Sequence[Any], both: Sequence[NumbersAt], nonzero: Sequence[bool]
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


def _at(view: NumbersAt, at: Any, first: Any) -> Taken:
    """Take what stands where another view has each of its numbers, if it differs nowhere else."""
    flat = np.broadcast_to(view.at, at.shape).reshape(-1)
    if not _self_contained(view.node) or not np.array_equal(flat[first][at.reshape(-1)], flat):
        raise NotFollowedError
    return Taken(view.node, flat[first])


def _self_contained(node: Node) -> bool:
    """Say whether all constants below are small."""
    waiting, seen = [node], {node}
    while waiting:
        top = waiting.pop()
        if isinstance(top, KnownNumbers) and top.size > SMALL:
            return False
        new = set(top.operands) - seen
        seen |= new
        waiting += new
    return True
