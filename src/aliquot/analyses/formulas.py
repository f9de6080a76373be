"""A formula over a table: its terms, covariates of weights and response, and how as text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from aliquot.analyses.columns import whole_numbers
from aliquot.analyses.encoding import EncodingText, dictionary, text, texts
from aliquot.builders.design import Scaling, centre_and_scale
from aliquot.builders.formula import FormulaTerms, parsed
from aliquot.builders.names import vector
from aliquot.builders.regression import LOG, REAL
from aliquot.builders.response import check_response, from_table, trials_of
from aliquot.errors import ParameterError
from aliquot.tables import DataTable, variables
from aliquot.tables.words import count, quoted, rows

if TYPE_CHECKING:
    import pandas


@dataclass(frozen=True, eq=False)
class ReadFormula:
    """What a formula makes of a table.

    Attributes
    ----------
    said : tuple of str
    encoding : EncodingText
    rows : array of int
        The rows of the table that have all that the terms are made of.
    total : int
        How many rows the table has.
    x, w : Scaling
        Of the terms, and of the covariates of the weights if there are any.
    y_centre, y_scale : float
    centre : list of float or None
        Prior means of coefficients.
    """

    said: tuple[str, ...]
    encoding: EncodingText
    rows: np.ndarray
    total: int
    x: Scaling
    w: Scaling | None
    y_centre: float
    y_scale: float
    centre: list[float] | None

    def coefficients(self, beta: np.ndarray) -> np.ndarray:
        """Give coefficients (..., terms) in the data's own units."""
        found = self.x.unscaled(beta) * self.y_scale
        if self.x.intercept is not None:
            found[..., self.x.intercept] += self.y_centre
        return found

    def spread(self, values: np.ndarray) -> np.ndarray:
        """Give values of the rows that were used to all rows, NaN for the others."""
        found = np.full((self.total, *values.shape[1:]), np.nan)
        found[self.rows] = values
        return found


def read_formula(
    table: DataTable, formula: str, weights: str | None, family: str, trials: str | None
) -> ReadFormula:
    """Read what a formula needs.

    Raises
    ------
    TableError, ParameterError, ImportError
        Where formula, table and family do not go together.
    """
    left, right = parsed(formula, table.names)
    if not formula.partition("~")[2].strip():
        raise ParameterError(f"the formula {formula!r} has no right side: write it as 'y ~ x'")
    if left is None:
        raise ParameterError(f"the formula {formula!r} has no left side: write it as 'y ~ x'")
    beside = None
    if weights is not None:
        wrong, beside = parsed(weights, table.names, "--weights")
        if wrong is not None:
            raise ParameterError(f"--weights {weights!r} must have no left side, as in '~ age'")
    sides = [side for side in (left, right, beside) if side is not None]
    needed = _needed(table, sides, trials)
    import pandas

    frame = pandas.DataFrame(variables(table, needed))
    response, _ = _learnt(table, left, frame)
    per_row = trials_of(_trials(trials), family, frame)
    complete = np.ones(table.rows, bool) if per_row is None else ~np.isnan(per_row)
    required = [trials] if trials in frame.columns else []
    for side in sides[1:]:
        found_terms, whole = _learnt(table, side, frame)
        complete &= whole
        required += found_terms.needs
    lacking = [name for name in needed if name in required and frame[name].isna().any()]
    if not complete.any():
        raise ParameterError(f"formula {formula!r}: no row has all of {quoted(needed)}")
    kept = frame[complete]
    terms, _ = _learnt(table, right, kept)
    x = terms.matrix(kept)
    scaling = Scaling.learnt(terms.names, x, True)
    known = None if beside is None else _learnt(table, beside, kept)[0]
    w = None if known is None else Scaling.learnt(known.names, known.matrix(kept), True)
    y = from_table(response, kept)
    part = None if per_row is None else per_row[complete]
    check_response(y, family, part, response.text)
    seen = ~np.isnan(y)
    if seen.sum() < 2:
        raise ParameterError(
            f"formula {formula!r}: {count(int(seen.sum()), 'row')} with a response that can be "
            "used; 2 or more are needed"
        )
    at, by = 0.0, 1.0
    if family in REAL:
        if np.ptp(y[seen]) == 0:
            raise ParameterError(f"the response {response.text!r} is the same in every row")
        at, by = centre_and_scale(y[seen], scaling.intercept is not None)
    mean = float(y[seen].sum()) / (seen.sum() if part is None else max(part[seen].sum(), 1.0))
    said = _said(table, frame, complete, needed, response, seen, scaling, w, (family, at, by))
    encoding = _encoding(
        needed, _text(left), _text(right), None if beside is None else _text(beside), scaling, w,
        (family, at, by, trials), lacking, response, seen,
    )  # fmt: skip
    found = ReadFormula(
        said, encoding, np.flatnonzero(complete), table.rows, scaling, w, at, by,
        _prior_centre(scaling, family, mean),
    )  # fmt: skip
    # What runs is the text; where it would read something else the formula is beyond it.
    if not np.array_equal(encoding.encode(table)["X"], scaling.scaled(x)):
        raise ParameterError(f"formula {formula!r} cannot be written down: simplify it")
    return found


