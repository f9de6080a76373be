"""The exceptions and warnings that Aliquot raises, each a kind that a program can catch."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

_PACKAGE = str(Path(__file__).parent)


class AliquotError(Exception):
    """The base of every error that Aliquot raises on purpose."""

    def __reduce__(self) -> tuple[Any, ...]:
        # What a kind of error is made from is not always what it says.
        return _again, (type(self), self.args), vars(self)


def _again(kind: type[AliquotError], args: tuple[Any, ...]) -> AliquotError:
    error = kind.__new__(kind)
    error.args = args
    return error


class ShapeError(AliquotError, ValueError):
    """Shapes that do not fit together, or a likelihood that would broadcast against its data."""


class DTypeError(AliquotError, TypeError):
    """A value of a kind that cannot be used here, such as strings or fractions as counts."""


class ParameterError(AliquotError, ValueError):
    """A parameter of a distribution that is missing, not finite or outside its range."""


class SupportError(AliquotError, ValueError):
    """Observed data outside the support of the distribution that they were given to."""


class ModelError(AliquotError, ValueError):
    """A model that does not make sense: a name used twice, an unknown dim, no free variables."""


class TableError(AliquotError, ValueError):
    """A file that is not the table that was meant, or columns that cannot be used as asked."""


class RowsError(AliquotError, ValueError):
    """Rows on a disk that cannot be read as numbers, or are other ones than when they were seen."""


class StorageError(AliquotError, OSError):
    """A file that could not be written, as on a full disk; an older one is as it was.

    Examples
    --------
    >>> import errno
    >>> import aliquot as aq
    >>> try:
    ...     raise aq.StorageError("report.html cannot be written: no room", errno.ENOSPC)
    ... except OSError as error:
    ...     print(error, error.errno == errno.ENOSPC)
    report.html cannot be written: no room True
    """

    def __init__(self, message: str, number: int | None = None) -> None:
        # Handed on, the number would be part of the text.
        super().__init__(message)
        self.errno = number

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (str(self), self.errno)


class ForkError(AliquotError, RuntimeError):
    """A process that was forked from one that had used JAX, and cannot use it any more."""


class StartError(AliquotError, ValueError):
    """No start point with a finite log density and gradient was found."""


class FitError(AliquotError, ArithmeticError):
    """A variational fit whose loss is not finite."""


class WorkerError(AliquotError, RuntimeError):
    """One of several processes that could not do its part, has ended, hangs or cannot be reached.

    The message names its rank, machine and process. Nothing is wrong with what this process has.
    """


class AliquotWarning(UserWarning):
    """The base of every warning that Aliquot gives."""


class ConvergenceWarning(AliquotWarning):
    """A sample or a fit that should not be trusted yet; the message says what to do."""


class PartialResultWarning(AliquotWarning):
    """A run that was interrupted: what it had drawn is kept and marked as partial."""


class ImputationWarning(AliquotWarning):
    """Observed data with missing values: integrated out, or latent where something needs them."""


_heard: ContextVar[list[str] | None] = ContextVar("aliquot_heard", default=None)


@contextmanager
def heard() -> Iterator[list[str]]:
    """Give a list to which warnings come that this thread would give in the block, and no others.

    For one of many fits at once: the process knows one place only where warnings go to.

    >>> with heard() as messages:
    ...     warn("a chain is stuck", ConvergenceWarning)
    >>> messages
    ['a chain is stuck']
    """
    messages: list[str] = []
    token = _heard.set(messages)
    try:
        yield messages
    finally:
        _heard.reset(token)


def warn(message: str, category: type[Warning]) -> None:
    """Give a warning that points at the user's line, however deep inside the package it arises.

    Where the standard error stream is closed, as in a job without a terminal, nobody hears it, and
    nothing is lost by it.
    """
    messages = _heard.get()
    if messages is not None:
        messages.append(message)
        return
    try:
        warnings.warn(message, category, skip_file_prefixes=(_PACKAGE,))
    except ValueError:
        if not getattr(sys.stderr, "closed", False):
            raise
