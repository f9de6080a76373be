"""What all columns of Arrow data have in common, wherever they lie."""

from __future__ import annotations

from aliquot.rows.columns import ArrowColumns
from aliquot.rows.source import RowSource
from aliquot.rows.stamps import Stamps
from aliquot.rows.survey import survey


class ColumnRows(RowSource):
    """Rows of columns of Arrow data: files, if it has any, are watched."""

    columns: ArrowColumns
    _stamps: Stamps | None = None

    def _look(self, rows: int) -> None:
        """Go through all rows once, of which there are so many."""
        columns = self.columns
        self.name = columns.name
        self.rows, self.tail, self.dtype = rows, columns.tail, columns.dtype
        self.summary = survey(self, columns.names, columns.where)
        columns.learnt()
        self.levels = columns.levels
        if self._stamps is not None:
            self._stamps.check(now=True)

    def unchanged(self) -> None:
        if self._stamps is not None:
            self._stamps.check()
