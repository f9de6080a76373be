"""Columns as numbers and as categories, and what is said of those that are neither."""

from __future__ import annotations

import datetime

import numpy as np
import polars as pl
import pytest

from aliquot.errors import TableError
from aliquot.tables import categories, ids, numbers, read_table, standardise, variables
from tests.tables.files import table

nan = np.nan


@pytest.mark.parametrize("word", ["", "NA", "n/a", "NaN", "null", ".", "?", "-", " NA ", "Null"])
def test_what_is_missing(tmp_path, word):
    read = table(tmp_path, f"x,y\n1,a\n{word},{word}\n3,b\n5,a\n")
    found = numbers(read, "x")
    assert np.array_equal(found.values[:, 0], [1, nan, 3, 5], equal_nan=True)
    assert found.missing.counts == {"x": 1}
    assert found.missing.written == {word.strip(): 1}
    assert found.missing.whole_rows.tolist() == [1]
    assert "nothing is seen in row 2" in found.in_words()
    assert categories(read, "y").codes[:, 0].tolist() == [0, -1, 1, 0]


@pytest.mark.parametrize(
    ("content", "values"),
    [
        ("x;y\n1,5;2\n-,5;3\n2,5;4\n", [[1.5, 2], [-0.5, 3], [2.5, 4]]),
        ("x;y\n1,5;2.5\n2,5;3\nNA;4\n", [[1.5, 2.5], [2.5, 3], [nan, 4]]),
        ("x,y\n1e3,+2\n.5,-3\n1E-2,4.\n", [[1000, 2], [0.5, -3], [0.01, 4]]),
        ('x,y\n"1","2"\n"3","5"\n', [[1, 2], [3, 5]]),
    ],
)
def test_how_numbers_are_written(tmp_path, content, values):
    found = numbers(table(tmp_path, content.replace("-,5", "-0,5")))
    assert np.array_equal(found.values, values, equal_nan=True)
    assert ("decimal commas in 'x'" in found.in_words()) == ("1,5" in content)


def test_columns_that_are_taken(tmp_path):
    read = table(tmp_path, "k,who,x,t,y\n1,a,5,2026-01-01,\n2,b,7,2026-01-02,\n3,c,6,2026-01-03,\n")
    found = numbers(read)
    assert found.names == ("x",)
    assert found.left_out == {
        "k": "it counts the rows",
        "who": "text",
        "t": "text",
        "y": "nothing is seen",
    }
    assert numbers(read, ["x", "k"]).values.tolist() == [[5, 1], [7, 2], [6, 3]]
    assert ids(read, "who").tolist() == ["a", "b", "c"]
    with pytest.raises(TableError, match=r"no column of numbers: 'k' .*counts the rows"):
        numbers(read, aside=["x"])


@pytest.mark.parametrize(
    ("column", "words"),
    [
        (["1", "12%", "x"], ["2 entries of 3 are not", "'12%' in row 2, 'x' in row 3", "0.12"]),
        (["1", "1,234", "5"], ["'1,234' in row 2", "1234"]),
        (["1", "1.234,5", "5"], ["1 entry of 3 is not", "1234"]),
        (["1", "1,5", "2"], ["'1,5' as 1.5"]),
        (["1", "$5", "2"], ["currency"]),
        (["1", "five", "2"], ["'five' in row 2", "mend"]),
        (["a", "b", "c", "d", "e"], ["5 entries", "and 2 others"]),
        (["1", "inf", "-Infinity"], ["infinite in rows 2, 3"]),
        (["NA", "", "-"], ["no values", "all 3 are missing"]),
        (["2", "2.0", "NA"], ["tells no rows apart", "it is 2 in every row"]),
        (["2", "", "NA"], ["tells no rows apart", "only one is seen"]),
        (["2026-01-01", "2026-01-02"], ["'2026-01-01' in row 1"]),
    ],
)
def test_no_numbers(tmp_path, column, words):
    other = "".join(f'"{value}",{k % 2}\n' for k, value in enumerate(column))
    read = table(tmp_path, "x y,z\n" + other)
    with pytest.raises(TableError) as error:
        numbers(read, ["z", "x y"])
    for word in ["'x y'", "d.csv", *words]:
        assert word in str(error.value)


