"""Formulas over tables: what is learnt, what is missing, and what is refused by name."""

from __future__ import annotations

import pickle
import sys
from typing import Any

import numpy as np
import pandas as pd
import pytest

from aliquot.builders.formula import FormulaTerms, as_table, parsed
from aliquot.errors import AliquotWarning, ParameterError
from aliquot.estimators import MixtureRegression
from aliquot.estimators.regression_table import RegressionTable

TABLE = pd.DataFrame(
    {
        "x": [1.0, 2.0, 4.0, 7.0, 8.0, 9.0],
        "g": ["a", "b", "c", "a", "b", "c"],
        "my col": [0.5, 0.25, 1.0, 2.0, 3.0, 1.5],
        "y": [1.0, 0.0, 2.0, 3.0, np.nan, 5.0],
        "n": [3, 3, 4, 4, 5, 6],
    }
)


def learnt(formula: str, table: Any = TABLE, y: Any = None, **options: Any) -> Any:
    given = {"weights": None, "family": "normal", "trials": None, "standardize": True} | options
    return RegressionTable.learnt(table, y, formula, **given)


@pytest.mark.parametrize(
    "formula",
    [
        "y ~ center(x)",
        "y ~ bs(x, df=4)",
        "y ~ poly(x, 2)",
        "y ~ C(g, contr.sum)",
        "y ~ x:g + `my col`",
    ],
)
def test_new_rows_are_as_those_of_the_fit(formula: str) -> None:
    """Means, knots and levels are those of the fit: a row alone is what it was among all."""
    side, _ = FormulaTerms.learnt(parsed(formula, list(TABLE))[1], TABLE)
    alone = [side.matrix(TABLE.iloc[[i]]) for i in range(len(TABLE))]
    assert np.array_equal(np.concatenate(alone), side.matrix(TABLE))
    again = pickle.loads(pickle.dumps(side))
    assert np.array_equal(again.matrix(TABLE), side.matrix(TABLE))


def test_a_point_stands_for_all_other_columns() -> None:
    table, _ = learnt("y ~ .", TABLE[["x", "g", "y"]])
    assert table.x.names == ("Intercept", "x", "g[T.b]", "g[T.c]")


def test_rows_that_lack_a_covariate_are_told_and_left_out() -> None:
    holes = TABLE.copy()
    holes.loc[0, "x"] = np.nan
    holes.loc[1, "g"] = None
    with pytest.warns(AliquotWarning, match="2 of 6 rows lack 'g', 'x'"):
        table, numbers = learnt("y ~ center(x) + g", holes)
    whole, expected = learnt("y ~ center(x) + g", TABLE.iloc[2:])
    # Row 5 has no response, and stays.
    assert np.array_equal(numbers, expected, equal_nan=True)
    assert table.x.names == whole.x.names and len(numbers) == 4 and np.isnan(numbers).sum() == 1
    with pytest.raises(ParameterError, match="'g' is missing in row 1"):
        table.numbers(holes.iloc[1:], None)


def test_numbers_do_not_depend_on_the_order_of_rows(rng: np.random.Generator) -> None:
    _, first = learnt("y ~ x + g", weights="~ x")
    _, second = learnt("y ~ x + g", TABLE.iloc[rng.permutation(6)], weights="~ x")
    assert np.array_equal(first, second, equal_nan=True)


@pytest.mark.parametrize("formula", ["y ~ x + g", "y ~ 0 + x + g", "y ~ 0 + x", "y ~ x * g"])
def test_coefficients_in_own_units_give_the_same_regression(
    formula: str, rng: np.random.Generator
) -> None:
    table, _ = learnt(formula)
    beta = rng.normal(size=(3, 2, len(table.x.names)))
    numbers = table.numbers(TABLE, None)
    model = table.arrays(numbers)["X"] @ np.swapaxes(beta, 1, 2)
    own = table.terms.matrix(TABLE) @ np.swapaxes(table.coefficients(beta), 1, 2)
    assert np.allclose(own, model * table.y_scale + table.y_centre, rtol=1e-12, atol=1e-12)
    assert np.allclose(table.y_of(numbers), TABLE["y"], equal_nan=True)


