"""The response of a regression: read from a table or an array, checked for its family."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from aliquot.builders.formula import FormulaTerms, missing
from aliquot.errors import ParameterError

if TYPE_CHECKING:
    import pandas

ADVICE = {
    "poisson": "counts, whole numbers of at least 0",
    "negative_binomial": "counts, whole numbers of at least 0",
    "bernoulli": "0 or 1; of two names say which is 1, as in formula \"{answer == 'yes'} ~ x\"",
    "binomial": "whole numbers from 0 to the number of trials of the row",
}


def from_table(response: FormulaTerms, table: pandas.DataFrame) -> np.ndarray:
    """Give the left side of a formula by row, NaN where something of it is missing.

    Raises
    ------
    ParameterError
        Where it is not one column of numbers.
    """
    found = np.full(len(table), np.nan)
    if not set(response.needs) <= set(table.columns):
        return found
    seen = ~missing(table, response.needs)
    if seen.any():
        values = response.matrix(table[seen])
        if values.shape[1] != 1:
            raise ParameterError(
                f"formula: the response {response.text!r} makes {values.shape[1]} columns "
                f"({', '.join(response.names[:4])}) and must be one number a row. Of two names say "
                "which is 1, as in formula \"{answer == 'yes'} ~ x\""
            )
        found[seen] = values[:, 0]
    return found


def check_response(y: np.ndarray, family: str, trials: np.ndarray | None, name: str) -> None:
    """Refuse numbers, shape (rows,), that the family cannot give; NaN is missing.

    Raises
    ------
    ParameterError
        With the name of the response and the first number that is wrong.
    """
    if family not in ADVICE:
        return
    wrong = (y < 0) | (y != np.floor(y))
    if family == "bernoulli":
        wrong |= y > 1
    elif family == "binomial":
        wrong |= y > trials
    wrong &= ~np.isnan(y)
    if wrong.any():
        raise ParameterError(
            f"response {name!r}: family {family!r} is of {ADVICE[family]}; got {y[wrong][0]:g}"
        )


def trials_of(trials: Any, family: str, table: pandas.DataFrame) -> np.ndarray | None:
    """Give the number of trials of each row, shape (rows,), NaN where it is missing; or None.

    Raises
    ------
    ParameterError
        Where a family needs them, or has none, or they are no counts.
    """
    if family != "binomial":
        if trials is not None:
            raise ParameterError(f"trials are of family 'binomial'; the family is {family!r}")
        return None
    if isinstance(trials, str):
        if trials not in table.columns:
            raise ParameterError(
                f"trials: there is no column {trials!r}; the table has "
                f"{', '.join(repr(name) for name in list(table.columns)[:8])}"
            )
        found = table[trials].to_numpy(dtype=float, na_value=np.nan)
    elif isinstance(trials, int | np.integer) and not isinstance(trials, bool):
        found = np.full(len(table), float(trials))
    else:
        raise ParameterError(
            "family 'binomial' needs trials, a whole number or the name of the column that holds "
            f"it; got {trials!r}"
        )
    wrong = (found < 0) | ((found != np.floor(found)) & ~np.isnan(found))
    if wrong.any():
        raise ParameterError(f"trials must be whole numbers of at least 0; got {found[wrong][0]:g}")
    return found