def test_mostly_numbers_are_not_left_out(tmp_path):
    read = table(tmp_path, "x,z\n1,3\n2,5\noops,7\n")
    with pytest.raises(TableError, match="'oops' in row 3"):
        numbers(read)
    assert numbers(read, aside=["x"]).names == ("z",)


@pytest.mark.parametrize("read_as", [numbers, categories])
def test_wrong_names(tmp_path, read_as):
    read = table(tmp_path, "eruptions,waiting\n1,2\n3,4\n1,4\n")
    with pytest.raises(TableError, match=r"no column 'Eruption': was 'eruptions' meant\?.*'wait"):
        read_as(read, "Eruption")
    with pytest.raises(TableError, match="no column 'q': the columns are 'eruptions', 'waiting'"):
        read_as(read, ["eruptions", "q"])
    with pytest.raises(TableError, match="'waiting' is given twice"):
        read_as(read, ["waiting", "waiting"])
    with pytest.raises(TableError, match="no column was chosen"):
        read_as(read, [])
    with pytest.raises(TableError, match=r"'waiting' cannot be .* and an id at once"):
        read_as(read, "waiting", aside=["waiting"])


def test_too_few_rows(tmp_path):
    read = table(tmp_path, "x,y\n1,2\nNA,NA\n3,4\n")
    assert numbers(read, least=2).values.shape == (3, 2)
    with pytest.raises(TableError, match=r"2 rows with something seen .* at least 3 are needed"):
        numbers(read, least=3)
    one = table(tmp_path, "x,y\n1,2\n")
    with pytest.raises(TableError, match="only one is seen"):
        numbers(one, ["x", "y"])
    with pytest.raises(TableError, match=r"no column of numbers: 'x' \(1 wherever it is seen\)"):
        numbers(one)
    assert numbers(one, constant=True).values.tolist() == [[1, 2]]


def test_what_is_noticed(tmp_path):
    read = table(tmp_path, "x,y,z\n0,a,Yes\n0,a,yes\n0,a,no\n7,b,no\n0,a,\n")
    assert "'x' is 0 everywhere but in row 4" in numbers(read).in_words()
    said = categories(read).in_words()
    assert "'y' is a everywhere but in row 4" in said
    assert "'z' has levels that differ in capitals alone: 'Yes', 'yes'" in said
    assert "'y' (a: 4, b: 1)" in said
    first = table(tmp_path, "x\n7\n0\n0\n0\n0\n")
    assert "'x' is 0 everywhere but in row 1" in numbers(first).in_words()


@pytest.mark.parametrize(
    ("column", "levels", "codes"),
    [
        (["10", "9", "10"], ("9", "10"), [1, 0, 1]),
        (["1", "1.0", "02"], ("1", "02"), [0, 0, 1]),
        (["b", "a", "10"], ("10", "a", "b"), [2, 1, 0]),
        (["true", "false", "true"], ("false", "true"), [1, 0, 1]),
        (["none", "NA", "some"], ("none", "some"), [0, -1, 1]),
    ],
)
def test_order_of_levels(tmp_path, column, levels, codes):
    found = categories(table(tmp_path, "q,z\n" + "".join(f"{v},\n" for v in column)), "q")
    assert (found.levels, found.codes[:, 0].tolist()) == ((levels,), codes)
    assert found.counts[0].tolist() == [codes.count(k) for k in range(len(levels))]


