"""Rows for a mixture of regressions: terms, covariates of the weights, response and trials."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from aliquot.builders.design import Scaling, centre_and_scale
from aliquot.builders.formula import AllColumns, FormulaTerms, Terms, label, missing, parsed
from aliquot.builders.regression import LOG, REAL, arrays
from aliquot.builders.response import check_response, from_table, trials_of
from aliquot.errors import AliquotWarning, ParameterError, warn
from aliquot.estimators.rows import in_order

if TYPE_CHECKING:
    import pandas


@dataclass(frozen=True)
class RegressionTable:
    """How rows of a table become the numbers of a model, learnt from those of a fit.

    Numbers of rows are one array: terms, covariates of the weights, response, trials.

    Attributes
    ----------
    family : str
    trials : str, int or None
    response : FormulaTerms or None
        The left side of the formula; None where y is given by itself.
    terms, weights : Terms
        `weights` is None where weights are constant.
    x, w : Scaling
    y_centre, y_scale : float
        Of real families mean and standard deviation of the response; else 0 and 1.
    y_mean : float
        Mean of the response, of a binomial one by trial.
    """

    family: str
    trials: Any
    response: FormulaTerms | None
    terms: Terms
    weights: FormulaTerms | None
    x: Scaling
    w: Scaling | None
    y_centre: float
    y_scale: float
    y_mean: float

    @staticmethod
    def learnt(
        table: pandas.DataFrame,
        y: np.ndarray | None,
        formula: str | None,
        weights: str | None,
        family: str,
        trials: Any,
        standardize: bool,
    ) -> tuple[RegressionTable, np.ndarray]:
        """Learn it from rows, and give their numbers in an order that is theirs.

        Raises
        ------
        ParameterError
            Where formulas, table and response do not go together: with the name of the column.
        """
        left, right, beside = None, None, None
        columns = list(table.columns)
        if formula is not None:
            left, right = parsed(formula, columns)
        if weights is not None:
            wrong, beside = parsed(weights, columns, "weights")
            if wrong is not None:
                raise ParameterError(f"weights {weights!r} must have no left side, as in '~ age'")
        _check_response_given(left, y)
        complete = np.ones(len(table), bool)
        sides: list[FormulaTerms | None] = []
        for side in (right, beside):
            found = None
            if side is not None:
                found, whole = FormulaTerms.learnt(side, table)
                complete &= whole
            sides.append(found)
        rows_trials = trials_of(trials, family, table)
        if rows_trials is not None:
            complete &= ~np.isnan(rows_trials)
        needs = [name for side in sides if side is not None for name in side.needs]
        table, y = _complete(table, y, complete, needs)
        # What is learnt of all that is there differs where one side lacks what the other has.
        if not complete.all():
            sides = [
                None if side is None else FormulaTerms.learnt(side, table)[0]
                for side in (right, beside)
            ]
        plain = AllColumns(tuple(name for name in columns if name != trials))
        terms: Terms = sides[0] if sides[0] is not None else plain
        response = None if left is None else FormulaTerms.learnt(left, table)[0]
        raw = RegressionTable(
            family, trials, response, terms, sides[1], _as_is(terms.names),
            None if sides[1] is None else _as_is(sides[1].names), 0.0, 1.0, 0.0,
        )  # fmt: skip
        numbers = raw.numbers(table, y)
        numbers = in_order(numbers, np.ones(len(numbers), np.int64))
        return raw._scaled(numbers, standardize)

    def _scaled(self, numbers: np.ndarray, standardize: bool) -> tuple[RegressionTable, np.ndarray]:
        """Learn scales from rows as they are, and give the rows with these."""
        x, w, y, trials = self._parts(numbers)
        seen = ~np.isnan(y)
        if seen.sum() < 2:
            raise ParameterError(
                f"MixtureRegression was given {int(seen.sum())} sample (row) with a response, and "
                "needs 2 or more"
            )
        at, by = 0.0, 1.0
        x_scaling = Scaling.learnt(self.x.names, x, standardize)
        w_scaling = None if w is None else Scaling.learnt(self.w_names, w, standardize)
        if standardize and self.family in REAL:
            at, by = centre_and_scale(y[seen], x_scaling.intercept is not None)
        total = float(seen.sum()) if trials is None else max(float(trials[seen].sum()), 1.0)
        result = RegressionTable(
            self.family, self.trials, self.response, self.terms, self.weights, x_scaling,
            w_scaling, at, by, float(y[seen].sum()) / total,
        )  # fmt: skip
        return result, result._joined(x, w, y, trials)

    @property
    def w_names(self) -> tuple[str, ...]:
        """What the covariates of the weights are called; none where weights are constant."""
        return () if self.w is None else self.w.names

    @property
    def response_name(self) -> str:
        """What the response is called in an error."""
        return "y" if self.response is None else self.response.text

    @property
    def centre(self) -> list[float] | None:
        """The prior means of coefficients: of counts the intercept is about the log of the mean."""
        if self.family in REAL or self.x.intercept is None:
            return None
        found = [0.0] * len(self.x.names)
        if self.family in LOG:
            found[self.x.intercept] = float(np.log(max(self.y_mean, 0.1)))
        else:
            p = min(max(self.y_mean, 0.05), 0.95)
            found[self.x.intercept] = float(np.log(p / (1 - p)))
        return found

    def numbers(
        self, table: pandas.DataFrame, y: np.ndarray | None, *, blind: bool = False
    ) -> np.ndarray:
        """Give the numbers of rows, in the units of the model; NaN for a response not known.

        Parameters
        ----------
        table : DataFrame
        y : array, shape (rows,), optional
            Where the formula has no left side.
        blind : bool
            Whether no response is to be looked at.

        Raises
        ------
        ParameterError
            Where something that the terms need is missing.
        """
        needs = [*self.terms.needs, *(() if self.weights is None else self.weights.needs)]
        if isinstance(self.trials, str):
            needs.append(self.trials)
        for name in needs:
            if name in table.columns and missing(table, [name]).any():
                row = label(table, int(missing(table, [name]).argmax()))
                raise ParameterError(
                    f"column {name!r} is missing in row {row}: without it there is no prediction"
                )
        x = self.terms.matrix(table)
        w = None if self.weights is None else self.weights.matrix(table)
        trials = trials_of(self.trials, self.family, table)
        values = np.full(len(table), np.nan)
        if not blind:
            if self.response is not None:
                _check_response_given(self.response.text, y)
                values = from_table(self.response, table)
            elif y is not None:
                values = y
            check_response(values, self.family, trials, self.response_name)
        return self._joined(x, w, values, trials)

    def arrays(self, numbers: np.ndarray) -> dict[str, Any]:
        """Give the data that the text of the model reads."""
        x, w, y, trials = self._parts(numbers)
        return arrays(x, y, w, trials, self.family)

    def log_volumes(self, numbers: np.ndarray) -> np.ndarray:
        """Give the log density of each response's own units against the model's, shape (rows,)."""
        y = self._parts(numbers)[2]
        return np.where(np.isnan(y), 0.0, -np.log(self.y_scale))

    def y_of(self, numbers: np.ndarray) -> np.ndarray:
        """Give the response in its own units, shape (rows,)."""
        return self._parts(numbers)[2] * self.y_scale + self.y_centre

    def coefficients(self, beta: np.ndarray) -> np.ndarray:
        """Give coefficients (..., terms) of the model in the data's own units."""
        found = self.x.unscaled(beta) * self.y_scale
        if self.x.intercept is not None:
            found[..., self.x.intercept] += self.y_centre
        return found

    def _parts(
        self, numbers: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray | None, np.ndarray, np.ndarray | None]:
        many, more = len(self.x.names), len(self.w_names)
        return (
            numbers[:, :many],
            numbers[:, many : many + more] if more else None,
            numbers[:, many + more],
            numbers[:, many + more + 1] if self.family == "binomial" else None,
        )

    def _joined(
        self, x: np.ndarray, w: np.ndarray | None, y: np.ndarray, trials: np.ndarray | None
    ) -> np.ndarray:
        parts = [self.x.scaled(x)]
        if w is not None and self.w is not None:
            parts.append(self.w.scaled(w))
        parts.append(((y - self.y_centre) / self.y_scale)[:, None])
        if trials is not None:
            parts.append(trials[:, None])
        return np.concatenate(parts, axis=1)


