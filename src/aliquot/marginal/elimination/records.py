"""What an elimination is told, and what it tells: plain records."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from aliquot.errors import AliquotError


@dataclass(frozen=True)
class Variable:
    """One discrete variable: elements that all have the same number of states.

    Attributes
    ----------
    name : str
    size : int
        The number of elements.
    states : int
        The number of states of each element.
    chain : np.ndarray or None
        Positions of the elements, shape (chains, steps), in the order of time, where the variable
        is a Markov chain.
    lag : int
        How many steps the chain remembers.
    """

    name: str
    size: int
    states: int
    chain: np.ndarray | None = None
    lag: int = 1


@dataclass(frozen=True)
class Factor:
    """Rows of log weights, each about the joint state of a few elements.

    Attributes
    ----------
    elements : np.ndarray
        Element numbers, shape (rows, columns), all distinct within a row. The elements of a block
        are numbered after those of the blocks before it, and each column keeps to one block.
    """

    elements: np.ndarray


@dataclass(frozen=True)
class StepRecord:
    """One step of an elimination, as it is shown to a person.

    Attributes
    ----------
    names : tuple of str
        The blocks that the step sums out, or parts of them.
    elements : int
        How many elements it sums out.
    states : int
        The number of states of each (of all together, where several chains go as one).
    method : str
        ``"rows"``: all elements at once, each for itself. ``"chain"``: by the forward recursion.
    entries : int
        The number of entries of its largest table.
    """

    names: tuple[str, ...]
    elements: int
    states: int
    method: str
    entries: int


class TooLarge(AliquotError):  # noqa: N818 - the name others catch it by
    """Summing out would need a table larger than the limit.

    Parameters
    ----------
    names : sequence of str
        The blocks whose elements cannot be told apart in smaller tables.
    entries : float
        The number of entries that the table would have.
    reason : str
    """

    def __init__(self, names: Sequence[str], entries: float, reason: str) -> None:
        super().__init__(reason)
        self.names = tuple(names)
        self.entries = entries
        self.reason = reason