def test_no_categories(tmp_path):
    rows = "".join(f"p{k},{k % 3},same,,{k + 1}\n" for k in range(40))
    read = table(tmp_path, "id,q,c,e,k\n" + rows)
    found = categories(read)
    assert found.names == ("q",)
    assert found.left_out == {
        "id": "40 levels",
        "c": "one value",
        "e": "nothing is seen",
        "k": "it counts the rows",
    }
    for name, words in [
        ("id", "'id' .* has 40 levels .*p0.* more than 30: is it an id"),
        ("c", "'c' .* tells no rows apart: it is 'same' in every row"),
        ("e", "'e' .* no values"),
    ]:
        with pytest.raises(TableError, match=words):
            categories(read, name)
    with pytest.raises(TableError, match=r"'id' .* has 40 levels"):
        categories(read, "id", most=3)
    assert categories(read, "id", most=40).levels[0][:3] == ("p0", "p1", "p10")


@pytest.mark.parametrize(
    ("values", "levels", "codes"),
    [
        ([2.0, None, 10.0], ("2", "10"), [0, -1, 1]),
        ([2.5, nan, 1.25], ("1.25", "2.5"), [1, -1, 0]),
        ([True, None, False], ("false", "true"), [1, -1, 0]),
        ([10, 9, 10], ("9", "10"), [1, 0, 1]),
        (
            [datetime.date(2026, 2, 1), datetime.date(2026, 1, 1)],
            ("2026-01-01", "2026-02-01"),
            [1, 0],
        ),
    ],
)
def test_types_of_parquet(tmp_path, values, levels, codes):
    pl.DataFrame({"q": values, "l": [[1]] * len(values)}).write_parquet(tmp_path / "d.parquet")
    read = read_table(tmp_path / "d.parquet")
    found = categories(read, "q")
    assert (found.levels, found.codes[:, 0].tolist()) == ((levels,), codes)
    with pytest.raises(TableError, match=r"'l' .* lists"):
        categories(read, "l")
    with pytest.raises(TableError, match=r"'l' .* lists"):
        numbers(read, "l")
    if isinstance(values[0], datetime.date):
        with pytest.raises(TableError, match=r"'q' .* dates \(2026-02-01\)"):
            numbers(read, "q")
    elif isinstance(values[0], bool):
        found = numbers(read, "q")
        assert np.array_equal(found.values[:, 0], [1, nan, 0], equal_nan=True)
        assert "true is 1 and false 0 in 'q'" in found.in_words()


def test_ids(tmp_path):
    read = table(tmp_path, "a,b,c\n01,x,1\n1,,2\n2,x,3\n3,x,4\n")
    assert ids(read, "a").tolist() == ["01", "1", "2", "3"]
    with pytest.raises(TableError, match=r"'b' .* empty in row 2"):
        ids(read, "b")
    again = table(tmp_path, "a\np\nq\np\nq\n")
    with pytest.raises(TableError, match=r"'p' is in rows 1, 3, and 2 names in all"):
        ids(again, "a")


def test_variables_of_a_formula(tmp_path):
    read = table(tmp_path, "y,group\n1,a\nNA,b\n3,\n")
    found = variables(read, ["y", "group"])
    assert np.array_equal(found["y"], [1, nan, 3], equal_nan=True)
    assert found["group"].tolist() == ["a", "b", None]


def test_standardised(rng):
    values = 1e9 + rng.normal(size=(50, 3)) * [1, 1e-3, 1e6]
    values[rng.random((50, 3)) < 0.2] = nan
    found = standardise(("a", "b", "c"), values)
    there = found.apply(values)
    exact = values.astype(np.longdouble)
    exact = (exact - np.nanmean(exact, 0)) / np.nanstd(exact, 0)
    # A number near 1e9 is known to 1e-7, 1e-4 of the second column's spread.
    assert np.allclose(there, exact.astype(float), atol=3e-4, equal_nan=True)
    assert np.allclose(found.undo(there), values, rtol=1e-15, equal_nan=True)
    with pytest.raises(TableError, match="'b' cannot be standardised"):
        standardise(("a", "b"), np.array([[1.0, 2.0], [2.0, nan]]))