def _as_is(names: tuple[str, ...]) -> Scaling:
    return Scaling(names, np.zeros(len(names)), np.ones(len(names)))


def _check_response_given(left: Any, y: Any) -> None:
    """Refuse a response that is given twice; where it is not given, that is for the caller."""
    if left is not None and y is not None:
        raise ParameterError(
            f"the formula says that the response is {str(left)!r}, which is a part of X, and y is "
            "given as well: leave y out, or the left side of the formula ('~ x')"
        )


def _complete(
    table: pandas.DataFrame, y: np.ndarray | None, complete: np.ndarray, needs: list[str]
) -> tuple[pandas.DataFrame, np.ndarray | None]:
    """Leave out rows that lack what terms are made of, and say so."""
    if complete.all():
        return table, y
    if not complete.any():
        raise ParameterError("no row has all that the terms, the weights and the trials need")
    lacking = [name for name in dict.fromkeys(needs) if missing(table, [name]).any()]
    warn(
        f"MixtureRegression: {int((~complete).sum())} of {len(complete)} rows lack "
        f"{', '.join(map(repr, lacking)) or 'trials'}, of which terms are made, and are left out. "
        "A model that fills them in would have to say how they are distributed",
        AliquotWarning,
    )
    return table[complete], None if y is None else y[complete]
