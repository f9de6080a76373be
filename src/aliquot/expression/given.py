"""What becomes of arrays that a user writes into expressions: constants, unless somebody says so.

An array is part of a model, as its code is. For one of many data sets it may be data instead: then
whoever calls the user's function reads it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import numpy as np

_reader: ContextVar[Callable[[np.ndarray], Any] | None] = ContextVar("aliquot_reader", default=None)
_otherwise: list[Callable[[np.ndarray], Any]] = []


@contextmanager
def read_by(reader: Callable[[np.ndarray], Any]) -> Iterator[None]:
    """Let arrays become what a function makes of them, which may be the same, in the block.

    >>> with read_by(lambda array: array.sum()):
    ...     float(as_read(np.array([1.0, 2.0]))), as_read("text")
    (3.0, 'text')
    """
    token = _reader.set(reader)
    try:
        yield
    finally:
        _reader.reset(token)


def read_otherwise(reader: Callable[[np.ndarray], Any]) -> None:
    """Say what becomes of arrays where nobody else reads them, in the model being written."""
    _otherwise.append(reader)


def as_read(value: Any) -> Any:
    """Give what an operand is to be."""
    if not isinstance(value, np.ndarray):
        return value
    reader = _reader.get()
    return as_rows(value) if reader is None else reader(value)


def as_rows(value: Any) -> Any:
    """Give what an array is to be in a model whose rows lie on a disk: rows, if it has as many."""
    if isinstance(value, np.ndarray):
        for reader in _otherwise:
            value = reader(value)
    return value
