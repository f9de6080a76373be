"""What a file may be like, and what is said of one that is no table."""

from __future__ import annotations

import csv
import gzip
import io
import sys

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aliquot.errors import TableError
from aliquot.tables import numbers, read_table
from aliquot.tables.delimited import read_delimited
from tests.tables.files import table


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("d.csv", "a,b\n1,2\n3,4\n", "separated by commas, UTF-8"),
        ("d.csv", "a;b\n1;2\n3;4\n", "separated by semicolons"),
        ("d.tsv", "a\tb\n1\t2\n3\t4\n", "separated by tabs"),
        ("d.txt", "a b\n1 2\n3 4\n", "separated by spaces"),
        ("d.csv", "a|b\n1|2\n3|4\n", "separated by bars"),
        ("D.CSV", "a,b\n1,2\n3,4", "separated by commas"),
        ("d.csv", "a,b\r\n1,2\r\n3,4\r\n", "separated by commas"),
        ("d.csv", "a,b\r1,2\r3,4\r", "separated by commas"),
        ("d.csv", "\ufeffa,b\n1,2\n3,4\n", "UTF-8 with a byte order mark"),
        ("d.csv", "a,b\n1,2\n\n3,4\n\n", "2 blank lines left out"),
        ("d.csv", "\n\na,b\n1,2\n \n3,4\n", "3 blank lines left out"),
        ("d.csv", 'a,b\n"1","2"\n\n"3",4\n', "1 blank line left out"),
        ("d.csv.gz", "a,b\n1,2\n3,4\n", "separated by commas"),
        ("d.csv", ' a ,"b"\n 1, 2 \n3 ,4\n', "'a', 'b'"),
    ],
)
def test_kinds_of_text(tmp_path, name, content, words):
    data = content.encode()
    (tmp_path / name).write_bytes(gzip.compress(data) if name.endswith("gz") else data)
    read = read_table(tmp_path / name)
    assert words in read.in_words()
    assert read.names == ["a", "b"]
    assert numbers(read).values.tolist() == [[1, 2], [3, 4]]


def test_blank_lines_between_quoted_fields(tmp_path):
    read = table(tmp_path, 'a,b\n"1","2,"\n\n"3\n",4\n')
    assert read.frame.rows() == [("1", "2,"), ("3\n", "4")]
    assert read.blank == 1


def test_other_encodings(tmp_path):
    text = "größe,z\n1,2\n3,4\n"
    for encoding, said in (("latin-1", "Latin-1"), ("utf-16", "UTF-16"), ("utf-8", "UTF-8")):
        (tmp_path / "d.csv").write_bytes(text.encode(encoding))
        read = read_table(tmp_path / "d.csv")
        assert read.names == ["größe", "z"]
        assert said in read.in_words()


def test_names(tmp_path):
    odd = ["a b", 'say "x"', "größe, cm", "日本", "'", "tab\tname"]
    out = io.StringIO()
    csv.writer(out).writerows([odd, range(6), range(2, 8)])
    read = table(tmp_path, out.getvalue())
    assert read.names == odd
    assert numbers(read, odd[2]).values.tolist() == [[2], [4]]
    bare = table(tmp_path, "1,2\n3,4\n")
    assert (bare.names, bare.rows) == (["column_1", "column_2"], 2)
    assert "first line is not names" in bare.in_words()
    assert table(tmp_path, "1,2\n3,4\n", header=True).names == ["1", "2"]
    assert table(tmp_path, "a,b\nc,d\n", header=False).rows == 2
    unnamed = table(tmp_path, ",x\n1,5\n2,6\n3,9\n")
    assert unnamed.names == ["column_1", "x"]
    assert "without a name, and so named here: 'column_1'" in unnamed.in_words()
    assert numbers(unnamed).left_out == {"column_1": "it counts the rows"}


