"""What JAX's primitives do, one way to walk a jaxpr, and all contact with JAX's insides."""

from aliquot.primitives.calls import called, only_branch, with_derivative
from aliquot.primitives.flat import FlatProgram, inline
from aliquot.primitives.indexing import (
    Indexing,
    gather_indexing,
    scatter_indexing,
    slice_indexing,
)
from aliquot.primitives.numbers import evaluate, fold
from aliquot.primitives.table import (
    PRIMITIVES,
    Kind,
    in_words,
    kind,
    name_of,
    primitive,
    working_axes,
)
from aliquot.primitives.walk import Walk

__all__ = [
    "PRIMITIVES",
    "FlatProgram",
    "Indexing",
    "Kind",
    "Walk",
    "called",
    "evaluate",
    "fold",
    "gather_indexing",
    "in_words",
    "inline",
    "kind",
    "name_of",
    "only_branch",
    "primitive",
    "scatter_indexing",
    "slice_indexing",
    "with_derivative",
    "working_axes",
]
