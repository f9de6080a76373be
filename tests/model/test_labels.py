"""The labels along a dim: odd ones are kept so that they can be found in results, or refused."""

from __future__ import annotations

import datetime
import enum
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray

import aliquot as aq


class Colour(enum.Enum):
    RED = 1
    BLUE = 2


DAYS = [datetime.date(2020, 1, 1), datetime.date(2020, 1, 2)]
HOURS = [datetime.datetime(2020, 1, 1, 6), datetime.datetime(2020, 1, 1, 7)]

# What a user gives, and by what the second label is selected in a result.
KEPT: dict[str, tuple[Callable[[], Any], Any]] = {
    "strings": (lambda: ["a", "b"], "b"),
    "numbers": (lambda: [1.5, 2.5], 2.5),
    "integers": (lambda: range(2), 1),
    "flags": (lambda: [True, False], False),
    "bytes": (lambda: [b"a", b"b"], b"b"),
    "kinds": (lambda: ["a", 1], "1"),
    "tuples": (lambda: [("a", 1), ("b", 2)], "('b', 2)"),
    "ragged": (lambda: [("a",), ("b", 2)], "('b', 2)"),
    "enumeration": (lambda: [Colour.RED, Colour.BLUE], "Colour.BLUE"),
    "dates": (lambda: DAYS, np.datetime64("2020-01-02")),
    "times": (lambda: HOURS, np.datetime64("2020-01-01T07")),
    "objects": (lambda: np.array(["a", "b"], dtype=object), "b"),
    "keys": (lambda: {"a": 1, "b": 2}.keys(), "b"),
    "series": (lambda: pd.Series(["a", "b"]), "b"),
    "index": (lambda: pd.date_range("2020-01-01", periods=2), np.datetime64("2020-01-02")),
    "levels": (lambda: pd.MultiIndex.from_tuples([("a", 1), ("b", 2)]), "('b', 2)"),
    "categories": (lambda: pd.Categorical(["a", "b"]), "b"),
    "zone": (
        lambda: pd.date_range("2020-01-01", periods=2, tz="UTC"), "2020-01-02 00:00:00+00:00"
    ),
    "dataarray": (lambda: xarray.DataArray(["a", "b"]), "b"),
}  # fmt: skip


@pytest.mark.parametrize("kind", KEPT)
def test_labels_are_found_in_a_result_and_in_its_file(kind: str, tmp_path: Path) -> None:
    make, second = KEPT[kind]
    with aq.Model(coords={"g": make()}) as model:
        aq.Normal("x", [0.0, 100.0], 1, dims="g")
    tree = aq.sample_prior_predictive(5, model=model, random_seed=1)
    assert (tree.prior["x"].sel(g=second) > 50).all()
    tree.to_netcdf(tmp_path / "tree.nc")
    with xarray.open_datatree(tmp_path / "tree.nc") as again:
        assert (again.prior["x"].sel(g=second) > 50).all()


@pytest.mark.parametrize(
    "labels",
    [
        ["a", None],
        np.array(["a", None], dtype=object),
        [1.0, np.nan],
        [1, float("nan")],
        pd.array(["a", pd.NA]),
        pd.Series([1, None], dtype="Int64"),
        pd.to_datetime(["2020-01-01", None]),
        np.array(["2020-01-01", "NaT"], dtype="datetime64[D]"),
        [DAYS[0], pd.NaT],
        pd.Categorical(["a", None]),
    ],
    ids=str,
)
def test_a_missing_label_is_refused_with_its_place(labels: Any) -> None:
    with pytest.raises(aq.ModelError, match=r"dim 'g' hold a missing label: .* at position 1"):
        aq.Model(coords={"g": labels})


@pytest.mark.parametrize(
    ("labels", "twice"),
    [
        (["a", "b", "a"], "a"),
        ([1, 1.0], "1.0"),
        (["1", 1], "1"),
        ([("a", 1), ("a", 1)], "('a', 1)"),
        ([*DAYS, DAYS[0]], "2020-01-01T00:00:00.000000"),
    ],
    ids=str,
)
def test_a_label_that_comes_twice_is_named(labels: Any, twice: str) -> None:
    with pytest.raises(aq.ModelError) as caught:
        aq.Model(coords={"g": labels})
    assert f"dim 'g' hold the same label twice: {twice!r}" in str(caught.value)


@pytest.mark.parametrize(
    "labels",
    ["ab", b"ab", {"a", "b"}, {"a": 1}, (c for c in "ab"), 2.0, None, object()],
    ids=lambda value: type(value).__name__,
)
def test_what_has_no_order_or_no_length_is_refused(labels: Any) -> None:
    with pytest.raises(aq.ShapeError, match="'g' must be a sequence of labels, such as a list"):
        aq.Model(coords={"g": labels})


@pytest.mark.parametrize("labels", [[["a"], ["b"]], pd.DataFrame({"a": [1, 2]}), np.eye(2)])
def test_labels_along_two_axes_are_refused(labels: Any) -> None:
    with pytest.raises(aq.ShapeError, match="'g' must be one-dimensional"):
        aq.Model(coords={"g": labels})