def _needed(table: DataTable, sides: list[Any], trials: str | None) -> list[str]:
    """Name the columns that formulas are made from, in the table's order."""
    names: set[str] = set()
    for side in sides:
        words = _identifiers(str(side))
        names |= {name for name in table.names if name in words or f"`{name}`" in str(side)}
    if trials is not None and not trials.isdigit():
        names |= set(table.chosen([trials], "trials"))
    return [name for name in table.names if name in names]


def _identifiers(formula: str) -> set[str]:
    return set(re.findall(r"[^\W\d][\w.]*", formula))


def _learnt(
    table: DataTable, side: Any, frame: pandas.DataFrame
) -> tuple[FormulaTerms, np.ndarray]:
    """Learn one side of a formula; of a name that the table lacks, say which may be meant."""
    try:
        return FormulaTerms.learnt(side, frame)
    except ParameterError as error:
        if found := re.search(r"NameError: `(.+?)` is not present", str(error)):
            table.chosen([found[1]])
        raise


def _trials(given: str | None) -> str | int | None:
    return int(given) if given is not None and given.isdigit() else given


def _text(side: Any) -> str:
    """Write one side of a formula so that it is read as it is meant, without an intercept added."""
    written = str(side)
    return written if "1" in written.split(" + ") else f"0 + {written}"


def _prior_centre(x: Scaling, family: str, mean: float) -> list[float] | None:
    """Give prior means: of counts and shares that of the intercept is about their mean."""
    if family in REAL or x.intercept is None:
        return None
    found = [0.0] * len(x.names)
    p = min(max(mean, 0.05), 0.95)
    found[x.intercept] = float(np.log(max(mean, 0.1) if family in LOG else p / (1 - p)))
    return found


def _said(
    table: DataTable,
    frame: pandas.DataFrame,
    complete: np.ndarray,
    needed: list[str],
    response: FormulaTerms,
    seen: np.ndarray,
    x: Scaling,
    w: Scaling | None,
    scale: tuple[str, float, float],
) -> tuple[str, ...]:
    said = [f"{count(len(needed), 'column')} in the formula: {quoted(needed)}"]
    said.append(f"{count(len(x.names), 'term')}: {quoted(x.names)}")
    if w is not None:
        said.append(f"weights depend on: {quoted(w.names)}")
    if not complete.all():
        gone = np.flatnonzero(~complete)
        said.append(
            f"{count(len(gone), 'row')} left out, which {'lacks' if len(gone) == 1 else 'lack'} "
            f"something that a term is made of: {rows(gone)}"
        )
    if not seen.all():
        said.append(
            f"{count(int((~seen).sum()), 'row')} without a response: nothing is learnt from them"
        )
    moved = [
        name for name, c, s in zip(x.names, x.centre, x.scale, strict=True) if (c, s) != (0, 1)
    ]
    family, at, by = scale
    standard = [*moved, *([response.text] if family in REAL and (at, by) != (0, 1) else [])]
    if standard:
        said.append(f"standardised for the fit, and given back in own units: {quoted(standard)}")
    return tuple(said)


def _encoding(
    needed: list[str],
    left: str,
    right: str,
    beside: str | None,
    x: Scaling,
    w: Scaling | None,
    scale: tuple[str, float, float, str | None],
    lacking: list[str],
    response: FormulaTerms,
    seen: np.ndarray,
) -> EncodingText:
    """Write the text that reads the same again."""
    family, at, by, trials = scale
    constants = [*_constants("X", x), *([] if w is None else _constants("W", w))]
    if family in REAL:
        constants += [f"Y_CENTRE, Y_SCALE = {at!r}, {by!r}"]
    lines = [
        "",
        "def matrix(formula, rows):",
        '    found = model_matrix(formula, rows, na_action="ignore", output="numpy")',
        "    return np.asarray(found, dtype=float).reshape(len(rows), -1)",
        "",
        f"rows = pd.DataFrame(variables(table, {texts(needed)}))",
    ]
    if lacking:
        lines.append(f"rows = rows[rows[{texts(lacking)}].notna().all(axis=1)]")
    entries = {"X": f"(matrix({text(right)}, rows) - X_CENTRE) / X_SCALE"}
    if w is not None:
        entries["W"] = f"(matrix({text(str(beside))}, rows) - W_CENTRE) / W_SCALE"
    if family == "binomial" and trials is not None:
        column = f"rows[{text(trials)}].to_numpy()"
        part = f"np.full(len(rows), {trials})" if trials.isdigit() else column
        entries["trials"] = f"{part}.astype(int)"
    if seen.all():
        lines.append(f"y = matrix({text(left)}, rows)[:, 0]")
    else:
        lines += [
            "y = np.full(len(rows), np.nan)",
            f"seen = rows[{texts(response.needs)}].notna().all(axis=1).to_numpy()",
            f"y[seen] = matrix({text(left)}, rows[seen])[:, 0]",
        ]
    entries["y"] = (
        "(y - Y_CENTRE) / Y_SCALE" if family in REAL else whole_numbers("y", not seen.all())
    )
    return EncodingText(
        (*lines, *dictionary(entries)),
        ("variables",),
        tuple(constants),
        ("import pandas as pd", "from formulaic import model_matrix"),
    )


def _constants(name: str, scaling: Scaling) -> list[str]:
    return [
        f"{name}_CENTRE = np.array({vector(scaling.centre.tolist())})",
        f"{name}_SCALE = np.array({vector(scaling.scale.tolist())})",
    ]
