"""What estimators are given, as numbers: columns with their families, codes of levels, units."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from aliquot.builders.columns import COUNTS, KINDS, REAL, Column
from aliquot.errors import AliquotWarning, ParameterError, warn

# More levels than these are no answers to a question: names, numbers of rows.
MOST_LEVELS = 100


@dataclass(frozen=True)
class Encoding:
    """How a table becomes numbers, learnt from the rows that a model was fitted to.

    Attributes
    ----------
    columns : tuple of Column
    centre, scale : array, shape (columns,)
        Of real columns mean and standard deviation of what was seen; 0 and 1 of all others, and
        where nothing is to be standardised.
    """

    columns: tuple[Column, ...]
    centre: np.ndarray
    scale: np.ndarray

    @staticmethod
    def learnt(
        values: np.ndarray, families: Sequence[str], names: Sequence[str], standardize: bool
    ) -> Encoding:
        """Learn it from values (rows, columns), NaN or None where they are missing.

        Raises
        ------
        ParameterError
            For columns that tell nothing, or hold what their family cannot: with the column's name.
        """
        columns = []
        centre, scale = np.zeros(len(names)), np.ones(len(names))
        for i, (name, family) in enumerate(zip(names, families, strict=True)):
            seen = values[~_missing(values[:, i]), i]
            if not seen.size:
                raise ParameterError(f"column {name!r} has no values: leave it out")
            if family in ("bernoulli", "categorical"):
                columns.append(Column(name, family, _levels(name, family, seen)))
                continue
            # In an order of their own, so that sums do not depend on the rows' order.
            numbers = np.sort(_numbers(name, seen))
            if np.ptp(numbers) == 0 and family in REAL:
                raise ParameterError(
                    f"column {name!r} is {numbers[0]:g} in all {numbers.size} rows that have a "
                    "value, so it tells no groups apart: leave it out"
                )
            if family in REAL and standardize:
                centre[i], scale[i] = numbers.mean(), numbers.std()
            if family in COUNTS:
                _check_counts(name, family, numbers)
            columns.append(Column(name, family, mean=float(numbers.mean())))
        return Encoding(tuple(columns), centre, scale)

    def encoded(self, values: np.ndarray) -> np.ndarray:
        """Give values (rows, columns) as numbers: standardised, codes of levels, NaN for missing.

        Raises
        ------
        ParameterError
            For a count that is none.

        Warns
        -----
        AliquotWarning
            For a level that was not there when the model was fitted: it counts as missing.
        """
        result = np.full(values.shape, np.nan)
        for i, column in enumerate(self.columns):
            seen = ~_missing(values[:, i])
            if column.levels:
                result[seen, i] = _codes(column, values[seen, i])
                continue
            numbers = _numbers(column.name, values[seen, i])
            if column.kind in COUNTS:
                _check_counts(column.name, column.kind, numbers)
            result[seen, i] = (numbers - self.centre[i]) / self.scale[i]
        return result

    def decoded(self, table: np.ndarray) -> np.ndarray:
        """Give a table of numbers, none missing, back in the columns' own units and levels.

        Whole numbers where all columns are of such, as counts and codes are.
        """
        result = (table * self.scale + self.centre).astype(object)
        for i, column in enumerate(self.columns):
            if column.levels:
                result[:, i] = [column.levels[int(code)] for code in table[:, i]]
        levels = [level for column in self.columns for level in column.levels]
        if not all(isinstance(level, int | float | np.number) for level in levels):
            return result
        discrete = all(column.levels or column.kind in COUNTS for column in self.columns)
        whole = discrete and all(isinstance(level, int | np.integer) for level in levels)
        return result.astype(np.int64 if whole else float)

    def log_volumes(self, table: np.ndarray) -> np.ndarray:
        """Give the log density of each row's own units against standardised ones, shape (rows,)."""
        return np.where(np.isnan(table), 0.0, -np.log(self.scale)).sum(axis=1)


