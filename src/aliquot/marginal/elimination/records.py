"""What an elimination is told, and what it tells: plain records."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from aliquot.errors import AliquotError


@dataclass(frozen=True)
class Variable:
    """One discrete variable: elements that all have the same number of states."""

    name: str
    size: int  # the number of elements
    states: int  # of each element
    # (chains, steps): positions of the elements in the order of time, where the variable is a
    # Markov chain.
    chain: np.ndarray | None = None
    lag: int = 1  # how many steps the chain remembers


@dataclass(frozen=True)
class Factor:
    """Rows of log weights, each about the joint state of a few elements.

    The element numbers, (rows, columns), are all distinct within a row. The elements of a block are
    numbered after those of the blocks before it, and each column keeps to one block.
    """

    elements: np.ndarray


@dataclass(frozen=True)
class StepRecord:
    """One step of an elimination, as it is shown to a person."""

    names: tuple[str, ...]  # the blocks that the step sums out, or parts of them
    elements: int  # how many elements it sums out
    states: int  # of each element (of all together, where several chains go as one)
    method: str  # "rows": all elements at once, each for itself; "chain": by the forward recursion
    entries: int  # of its largest table


class TooLarge(AliquotError):  # noqa: N818 - the name others catch it by
    """Summing out would need a table larger than the limit.

    The names are those of the blocks whose elements cannot be told apart in smaller tables, and
    `entries` is the number of entries that the table would have.
    """

    def __init__(self, names: Sequence[str], entries: float, reason: str) -> None:
        super().__init__(reason)
        self.names = tuple(names)
        self.entries = entries
        self.reason = reason
