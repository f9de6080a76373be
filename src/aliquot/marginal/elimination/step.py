"""What a step of an elimination is, and how it reads what was computed before it.

An elimination is a straight program over *registers*. The first ones hold the factors' tables, in
order, the next the weights on the states of each variable (absent but for probabilities); every
step reads some and sets one. All questions are ways to run the same steps:

* forwards, in a semiring: the last register is the log of the sum, or the largest weight;
* forwards and then backwards, each step setting the states of what it has summed out, given those
  of what is summed out after it: a draw, or the most probable state;
* forwards and then downwards: for each row that a step has read, what is outside of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from aliquot.marginal.elimination.row_map import RowMap
from aliquot.marginal.elimination.semiring import Semiring
from aliquot.marginal.elimination.table import Table

Registers = list[Table | None]
"""None where nothing is: a weight that was not given."""


class EliminationStep(Protocol):
    """An operation that sets one register."""

    @property
    def target(self) -> int:
        """The register that it sets."""
        ...

    def forward(self, registers: Registers, semiring: Semiring) -> tuple[Table | None, Any]:
        """Give the new table, and what the way back needs."""
        ...

    def outside(self, registers: Registers, above: Any) -> list[tuple[int, Any]]:
        """Give what is outside of each row read: the log weight of all but itself.

        `above`, (*states, rows), is what is outside of each row of the table that the step made.
        The results are registers, each with an array over the axes and rows of what that holds.
        """
        ...

    def backtrack(self, memory: Any, states: Any, key: Any | None) -> Any:
        """Set the states of what it summed out, given all that is summed out later.

        `memory` is from `forward`, and `states` has one entry for each element of all variables.
        Without a key the states are the most probable ones, with a key they are random.
        """
        ...


@dataclass(frozen=True)
class Reading:
    """A register that is read: the place of each of its axes in the joint state, and its rows."""

    register: int
    axes: tuple[int, ...]
    rows: RowMap

    def read(self, table: Table, dimension: int) -> Table:
        """Select and add up the rows, and place the axes among those of the joint state."""
        return table.map_rows(self.rows.apply).placed(self.axes, dimension)

    def in_order(self, array: Any) -> Any:
        """Undo the order of axes that `placed` has made, for an array with just these axes."""
        rank = {axis: place for place, axis in enumerate(sorted(self.axes))}
        return array.transpose(*(rank[axis] for axis in self.axes), len(self.axes))


def present(readings: tuple[Any, ...], registers: Registers) -> list[tuple[Any, Table]]:
    """List the readings of registers that hold something, with the tables in them."""
    pairs = [(reading, registers[reading.register]) for reading in readings]
    return [(reading, table) for reading, table in pairs if table is not None]
