"""Tables from files: what was read, said in a record and in words. Needs Polars.

What is read stays in the file's order, row by row, so that results can be joined to it. Rows are
counted from 1, the names of the columns aside, in everything that is said.
"""

from aliquot.tables.categories import CategoryColumns as CategoryColumns
from aliquot.tables.categories import categories as categories
from aliquot.tables.columns import ids as ids
from aliquot.tables.columns import variables as variables
from aliquot.tables.missing import MissingCounts as MissingCounts
from aliquot.tables.numbers import NumberColumns as NumberColumns
from aliquot.tables.numbers import numbers as numbers
from aliquot.tables.read import DataTable as DataTable
from aliquot.tables.read import read_table as read_table
from aliquot.tables.sequences import SequenceOrder as SequenceOrder
from aliquot.tables.sequences import sequences as sequences
from aliquot.tables.standardise import Standardisation as Standardisation
from aliquot.tables.standardise import standardise as standardise
