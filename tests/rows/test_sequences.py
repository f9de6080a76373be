"""Rows with one key as sequences, against a loop over them."""

from __future__ import annotations

import pickle

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from aliquot.errors import RowsError
from aliquot.rows import ArrayRows, Feed, NpyRows, ParquetRows, RowSequences


def padded(values: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Pad each sequence with its last row, one at a time."""
    out = []
    for part in np.split(values, np.cumsum(lengths)[:-1]):
        out.append(np.concatenate([part, np.repeat(part[-1:], max(lengths) - len(part), axis=0)]))
    return np.array(out)


@pytest.mark.parametrize("tail", [(), (2,)], ids=["one", "several"])
@pytest.mark.parametrize("text", [False, True], ids=["integers", "text"])
def test_sequences_are_padded_with_their_last_row(rng, tmp_path, tail, text):
    lengths = rng.integers(1, 9, size=40)
    values = rng.normal(size=(lengths.sum(), *tail))
    names = rng.permutation(1000)[:40] - 500
    keys = np.repeat(names, lengths)
    np.save(tmp_path / "y.npy", values)
    content = pa.table({"who": [f"k{key}" for key in keys] if text else keys})
    pq.write_table(content, tmp_path / "d.parquet", row_group_size=11)
    source = RowSequences(
        NpyRows(tmp_path / "y.npy"), ParquetRows(tmp_path / "d.parquet", "who", codes=True)
    )
    expected = padded(values, lengths)
    assert source.lengths.dtype == np.int64
    assert np.array_equal(source.lengths, lengths)
    assert (source.rows, source.tail) == (40, expected.shape[1:])
    assert np.array_equal(source.summary.least, expected.min(axis=0))
    assert np.array_equal(source.summary.greatest_at, expected.argmax(axis=0))
    with pickle.loads(pickle.dumps(source)).open() as cursor:
        for start, stop in [(0, 40), (0, 3), (3, 17), (39, 40), (5, 5), (20, 33)]:
            block = cursor.read(start, stop)
            assert np.array_equal(block, expected[start:stop])
            assert not block.size or block.ctypes.data % 64 == 0
    with Feed({"y": source, "n": ArrayRows(source.lengths)}, 7) as feed:
        blocks = list(feed)
    assert np.array_equal(np.concatenate([b.arrays["y"][: b.counted] for b in blocks]), expected)
    assert np.array_equal(np.concatenate([b.arrays["n"][: b.counted] for b in blocks]), lengths)


def test_keys_that_go_over_blocks(rng):
    # One sequence over several blocks of keys, one that begins with a block, and short ones.
    lengths = np.array([1 << 17, 300_000, 1, 2, 70_000])
    keys = np.repeat([4, 2, 9, 1, 3], lengths)
    source = ArrayRows(np.arange(len(keys)) % 7)
    assert np.array_equal(RowSequences(source, ArrayRows(keys)).lengths, lengths)


def test_lengths_are_data():
    rows = ArrayRows(np.array([1.0, 1, 1, 2, 2, 2]))
    one = RowSequences(rows, ArrayRows(np.array([0, 0, 0, 1, 1, 1]))).summary
    rows = ArrayRows(np.array([1.0, 2, 2, 2]))
    other = RowSequences(rows, ArrayRows(np.array([0, 1, 1, 1]))).summary
    assert np.array_equal(one.least, other.least)
    assert one.digest != other.digest


def test_sequences_that_are_cut_in_two(tmp_path):
    keys = ["b", "b", "a", "c", "c", "b", "a"]
    pq.write_table(pa.table({"who": keys}), tmp_path / "d.parquet")
    rows = ArrayRows(np.arange(7.0))
    message = (
        r"d\.parquet, column 'who': the sequence 'b' ends before row 2 \(counted from 0\), and "
        r"comes back in row 5 .*Sort the rows"
    )
    with pytest.raises(RowsError, match=message):
        RowSequences(rows, ParquetRows(tmp_path / "d.parquet", "who", codes=True))
    with pytest.raises(
        RowsError, match=r"the sequence -4 ends before row 1 .*comes back in row 3 "
    ):
        RowSequences(ArrayRows(np.arange(4.0)), ArrayRows(np.array([-4, 8, 7, -4])))


def test_keys_that_are_none():
    rows = ArrayRows(np.arange(4.0), "y")
    with pytest.raises(RowsError, match=r"y has 4 rows, but the key .*, who, 3: each row"):
        RowSequences(rows, ArrayRows(np.arange(3), "who"))
    for keys in (np.arange(4.0), np.zeros((4, 1), int)):
        with pytest.raises(RowsError, match="who cannot say which sequence a row belongs to"):
            RowSequences(rows, ArrayRows(keys, "who"))
