"""Formulas over tables: what formulaic makes of one, with errors that name columns and levels."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from aliquot.errors import ParameterError

if TYPE_CHECKING:
    import pandas

INTERCEPT = "Intercept"


class Terms(Protocol):
    """Columns of a matrix that are made from a table."""

    @property
    def names(self) -> tuple[str, ...]:
        """What the columns are called."""

    @property
    def needs(self) -> tuple[str, ...]:
        """The columns of the table that they are made from."""

    def matrix(self, table: pandas.DataFrame) -> np.ndarray:
        """Make them, shape (rows, terms)."""


@dataclass(frozen=True)
class AllColumns:
    """An intercept and the columns of a table as they are."""

    needs: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """What the columns are called."""
        return (INTERCEPT, *self.needs)

    def matrix(self, table: pandas.DataFrame) -> np.ndarray:
        """Give ones and the columns, shape (rows, terms)."""
        columns = table[list(self.needs)].to_numpy(dtype=float)
        return np.column_stack([np.ones(len(table)), columns])


@dataclass(frozen=True)
class FormulaTerms:
    """One side of a formula, as it was learnt from the rows of a fit.

    Attributes
    ----------
    text : str
        The side, as in an error.
    spec : formulaic.ModelSpec
        With the means, knots and levels of the rows that it was learnt from.
    needs : tuple of str
    """

    text: str
    spec: Any
    needs: tuple[str, ...]

    @staticmethod
    def learnt(formula: Any, table: pandas.DataFrame) -> tuple[FormulaTerms, np.ndarray]:
        """Learn it from the rows that have all that it needs, and say which these are.

        Returns
        -------
        terms : FormulaTerms
        complete : array of bool, shape (rows,)

        Raises
        ------
        ParameterError
            Where the formula does not go with the table.
        """
        text = str(formula)
        # What it needs is known for certain only when it has been evaluated.
        matrix = _evaluated(text, formula, table)
        needs = tuple(sorted(str(name) for name in matrix.model_spec.required_variables))
        complete = ~missing(table, needs)
        if not complete.any():
            raise ParameterError(f"formula {text!r}: no row has all of {', '.join(needs)}")
        if not complete.all():
            matrix = _evaluated(text, formula, table[complete])
        return FormulaTerms(text, matrix.model_spec, needs), complete

    @property
    def names(self) -> tuple[str, ...]:
        """What the columns are called, as formulaic has it."""
        return tuple(str(name) for name in self.spec.column_names)

    def matrix(self, table: pandas.DataFrame) -> np.ndarray:
        """Make the columns for rows of which nothing is missing, shape (rows, terms).

        Raises
        ------
        ParameterError
            For a level that was not there when the formula was learnt, a column that is not there,
            or a term that is not finite.
        """
        self._check_columns(table)
        self._check_levels(table)
        found = np.asarray(_evaluated(self.text, self.spec, table), dtype=float)
        found = found.reshape(len(table), len(self.names))
        wrong = ~np.isfinite(found)
        if wrong.any():
            row, column = (int(i) for i in np.argwhere(wrong)[0])
            raise ParameterError(
                f"formula {self.text!r}: the term {self.names[column]!r} is "
                f"{found[row, column]} in row {label(table, row)}, though all that it is made of "
                f"is there ({', '.join(self.needs)})"
            )
        return found

    def _check_columns(self, table: pandas.DataFrame) -> None:
        for name in self.needs:
            if name not in table.columns:
                raise ParameterError(
                    f"formula {self.text!r} needs the column {name!r}, which the table does not "
                    f"have; it has {_listed(table.columns)}"
                )

    def _check_levels(self, table: pandas.DataFrame) -> None:
        """Refuse levels that were not there: formulaic would take them for the first one."""
        for factor, variables in self.spec.factor_variables.items():
            _, state = self.spec.encoder_state.get(factor.expr, (None, {}))
            levels = state.get("categories")
            named = [str(v) for v in variables if str(v) in table.columns]
            # Of a computed category, as in C(x > 1), all values are known beforehand.
            if levels is None or len(named) != 1 or not _as_it_is(factor.expr, named[0]):
                continue
            known = set(levels)
            for value in table[named[0]].unique().tolist():
                if value not in known:
                    raise ParameterError(
                        f"column {named[0]!r} has the level {value!r}, which was not there when "
                        f"the model was fitted ({_listed(levels)})"
                    )


def parsed(text: Any, columns: Sequence[str], what: str = "formula") -> tuple[Any, Any]:
    """Read a formula: its left side, or None, and its right side.

    Raises
    ------
    ImportError
        Where formulaic is not installed.
    ParameterError
        Where the text is no formula, or has several parts.
    """
    try:
        import formulaic
    except ImportError as error:
        raise ImportError(
            f'{what}={text!r} needs formulaic, which is not installed: pip install "aliquot'
            '[estimators]"'
        ) from error
    if not isinstance(text, str):
        number = "; the number of components is n_components=" if isinstance(text, int) else ""
        raise ParameterError(f"{what} must be text such as 'y ~ x + z'; got {text!r}{number}")
    try:
        found = formulaic.Formula(
            text, _context={"__formulaic_variables_available__": list(columns)}
        )
    except formulaic.errors.FormulaicError as error:
        raise ParameterError(f"{what} {text!r} cannot be read: {_plain(error)}") from None
    left, right = getattr(found, "lhs", None), getattr(found, "rhs", found)
    if isinstance(right, tuple) or isinstance(left, tuple):
        raise ParameterError(f"{what} {text!r} has several parts ('|'); give one")
    if not len(right):
        raise ParameterError(f"{what} {text!r} has no terms; '1' is an intercept")
    return left, right


def as_table(table: Any) -> pandas.DataFrame:
    """Give a table with named columns as a DataFrame of pandas: from a dict, or from Polars.

    Raises
    ------
    ParameterError
        For an array, whose columns have no names.
    """
    import pandas

    if isinstance(table, pandas.DataFrame):
        return table
    if isinstance(table, Mapping):
        return pandas.DataFrame(dict(table))
    try:
        import narwhals

        frame = narwhals.from_native(table, eager_only=True)
    except (ImportError, TypeError):
        raise ParameterError(
            "with a formula X must be a table with named columns: a DataFrame or a dict; got "
            f"{type(table).__name__}. What comes out of a scikit-learn transformer has names after "
            "set_output(transform='pandas')"
        ) from None
    return pandas.DataFrame({name: frame[name].to_numpy() for name in frame.columns})


def label(table: pandas.DataFrame, row: int) -> str:
    """Write what a row is called in an error."""
    return repr(table.index[[row]].tolist()[0])


def missing(table: pandas.DataFrame, columns: Sequence[str]) -> np.ndarray:
    """Say in which rows one of the columns is missing, shape (rows,)."""
    here = [name for name in columns if name in table.columns]
    return table[here].isna().to_numpy(dtype=bool).any(axis=1)


def _evaluated(text: str, formula: Any, table: pandas.DataFrame) -> Any:
    """Evaluate a formula or what was learnt of one; a missing value makes no row go away."""
    from formulaic.errors import DataMismatchWarning, FormulaicError

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", DataMismatchWarning)
        try:
            return formula.get_model_matrix(table, na_action="ignore", output="numpy", context={})
        except DataMismatchWarning as error:
            raise ParameterError(f"formula {text!r}: {_plain(error)}") from None
        except (FormulaicError, ArithmeticError, TypeError, ValueError) as error:
            raise ParameterError(
                f"formula {text!r} cannot be evaluated: {_plain(error)} The table has the columns "
                f"{_listed(table.columns)}"
            ) from None


def _as_it_is(expression: str, column: str) -> bool:
    """Say whether the levels of a factor are the values of the column itself."""
    inside = expression.removeprefix("C(").partition(",")[0].rstrip(")").strip()
    return inside.strip("`") == column


def _plain(error: BaseException) -> str:
    """Give the first line of a message, with a full stop."""
    line = str(error).strip().partition("\n")[0].rstrip(".")
    return f"{line}."


def _listed(values: Any) -> str:
    names = [repr(value) for value in list(values)]
    return ", ".join(names[:8]) + (", ..." if len(names) > 8 else "")