def families_of(family: str | Sequence[str] | Mapping[str, str], names: Sequence[str]) -> list[str]:
    """Give the family of each column: one for all, one for each, or by name."""
    if isinstance(family, str):
        families = [family] * len(names)
    elif isinstance(family, Mapping):
        if missing := [name for name in names if name not in family]:
            raise ParameterError(f"family: no family is given for column {missing[0]!r}")
        families = [family[name] for name in names]
    else:
        families = list(family)
        if len(families) != len(names):
            raise ParameterError(
                f"family has {len(families)} entries and there are {len(names)} columns: give one "
                "for each, or one for all"
            )
    for name, each in zip(names, families, strict=True):
        if each not in KINDS:
            raise ParameterError(
                f"family of column {name!r} must be one of {', '.join(map(repr, KINDS))}; "
                f"got {each!r}"
            )
    return families


def _missing(column: np.ndarray) -> np.ndarray:
    if column.dtype.kind == "f":
        return np.isnan(column)
    if column.dtype.kind != "O":
        return np.zeros(column.shape, bool)
    # pandas' NA is equal to nothing, not even to itself.
    return np.array([value is None or not bool(_same(value)) for value in column], bool)


def _same(value: Any) -> bool:
    try:
        return bool(value == value)
    except TypeError:
        return False


def _numbers(name: str, values: np.ndarray) -> np.ndarray:
    try:
        numbers = values.astype(float)
    except (TypeError, ValueError):
        wrong = next(value for value in values if not isinstance(value, int | float | np.number))
        raise ParameterError(
            f"column {name!r} must hold numbers; got {wrong!r}. Of answers and names the family is "
            "'categorical'"
        ) from None
    if not np.isfinite(numbers).all():
        raise ParameterError(f"column {name!r} has infinite values")
    return numbers


def _levels(name: str, family: str, seen: np.ndarray) -> tuple[Any, ...]:
    try:
        levels = tuple(np.unique(seen).tolist())
    except TypeError:
        levels = tuple(sorted(set(seen.tolist()), key=str))
    if family == "bernoulli" and set(levels) <= {0, 1}:
        return (0, 1)
    if family == "bernoulli" and len(levels) > 2:
        raise ParameterError(
            f"column {name!r} has {len(levels)} levels ({', '.join(map(repr, levels[:4]))}, ...), "
            "and 'bernoulli' is for two: use 'categorical'"
        )
    if len(levels) < 2:
        raise ParameterError(
            f"column {name!r} is {levels[0]!r} in all rows that have a value, so it tells no "
            "groups apart: leave it out"
        )
    if len(levels) > MOST_LEVELS:
        raise ParameterError(
            f"column {name!r} has {len(levels)} different values: as a categorical column it may "
            f"have {MOST_LEVELS}. Is it a number, or the name of a row?"
        )
    return levels


def _codes(column: Column, values: np.ndarray) -> np.ndarray:
    """Give the codes of levels; NaN for one of which the model knows nothing, which is said."""
    place = {level: code for code, level in enumerate(column.levels)}
    codes = np.array([place.get(value, np.nan) for value in values.tolist()], float)
    new = np.flatnonzero(np.isnan(codes))
    if new.size:
        warn(
            f"column {column.name!r} has the value {values.tolist()[new[0]]!r}, which was not "
            f"there when the model was fitted ({', '.join(map(repr, column.levels[:6]))}): "
            f"{new.size:,} such values count as missing",
            AliquotWarning,
        )
    return codes


def _check_counts(name: str, family: str, numbers: np.ndarray) -> None:
    wrong = numbers[(numbers < 0) | (numbers != np.floor(numbers))]
    if wrong.size:
        raise ParameterError(
            f"column {name!r}: family {family!r} is of whole numbers of at least 0; got "
            f"{wrong[0]:g}"
        )
