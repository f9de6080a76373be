"""Columns of numbers on a disk, read in blocks of rows, again and again, in the memory of two.

One pass, when a source is made, refuses what is missing or not finite, and finds where all numbers
lie. Rows are counted from 0, as arrays count them.
"""

from aliquot.rows.arrays import ArrayRows as ArrayRows
from aliquot.rows.arrays import NpyRows as NpyRows
from aliquot.rows.arrays import array_rows as array_rows
from aliquot.rows.arrow import DatasetRows as DatasetRows
from aliquot.rows.arrow import TableRows as TableRows
from aliquot.rows.arrow import dataset_rows as dataset_rows
from aliquot.rows.chunked import ZarrRows as ZarrRows
from aliquot.rows.feather import FeatherRows as FeatherRows
from aliquot.rows.feed import Feed as Feed
from aliquot.rows.feed import RowBlock as Block
from aliquot.rows.parquet import ParquetRows as ParquetRows
from aliquot.rows.sequences import RowSequences as RowSequences
from aliquot.rows.sequences import StepsThatCount as StepsThatCount
from aliquot.rows.shuffled import ShuffledBatches as ShuffledBatches
from aliquot.rows.source import Cursor as Cursor
from aliquot.rows.source import RowSource as RowSource
from aliquot.rows.source import RowSurvey as Survey

__all__ = [
    "ArrayRows",
    "Block",
    "Cursor",
    "DatasetRows",
    "FeatherRows",
    "Feed",
    "NpyRows",
    "ParquetRows",
    "RowSequences",
    "RowSource",
    "ShuffledBatches",
    "StepsThatCount",
    "Survey",
    "TableRows",
    "ZarrRows",
    "array_rows",
    "dataset_rows",
]
