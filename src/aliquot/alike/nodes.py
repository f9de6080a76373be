"""Arrays of distinct numbers, and how each is computed from others.

A *node* is an array along one axis. A value of a program is then a node and, for each of its
elements, a place in it: a `NumbersAt`. Nothing is computed here: that is for `emit`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aliquot.alike.partition import Index, by_code


@dataclass(frozen=True, eq=False)
class Node:
    """Distinct numbers, one after the other."""

    size: int
    dtype: Any

    @property
    def operands(self) -> tuple[Node, ...]:
        """The nodes that it is computed from."""
        return ()


@dataclass(frozen=True, eq=False)
class KnownNumbers(Node):
    """Numbers that are known: data, or computed from data alone."""

    values: NDArray[Any]


@dataclass(frozen=True, eq=False)
class Whole(Node):
    """All elements of a variable of the program, in order: nothing is known to be alike."""

    var: Any


@dataclass(frozen=True, eq=False)
class Given(Node):
    """An operand of a function with a derivative of its own, inside it."""

    place: int


@dataclass(frozen=True)
class Taken:
    """Elements of a node at places, which may come twice; None for all as they are."""

    node: Node
    at: Index | None

    @property
    def size(self) -> int:
        """How many there are."""
        return self.node.size if self.at is None else len(self.at)


@dataclass(frozen=True, eq=False)
class Elementwise(Node):
    """An elementwise operation, each operand taken to the same size."""

    equation: Any
    taken: tuple[Taken, ...]

    @property
    def operands(self) -> tuple[Node, ...]:
        return tuple(each.node for each in self.taken)


@dataclass(frozen=True, eq=False)
class Joined(Node):
    """Nodes one after the other."""

    parts: tuple[Node, ...]

    @property
    def operands(self) -> tuple[Node, ...]:
        return self.parts


@dataclass(frozen=True, eq=False)
class Counted(Node):
    """Sums over a node's elements, each so many times: shape (size, places)."""

    taken: Taken
    counts: NDArray[np.float64]

    @property
    def operands(self) -> tuple[Node, ...]:
        return (self.taken.node,)


@dataclass(frozen=True, eq=False)
class Reduced(Node):
    """A reduction of a node's elements at places of shape (size, length), along the second axis."""

    equation: Any
    node: Node
    at: Index

    @property
    def operands(self) -> tuple[Node, ...]:
        return (self.node,)


@dataclass(frozen=True, eq=False)
class Products(Node):
    """Products of each row of one matrix with each of another, their places of shape (rows, k)."""

    equation: Any
    left: Node
    left_at: Index
    right: Node
    right_at: Index

    @property
    def operands(self) -> tuple[Node, ...]:
        return (self.left, self.right)


@dataclass(frozen=True, eq=False)
class WithDerivative:
    """A function with a derivative of its own, of nodes: results, and those of its tangents.

    In `results`, and in what `derivative` gives, the operands are `Given`, and their tangents the
    next ones. It gives the results once more, as the derivative computes them, and their tangents,
    None for those that are zero.
    """

    given: tuple[Node, ...]
    results: tuple[Taken, ...]
    derivative: Callable[[], tuple[tuple[Taken, ...], tuple[Taken | None, ...]]]


@dataclass(frozen=True, eq=False)
class ResultOf(Node):
    """One of the results of a function with a derivative of its own."""

    function: WithDerivative
    place: int

    @property
    def operands(self) -> tuple[Node, ...]:
        return self.function.given


@dataclass(frozen=True)
class NumbersAt:
    """A value of the program: for each of its elements the place of its number in a node."""

    node: Node
    at: Index
    # Whether the value is to be read from the node, rather than computed as it is written.
    merged: bool = False

    @property
    def known(self) -> NDArray[Any] | None:
        """All numbers, where they are known."""
        return self.node.values[self.at] if isinstance(self.node, KnownNumbers) else None

    @property
    def is_whole(self) -> bool:
        """Whether nothing is known to be alike."""
        return isinstance(self.node, Whole) and self.node.size == self.at.size

    def moved(self, at: Any) -> NumbersAt:
        """Give the same numbers at other places."""
        return NumbersAt(self.node, np.asarray(at))


def distinct(view: NumbersAt) -> int:
    """Count the numbers that are there: no fewer than are distinct, as far as is known."""
    if 2 * view.node.size <= view.at.size or view.is_whole:
        return view.node.size
    return by_code(view.at.reshape(-1), view.node.size).count


def used(view: NumbersAt) -> tuple[Taken, Index]:
    """Leave out what no element is: give the numbers that are there, and the places in these."""
    found = by_code(view.at.reshape(-1), view.node.size)
    places = view.at.reshape(-1)[found.first]
    order = np.argsort(places)
    rank = np.empty_like(order)
    rank[order] = np.arange(order.size)
    taken = Taken(view.node, None if order.size == view.node.size else places[order])
    return taken, rank[found.of].reshape(view.at.shape)


def joined(views: Sequence[NumbersAt]) -> list[NumbersAt]:
    """Give views of one node in place of views of several."""
    if all(view.node is views[0].node for view in views):
        return list(views)
    starts: dict[Node, int] = {}
    total = 0
    for part in (part for view in views for part in _parts(view.node)):
        if part not in starts:
            starts[part] = total
            total += part.size
    nodes = tuple(starts)
    dtype = nodes[0].dtype
    known = [part.values for part in nodes if isinstance(part, KnownNumbers)]
    node: Node
    if len(known) == len(nodes):
        node = KnownNumbers(total, dtype, np.concatenate(known))
    else:
        node = Joined(total, dtype, nodes)
    result = []
    for view in views:
        where = [starts[part] + np.arange(part.size) for part in _parts(view.node)]
        place = where[0] if len(where) == 1 else np.concatenate(where)
        result.append(NumbersAt(node, place[view.at]))
    return result


def _parts(node: Node) -> tuple[Node, ...]:
    return node.parts if isinstance(node, Joined) else (node,)
