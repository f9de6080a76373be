"""Columns of Arrow data as one array of numbers, and what is said of those that are none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from aliquot.errors import RowsError
from aliquot.rows.kinds import READ_AS, TEXT, TIMES, refuse_beyond, row, together
from aliquot.rows.survey import NO_MISSING
from aliquot.tables.words import nearest, quoted

if TYPE_CHECKING:
    import pyarrow as pa


def require_arrow() -> None:
    """Refuse to begin where the library that reads columns is not there."""
    try:
        import pyarrow  # noqa: F401
    except ModuleNotFoundError as error:
        raise RowsError(
            "reading Parquet files and Arrow tables needs pyarrow. Install it: "
            "pip install 'aliquot[arrow]'"
        ) from error


class ArrowColumns:
    """Which columns are read, and how they become rows of numbers.

    Parameters
    ----------
    schema : pyarrow.Schema
    columns : str or sequence of str
        One name makes rows that are single numbers, or arrays where the column holds lists of one
        length; a sequence of names rows of one number from each.
    where : str
        What these are columns of.
    codes : bool
        Read one column of text as integer codes, in the order in which texts are first seen.

    Raises
    ------
    RowsError
        If a column is not there, is named twice, or holds no numbers.

    Attributes
    ----------
    names : tuple of str
    tail : tuple of int
    dtype : numpy.dtype
    name : str
        What messages call these columns.
    """

    def __init__(
        self, schema: pa.Schema, columns: str | Sequence[str], where: str, codes: bool = False
    ) -> None:
        self.single = isinstance(columns, str)
        self.names = (columns,) if isinstance(columns, str) else tuple(columns)
        self.where = where
        self.name = f"{where}, column{'' if len(self.names) == 1 else 's'} {quoted(self.names)}"
        self._codes: dict[str, int] | None = None
        self._learning = True
        _refuse_unknown(schema, self.names, where)
        found: list[tuple[np.dtype, tuple[int, ...]]] = []
        for name in self.names:
            kind = schema.field(name).type
            if codes and self.single and _is_text(kind):
                self._codes = {}
                found.append((READ_AS["i"], ()))
                continue
            found.append(_numbers(kind, f"{where}, column {name!r}"))
        self.dtype = together([dtype for dtype, _ in found])
        self.tail: tuple[int, ...] = found[0][1] if self.single else (len(self.names),)
        for name, (_, tail) in zip(self.names, found, strict=True):
            if tail and not self.single:
                raise RowsError(
                    f"{where}, column {name!r} holds lists of length {tail[0]}, and cannot stand "
                    f"beside other columns: read it alone, as {name!r} rather than [{name!r}]"
                )

    @property
    def levels(self) -> tuple[str, ...] | None:
        """What each code stands for, where text is read as codes."""
        return None if self._codes is None else tuple(self._codes)

    def learnt(self) -> None:
        """Take no more texts than were seen in the first pass."""
        self._learning = False

    def write(self, place: int, array: pa.Array, out: np.ndarray, first: int) -> None:
        """Write a piece of a column into its place in rows.

        Parameters
        ----------
        place : int
            Of the column among `names`.
        array : pyarrow.Array
        out : array (rows, ...)
        first : int
            Which row the first is, for messages.
        """
        target = out if self.single else out[:, place]
        target[...] = self._values(self.names[place], array, first)

    def _values(self, name: str, array: pa.Array, first: int) -> np.ndarray:
        import pyarrow as pa

        where = f"{self.where}, column {name!r}"
        kind = array.type
        if pa.types.is_dictionary(kind):
            array = array.dictionary_decode()
            kind = array.type
        if array.null_count:
            at = int(array.is_null().to_numpy(zero_copy_only=False).argmax())
            raise RowsError(f"{where}: no value (null) in {row(first + at)}. {NO_MISSING}")
        if self._codes is not None:
            return self._coded(array, self._codes, where)
        tail: tuple[int, ...] = ()
        while pa.types.is_fixed_size_list(kind):
            tail, array, kind = (*tail, kind.list_size), array.flatten(), kind.value_type
        if tail and array.null_count:
            at = int(array.is_null().to_numpy(zero_copy_only=False).argmax()) // int(np.prod(tail))
            raise RowsError(
                f"{where}: a list in {row(first + at)} has no value (null). {NO_MISSING}"
            )
        if pa.types.is_decimal(kind):
            array = array.cast(pa.float64())
        values = array.to_numpy(zero_copy_only=False)
        values = values.reshape(-1, *tail) if tail else values
        refuse_beyond(values, where, first)
        return values

    def _coded(self, array: pa.Array, known: dict[str, int], where: str) -> np.ndarray:
        encoded = array.dictionary_encode()
        texts = encoded.dictionary.to_pylist()
        for text in texts:
            if text not in known:
                if not self._learning:
                    raise RowsError(
                        f"{where}: {text!r} was not there when the rows were first read. Let "
                        "nothing write to files meanwhile, and begin again"
                    )
                known[text] = len(known)
        codes = np.array([known[text] for text in texts], dtype=np.int64)
        return codes[encoded.indices.to_numpy()]


def _refuse_unknown(schema: pa.Schema, names: tuple[str, ...], where: str) -> None:
    if not names:
        raise RowsError(f"{where}: no column was chosen; it has {quoted(schema.names)}")
    if len(set(names)) < len(names):
        twice = sorted({name for name in names if names.count(name) > 1})
        raise RowsError(f"{where}: {quoted(twice)} is among the columns more than once")
    for name in names:
        there = len(schema.get_all_field_indices(name))
        if there > 1:
            raise RowsError(f"{where} has {there} columns that are called {name!r}: rename them")
        if not there:
            near = nearest(name, schema.names)
            rest = [other for other in schema.names if other not in near]
            raise RowsError(f"{where} has no column {name!r}; it has {quoted([*near, *rest])}")


def _is_text(kind: pa.DataType) -> bool:
    import pyarrow as pa

    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    views = getattr(pa.types, "is_string_view", lambda _: False)
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or views(kind))


def _numbers(kind: pa.DataType, where: str) -> tuple[np.dtype, tuple[int, ...]]:
    """Give the type and the shape of one value of a column."""
    import pyarrow as pa

    types = pa.types
    if types.is_fixed_size_list(kind):
        dtype, tail = _numbers(kind.value_type, where)
        return dtype, (kind.list_size, *tail)
    if types.is_dictionary(kind) and not _is_text(kind):
        return _numbers(kind.value_type, where)
    if types.is_floating(kind) or types.is_decimal(kind):
        return READ_AS["f"], ()
    if types.is_integer(kind):
        return READ_AS["i"], ()
    if types.is_boolean(kind):
        return READ_AS["b"], ()
    if _is_text(kind) or types.is_binary(kind) or types.is_large_binary(kind):
        what = TEXT
    elif types.is_temporal(kind):
        what = TIMES
    elif types.is_null(kind):
        what = f"holds no value at all. {NO_MISSING}"
    elif types.is_nested(kind):
        what = (
            "holds lists that may differ in length, or records: write lists of one length n as "
            "pyarrow.list_(pyarrow.float64(), n) or Polars' pl.Array, and records as columns"
        )
    else:
        what = "holds no numbers"
    raise RowsError(f"{where} is of type {kind}; it {what}")