def test_one_column(tmp_path):
    read = table(tmp_path, "x\n1.5\n\n2.5\n\n")
    assert np.array_equal(numbers(read).values, [[1.5], [np.nan], [2.5]], equal_nan=True)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("d.csv", "", ["empty", "names"]),
        ("d.csv", " \n\n", ["empty"]),
        ("d.csv", "a,b\n", ["'a', 'b'", "no rows"]),
        ("d.csv", "a,b,a\n1,2,3\n", ["more than one column", "'a'"]),
        ("d.csv", "a,b\n1,2\n1,2,3\n4\n", ["2 fields", "row 2 has 3", "row 3 has 1", "quotation"]),
        ("d.csv", 'a,b\n"1",2\n1,"2",3\n', ["row 2 has 3"]),
        ("d.csv", "a,b\n1,2,3\n1,2,3\n", ["first column has no name", "decimal commas"]),
        ("d.csv", "# made by x\na,b\n1,2\n", ["which begin with #"]),
        ("d.csv", 'a,b\n"1,2\n3,4\n', ["quotation mark not closed"]),
        ("d.csv", "5.1,3.5,setosa\n4.9,3,setosa\n", ["'setosa'", "header=True", "header=False"]),
        ("d.csv", "PAR1xxxx", ["Parquet", "named as text"]),
        ("d.csv", "PK\x03\x04xx", ["Excel"]),
        ("d.csv", "a\0b,c\n1,2\n", ["not text"]),
        ("d.xlsx", "x", [".xlsx", "save the sheet as CSV"]),
        ("d.rds", "x", ["write.csv"]),
        ("d", "a,b\n1,2\n", ["without an ending", ".csv"]),
        ("d.parquet", "a,b\n1,2\n", ["not Parquet"]),
        ("d.parquet", "PAR1" + "x" * 40 + "PAR1", ["not Parquet"]),
        ("d.csv.gz", "\x1f\x8b", ["damaged", "gzip"]),
    ],
)
def test_no_table(tmp_path, name, content, words):
    path = tmp_path / name
    path.write_bytes(content.encode("latin-1"))
    with pytest.raises(TableError) as error:
        read_table(path)
    assert name in str(error.value)
    for word in words:
        assert word in str(error.value)


def test_no_file(tmp_path):
    table(tmp_path, "a,b\n1,2\n", "survey.csv")
    with pytest.raises(TableError, match=r"no file .*survy\.csv: was 'survey\.csv' .* meant"):
        read_table(tmp_path / "survy.csv")
    with pytest.raises(TableError, match=r"no file .*x\.csv; in .* are 'survey\.csv'"):
        read_table(tmp_path / "x.csv")
    with pytest.raises(TableError, match=r"is a folder.*'survey\.csv'"):
        read_table(tmp_path)
    with pytest.raises(TableError, match="no folder"):
        read_table(tmp_path / "there" / "x.csv")
    with pytest.raises(TableError, match="separator ':' is not one of comma"):
        read_table(tmp_path / "survey.csv", separator=":")


def test_parquet(tmp_path):
    frame = pl.DataFrame({"x": [1.5, None, 3.0], "n": [1, 2, 2], "s": ["a", None, "b"]})
    frame.write_parquet(tmp_path / "d.parquet")
    read = read_table(tmp_path / "d.parquet")
    assert read.in_words() == "d.parquet: 3 rows and 3 columns ('x', 'n', 's'), Parquet"
    assert np.array_equal(numbers(read).values, [[1.5, 1], [np.nan, 2], [3, 2]], equal_nan=True)
    frame.clear().write_parquet(tmp_path / "d.parquet")
    with pytest.raises(TableError, match="no rows"):
        read_table(tmp_path / "d.parquet")


def test_without_polars(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "polars", None)
    with pytest.raises(ImportError, match=r'pip install "aliquot\[tables\]"'):
        read_table(tmp_path / "d.csv")


field = st.text(st.sampled_from('ab,;"\n 1é'), min_size=0, max_size=4)


@given(
    st.integers(2, 4).flatmap(
        lambda width: st.lists(
            st.lists(field, min_size=width, max_size=width), min_size=1, max_size=6
        )
    ),
    st.sampled_from(",;\t"),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
)
def test_what_is_written_is_read(rows, separator, ends, all_quoted):
    """Against Python's own writer: separators, quotation marks and line ends within fields."""
    out = io.StringIO(newline="")
    writer = csv.writer(
        out,
        delimiter=separator,
        lineterminator=ends,
        quoting=csv.QUOTE_ALL if all_quoted else csv.QUOTE_MINIMAL,
    )
    names = [f"c{k}" for k in range(len(rows[0]))]
    writer.writerows([names, *rows])
    found = read_delimited(out.getvalue().encode(), "d.csv", ".csv", separator, None)
    assert found.frame.columns == names
    read = [[value or "" for value in row] for row in found.frame.rows()]
    assert read == rows
