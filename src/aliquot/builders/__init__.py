"""Models written for a table: the text of a function that builds one, and the function."""

from aliquot.builders.columns import Column as Column
from aliquot.builders.columns import Kind as Kind
from aliquot.builders.text import ModelText as ModelText
