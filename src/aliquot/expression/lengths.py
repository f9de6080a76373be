"""Lengths that whoever writes a model reads: numbers, which do not follow when data are replaced.

``x.sum() / len(x)`` holds the length as a number. Where data of another length are set, a model in
which such a number is used would not be the one that is written anew with these data. So it is
noted which lengths were read, and where; `Model.set_data` refuses what would change one.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from aliquot.expression.node import Expression

# What these read of a shape, they read again when it changes.
_FOLLOW = ("aliquot", "jax", "jaxlib", "numpy")


@dataclass(frozen=True, eq=False)
class Read:
    """Something of a model that was read as numbers."""

    what: str  # in words, with the variable's name
    source: Any  # an expression, or a model's coords
    was: Any  # a number or an array
    of: Callable[[Any], Any]  # gives, of the source, what it is now
    where: str  # the file and the line

    def now(self) -> Any:
        """Give what it is now."""
        return self.of(self.source)


class Lengths(Sequence[int]):
    """A shape as whoever writes a model sees it: a tuple that notes which lengths are read.

    Compared and printed it is a shape like any other, which is no use of its lengths.
    """

    __slots__ = ("_node", "_shape")

    def __init__(self, node: Expression, shape: tuple[int, ...]) -> None:
        self._node = node
        self._shape = shape

    def __len__(self) -> int:
        return len(self._shape)

    def __getitem__(self, index: Any) -> Any:
        axes = range(len(self._shape))[index]
        for axis in (axes,) if isinstance(axes, int) else axes:
            note(self._node, axis, sys._getframe(1))
        return self._shape[index]

    def __iter__(self) -> Iterator[int]:
        for axis in range(len(self._shape)):
            note(self._node, axis, sys._getframe(1))
        return iter(self._shape)

    def __add__(self, other: Any) -> tuple[int, ...]:
        return (*self[:], *other)

    def __radd__(self, other: Any) -> tuple[int, ...]:
        return (*other, *self[:])

    def __eq__(self, other: object) -> bool:
        return self._shape == (other._shape if isinstance(other, Lengths) else other)

    def __hash__(self) -> int:
        return hash(self._shape)

    def __repr__(self) -> str:
        return repr(self._shape)


# Whether there has been a model of rows on a disk: until then no graph is searched for them.
_rows_are_on_disk = False


def expect_rows_on_disk() -> None:
    """Note that there is a model whose rows lie on a disk."""
    global _rows_are_on_disk
    _rows_are_on_disk = True


def of_rows_on_disk(tree: Any) -> bool:
    """Say whether anything in a tree is computed from rows on a disk, of which some are known."""
    from aliquot.expression.evaluate import leaves  # it needs the node's class

    return _rows_are_on_disk and any(map(on_disk, leaves(tree)))


def told(node: Expression) -> tuple[int, ...]:
    """Give a shape as whoever writes a model sees it: of rows on a disk there are all."""
    from aliquot.expression.evaluate import leaves  # it needs the node's class

    shape = node._shape
    if not _rows_are_on_disk:
        return shape
    for leaf in leaves(node):
        rows = getattr(leaf.owner, "rows", None)
        if rows:
            return tuple(rows.told(shape))
    return shape


def on_disk(leaf: Any) -> bool:
    """Say whether a leaf is data of which some rows are known, and all lie on a disk."""
    return getattr(leaf, "on_disk", False)


def is_taken(node: Any) -> bool:
    """Say whether an expression is a leaf, or elements taken from one.

    Of the rows that are known of data on a disk these have the smallest and the largest number.
    """
    while node.taken_from is not None:
        node = node.taken_from
    return not node.inputs and getattr(node, "has_extremes", True)


def is_user_code(frame: FrameType) -> bool:
    """Say whether the code that reads a length keeps the number: it is not the library's own."""
    return frame.f_globals.get("__name__", "").partition(".")[0] not in _FOLLOW


def note(node: Expression, axis: int | None, frame: FrameType) -> None:
    """Note that a length was read (``None``: the size), for the models that the node belongs to."""
    from aliquot.expression.evaluate import leaves  # it needs the node's class

    def length(node: Expression) -> int:
        return node.size if axis is None else node.shape[axis]

    what = f"the {'size' if axis is None else f'length along axis {axis}'} of {node.text}"
    read = Read(what, node, length(node), length, place(frame))
    for owner in {id(leaf.owner): leaf.owner for leaf in leaves(node)}.values():
        if hasattr(owner, "note_read"):
            owner.note_read(read)


def place(frame: FrameType) -> str:
    """Name the file and the line that reads, which may have called a library that does."""
    while frame.f_back is not None and not is_user_code(frame):
        frame = frame.f_back
    return f"{Path(frame.f_code.co_filename).name}, line {frame.f_lineno}"
