"""What `fit_many` takes for data sets."""

from __future__ import annotations

import numpy as np
import pandas
import polars
import pytest

from aliquot.errors import AliquotError
from aliquot.many.datasets import read_datasets, rows_in, rows_of

COLUMNS = {"y": [1.0, 2.0, 3.0, 4.0], "g": ["b", "a", "b", "a"], "h": [1, 1, 1, 2]}


@pytest.mark.parametrize("kind", [dict, pandas.DataFrame, polars.DataFrame])
def test_groups_of_a_table_in_the_order_in_which_they_come(kind):
    found = read_datasets(kind(COLUMNS), by="g")
    assert found.labels == ["b", "a"]
    assert [np.asarray(values["y"]).tolist() for values in found.values] == [[1, 3], [2, 4]]
    assert type(found.values[0]) is kind
    both = read_datasets(kind(COLUMNS), by=["g", "h"])
    assert both.labels == ["b, 1", "a, 1", "a, 2"]
    assert read_datasets(kind(COLUMNS), by="h").labels == [1, 2]


def test_lists_arrays_and_mappings_of_data_sets():
    assert read_datasets([[1.0], [2.0, 3.0]]).labels == [0, 1]
    assert read_datasets(np.zeros((3, 5))).labels == [0, 1, 2]
    assert read_datasets({"a": [1.0], "b": [2.0]}).labels == ["a", "b"]
    assert read_datasets(np.zeros(n) for n in (1, 2)).labels == [0, 1]


@pytest.mark.parametrize(
    ("given", "by", "said"),
    [
        ([], None, "empty"),
        ("abc", None, "list of data sets"),
        (3.0, None, "list of data sets"),
        (pandas.DataFrame(COLUMNS), None, "by='school'"),
        (polars.DataFrame(COLUMNS), None, "by='school'"),
        (COLUMNS, "school", "no column"),
        (COLUMNS, [], "names no column"),
        ([1.0, 2.0], "g", "for a table"),
        ({"g": ["a", None], "y": [1, 2]}, "g", "row 1"),
        ({"g": [1.0, np.nan], "y": [1, 2]}, "g", "row 1"),
        ({1: [0.0], "1": [0.0]}, None, "two data sets"),
        ({"g": [], "y": []}, "g", "no rows"),
    ],
)
def test_what_holds_no_data_sets_is_refused(given, by, said):
    with pytest.raises(AliquotError, match=said):
        read_datasets(given, by)


def test_rows_of_whatever_has_some_and_the_rest_as_it_is():
    places = np.array([0, 1, 0])
    data = {"y": [1.0, 2.0], "k": 3, "name": "x", "both": (np.arange(4).reshape(2, 2), [5, 6])}
    assert rows_in(data) == 2
    longer = rows_of(data, places)
    assert longer["y"].tolist() == [1.0, 2.0, 1.0]
    assert (longer["k"], longer["name"]) == (3, "x")
    assert longer["both"][0].shape == (3, 2)
    assert rows_in({"x": [1.0], "y": [1.0, 2.0]}) is None
    masked = rows_of(np.ma.MaskedArray([1.0, 2.0], [True, False]), places)
    assert masked.mask.tolist() == [True, False, True]