def test_columns_are_standardised_where_there_is_an_intercept() -> None:
    table, numbers = learnt("y ~ x + g", weights="~ `my col`")
    for column in (1, 5):  # x, and the covariate of the weights
        assert np.isclose(numbers[:, column].mean(), 0) and np.isclose(numbers[:, column].std(), 1)
    assert set(numbers[:, [0, 2, 3]].ravel()) == {0.0, 1.0}
    seen = TABLE["y"].dropna()
    assert np.isclose(table.y_centre, seen.mean()) and np.isclose(table.y_scale, seen.std(ddof=0))
    through, _ = learnt("y ~ 0 + x")
    assert through.y_centre == 0 and through.x.centre[0] == 0
    as_is, rows = learnt("y ~ x", standardize=False)
    assert as_is.y_scale == 1 and sorted(rows[:, 1]) == sorted(TABLE["x"])


@pytest.mark.parametrize("kind", ["dict", "polars"])
def test_tables_of_other_kinds(kind: str) -> None:
    given: Any = TABLE.to_dict("list")
    if kind == "polars":
        given = pytest.importorskip("polars").DataFrame(given)
    _, expected = learnt("y ~ x + g")
    _, found = learnt("y ~ x + g", as_table(given))
    assert np.array_equal(found, expected, equal_nan=True)


@pytest.mark.parametrize(
    ("formula", "options", "said"),
    [
        ("y ~ x + zz", {}, "'y ~ x|zz.*columns 'x', 'g'"),
        ("y ~~ x", {}, "'y ~~ x' cannot be read"),
        ("y ~ x | g", {}, "several parts"),
        ("y ~ 0", {}, "has no terms"),
        (3, {}, "must be text"),
        ("g ~ x", {}, "'g' makes 3 columns"),
        ("y + n ~ x", {}, "makes 2 columns"),
        ("y ~ log(n - 3)", {}, "-inf in row 0"),
        ("log(y) ~ x", {}, "'log.y.' is -inf in row 1"),
        ("y ~ x", {"weights": "y ~ x"}, "no left side"),
        ("y ~ x", {"y": np.ones(6)}, "y is given as well"),
        ("y ~ x", {"family": "bernoulli"}, "response 'y': .*0 or 1.* got 2"),
        ("I(-y) ~ x", {"family": "poisson"}, "at least 0; got -1"),
        ("I(y / 2) ~ x", {"family": "negative_binomial"}, "got 0.5"),
        ("y ~ x", {"family": "binomial"}, "needs trials.*got None"),
        ("y ~ x", {"family": "binomial", "trials": 2}, "number of trials of the row; got 3"),
        ("y ~ x", {"family": "binomial", "trials": "m"}, "no column 'm'"),
        ("y ~ x", {"family": "binomial", "trials": "my col"}, "trials must be whole.*got 0.5"),
        ("y ~ x", {"trials": 3}, "trials are of family 'binomial'"),
    ],
)
def test_what_does_not_go_together_is_refused(formula: Any, options: Any, said: str) -> None:
    with pytest.raises(ParameterError, match=said):
        learnt(formula, **options)


def test_new_levels_and_lost_columns_are_named() -> None:
    table, _ = learnt("y ~ x + C(g)", weights="~ g")
    with pytest.raises(ParameterError, match=r"column 'g' has the level 'z'.*'a', 'b', 'c'"):
        table.numbers(TABLE.assign(g=["z"] * 6), None)
    with pytest.raises(ParameterError, match=r"needs the column 'x'.*it has 'g'"):
        table.numbers(TABLE[["g", "y"]], None)
    assert np.isnan(table.arrays(table.numbers(TABLE[["x", "g"]], None))["y"]).all()


def test_arrays_have_no_names_for_a_formula() -> None:
    with pytest.raises(ParameterError, match=r"named columns.*set_output"):
        MixtureRegression("y ~ x").fit(np.ones((3, 2)))


def test_formulaic_is_asked_for_only_by_a_formula(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "formulaic", None)
    with pytest.raises(ImportError, match=r'pip install "aliquot\[estimators\]"'):
        MixtureRegression("y ~ x").fit(TABLE)
    plain, _ = RegressionTable.learnt(
        TABLE[["x"]], np.arange(6.0), None, None, "normal", None, True
    )
    assert plain.x.names == ("Intercept", "x")
