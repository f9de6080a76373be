"""Rows as sequences in time, missing steps, and the way back."""

from __future__ import annotations

import datetime
from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aliquot.errors import TableError
from aliquot.tables import DataTable, read_table, sequences
from tests.tables.files import table


def lines(header: str, rows: list[str]) -> str:
    return "\n".join([header, *rows]) + "\n"


@pytest.mark.parametrize(
    ("times", "rows", "spacing", "words"),
    [
        ("1 2 3", [0, 1, 2], "1", ""),
        ("3 1 2", [1, 2, 0], "1", "rows sorted by 't'"),
        ("1 2 5", [0, 1, -1, -1, 2], "1", "2 missing steps: after 2"),
        ("0 10 30", [0, 1, -1, 2], "10", "1 missing step: after 10"),
        ("0.1 0.2 0.4", [0, 1, -1, 2], "0.1", "1 missing step"),
        ("1 2 3.5", [0, 1, 2], "", "not equally spaced (differences from 1 to 1.5)"),
        ("1 2 99", [0, 1, 2], "1", "96 would be missing, more than there are rows"),
        ("1e20 1 2", [1, 2, 0], "", "not equally spaced"),
        ("2026-01-01T00:00+02:00 2026-01-01T01:00+02:00", [0, 1], "hours", ""),
        ("2026-01-05 2026-01-06 2026-01-08", [0, 1, -1, 2], "days", "after 2026-01-06"),
        ("2026-01-29 2026-01-30 2026-02-02 2026-02-04", [0, 1, 2, -1, 3], "working days", "1 miss"),
        ("2026-01-30 2026-01-31 2026-02-02", [0, 1, -1, 2], "days", "1 missing step"),
        ("2025-12-31 2026-01-31 2026-02-28 2026-04-30", [0, 1, 2, -1, 3], "months", "1 missing"),
        ("2025-01-01 2025-04-01 2025-07-01", [0, 1, 2], "quarters", ""),
        ("2020-06-01 2022-06-01 2021-06-01", [0, 2, 1], "years", "sorted"),
        ("2025-01 2025-02 2025-04", [0, 1, -1, 2], "months", "1 missing step"),
        ("2026-01-01 2026-01-08 2026-01-22", [0, 1, -1, 2], "weeks", "1 missing step"),
        ("2026-01-01T00:00Z 2026-01-01T06:00Z 2026-01-01T18:00Z", [0, 1, -1, 2], "6 hours", ""),
    ],
)
def test_steps(tmp_path, times, rows, spacing, words):
    read = table(tmp_path, lines("t,x", [f"{t},{k}" for k, t in enumerate(times.split())]))
    found = sequences(read, time="t")
    assert [part.tolist() for part in found.rows] == [rows]
    assert words in found.in_words()
    assert f"steps: {spacing}" in found.in_words() or not spacing
    assert found.missing_steps == rows.count(-1)


def test_steps_of_several_sequences(tmp_path):
    read = table(tmp_path, lines("who,t", ["b,7", "a,1", "b,5", "a,2", "a,4", "b,6"]))
    found = sequences(read, sequence="who", time="t")
    assert found.names == ("b", "a")
    assert [part.tolist() for part in found.rows] == [[2, 5, 0], [1, 3, -1, 4]]
    assert "2 sequences of 3 to 4 steps" in found.in_words()
    assert "alternate are brought together" in found.in_words()
    codes = found.arrange(np.array([[0], [1], [2], [0], [1], [2]]))
    assert codes[1].tolist() == [[1], [0], [-1], [1]]
    plain = sequences(read, sequence="who")
    assert [part.tolist() for part in plain.rows] == [[0, 2, 5], [1, 3, 4]]
    assert sequences(read).in_words() == "one sequence of 6 steps"


def test_dates_of_parquet(tmp_path):
    days = [datetime.date(2026, 3, day) for day in (3, 1, 2)]
    pl.DataFrame({"t": days, "s": [1.0, 1.0, 1.0]}).write_parquet(tmp_path / "d.parquet")
    found = sequences(read_table(tmp_path / "d.parquet"), sequence="s", time="t")
    assert [part.tolist() for part in found.rows] == [[1, 2, 0]]


@pytest.mark.parametrize(
    ("rows", "arguments", "words"),
    [
        (["a,1", "b,1", "a,1"], {"sequence": "s", "time": "t"}, ["'a'", "time 1", "rows 1, 3"]),
        (["a,1", "b,1"], {"time": "t"}, ["rows 1, 2", "Is there a column"]),
        (["a,1", "a,"], {"time": "t"}, ["'t'", "missing in row 2"]),
        (["NA,1", "a,2"], {"sequence": "s"}, ["'s'", "missing in row 1"]),
        (["a,1", "a,31/01/2026"], {"time": "t"}, ["'31/01/2026' in row 2", "2026-01-31"]),
        (["a,2026-01-05", "a,today"], {"time": "t"}, ["'today' in row 2"]),
        (["a,2026-01-05", "a,2026-02-30"], {"time": "t"}, ["'2026-02-30' in row 2"]),
        (["a,1", "a,inf"], {"time": "t"}, ["not finite in row 2"]),
        (["a,1", "a,2"], {"time": "T"}, ["no column 'T'", "'t'"]),
        (["a,1", "a,2"], {"time": "t", "sequence": "t"}, ["given twice"]),
    ],
)
def test_no_sequences(tmp_path, rows, arguments, words):
    with pytest.raises(TableError) as error:
        sequences(table(tmp_path, lines("s,t", rows)), **arguments)
    for word in words:
        assert word in str(error.value)


@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.integers(0, 12)), min_size=1, max_size=12, unique=True
    )
)
def test_there_and_back(rows):
    """Values arranged and brought back are the values; each is where its time says."""
    frame = pl.DataFrame({"s": [s for s, _ in rows], "t": [t for _, t in rows]})
    found = sequences(DataTable(Path("d"), frame, "Parquet"), sequence="s", time="t")
    values = np.arange(2.0 * len(rows)).reshape(-1, 2)
    parts = found.arrange(values)
    assert np.array_equal(found.back(parts), values)
    for name, part in zip(found.names, found.rows, strict=True):
        own = [rows[row] for row in part if row >= 0]
        assert own == sorted(pair for pair in rows if pair[0] == name)
        if found.missing_steps:
            steps = [at for at, row in enumerate(part) if row >= 0]
            spacing = {
                (later[1] - earlier[1]) / (after - before)
                for (earlier, later), (before, after) in zip(
                    pairwise(own), pairwise(steps), strict=True
                )
            }
            assert len(spacing) <= 1


def test_back_refuses_other_lengths(tmp_path):
    found = sequences(table(tmp_path, "t,x\n1,1\n2,1\n"), time="t")
    with pytest.raises(TableError, match="2 steps, but 1 were given"):
        found.back([np.zeros(1)])
