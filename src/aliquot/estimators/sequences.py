"""Sequences one below the other in a table, and the covariates of their steps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from aliquot.errors import ParameterError


@dataclass(frozen=True)
class Sequences:
    """Where each row of a table stands.

    Attributes
    ----------
    lengths : array of int, shape (sequences,)
    sequence, step : array of int, shape (rows,)
    """

    lengths: np.ndarray
    sequence: np.ndarray
    step: np.ndarray

    @staticmethod
    def of(lengths: Any, rows: int) -> Sequences:
        """Read lengths, of which ``None`` is one sequence of all rows.

        Raises
        ------
        ParameterError
            Where they are no whole numbers of at least 1 that sum to the number of rows.
        """
        array = np.asarray([rows] if lengths is None else lengths)
        whole = array.ndim == 1 and array.size and array.dtype.kind in "iu"
        if not whole or array.min() < 1 or array.sum() != rows:
            raise ParameterError(
                "lengths must be whole numbers of at least 1, the rows of one sequence after the "
                f"other, with the sum {rows}, as there are {rows} rows; got {lengths!r:.80}"
            )
        array = array.astype(np.int64)
        sequence = np.repeat(np.arange(array.size), array)
        return Sequences(array, sequence, np.concatenate([np.arange(n) for n in array]))

    @property
    def shape(self) -> tuple[int, int]:
        """How many sequences there are, and the steps of the longest."""
        return self.lengths.size, int(self.lengths.max())

    @property
    def places(self) -> dict[str, np.ndarray]:
        """The part of a model's data that says where rows stand."""
        return {"sequence": self.sequence, "step": self.step}

    def padded(self, values: np.ndarray) -> np.ndarray:
        """Give values (..., rows, k) by sequence and step, (..., sequences, steps, k), else 0."""
        whole = np.zeros((*values.shape[:-2], *self.shape, values.shape[-1]))
        whole[..., self.sequence, self.step, :] = values
        return whole

    def of_rows(self, values: np.ndarray) -> np.ndarray:
        """Give values (draws, sequences, steps, ...) of the steps that have a row."""
        return values[:, self.sequence, self.step]

    def slices(self) -> Iterator[slice]:
        """Give the rows of each sequence."""
        ends = np.cumsum(self.lengths)
        for start, stop in zip(ends - self.lengths, ends, strict=True):
            yield slice(int(start), int(stop))


@dataclass(frozen=True)
class Covariates:
    """What acts on transitions, as it was at the rows that a model was fitted to.

    Attributes
    ----------
    names : tuple of str
    centre, scale : array, shape (covariates,)
    """

    names: tuple[str, ...]
    centre: np.ndarray
    scale: np.ndarray

    @staticmethod
    def learnt(given: Any, rows: int, standardize: bool) -> Covariates:
        """Learn names, means and standard deviations from an array or DataFrame (rows, p).

        Raises
        ------
        ParameterError
            For what is not numbers, one row for each row of X, or is the same everywhere.
        """
        values = _numbers(given, rows)
        columns = getattr(given, "columns", range(values.shape[1]))
        names = tuple(c if isinstance(c, str) else f"covariate {c}" for c in columns)
        for name, column in zip(names, values.T, strict=True):
            if np.ptp(column) == 0:
                raise ParameterError(
                    f"covariates: {name!r} is {column[0]:g} in all rows, so it moves nothing: leave "
                    "it out"
                )
        if not standardize:
            return Covariates(names, np.zeros(len(names)), np.ones(len(names)))
        return Covariates(names, values.mean(axis=0), values.std(axis=0))

    def encoded(self, given: Any, rows: int) -> np.ndarray:
        """Give covariates of rows as the model has them, shape (rows, covariates).

        Raises
        ------
        ParameterError
            For what is not numbers, or not as many columns as the model was fitted with.
        """
        values = _numbers(given, rows)
        if values.shape[1] != len(self.names):
            raise ParameterError(
                f"covariates must have {len(self.names)} columns, as the model was fitted with "
                f"({', '.join(map(repr, self.names))}); got {values.shape[1]}"
            )
        return (values - self.centre) / self.scale


def _numbers(given: Any, rows: int) -> np.ndarray:
    try:
        values = np.asarray(given, dtype=float)
    except (TypeError, ValueError):
        raise ParameterError("covariates must be numbers, with one row for each row of X") from None
    if values.ndim != 2 or len(values) != rows or not values.shape[1]:
        raise ParameterError(
            f"covariates must have shape ({rows}, columns), one row for each row of X; got shape "
            f"{values.shape}"
        )
    wrong = np.argwhere(~np.isfinite(values))
    if wrong.size:
        row, column = wrong[0]
        raise ParameterError(
            f"covariates: column {column} is {values[row, column]} in row {row}. What moves "
            "transitions must be known at each step: fill it in first"
        )
    return values
