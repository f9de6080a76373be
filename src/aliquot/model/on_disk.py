"""`aq.Data` from files: data whose rows stay on the disk, and are gone through block by block."""

from __future__ import annotations

from collections.abc import Sequence
from functools import update_wrapper
from typing import TYPE_CHECKING, Any

import numpy as np

from aliquot.errors import ModelError, ShapeError
from aliquot.expression.given import read_otherwise
from aliquot.model.constructors import data
from aliquot.model.context import current_model, is_written
from aliquot.model.dims import as_dims
from aliquot.model.variables import Data

if TYPE_CHECKING:
    from aliquot.rows import RowSource


@read_otherwise
def _with_rows(array: np.ndarray) -> Any:
    """Let arrays of as many rows as lie on the model's disk be data like these."""
    return current_model("aq.Data").rows.read(array) if is_written() else array


class DataConstructor:
    """What ``aq.Data`` is: called with a name and numbers, it adds data that are in memory.

    Its methods add data that stay on a disk. A model has as many rows of these as the file, and
    reads them in blocks, in the memory of two; NUTS, fits and modes are those of all rows. What one
    row contributes must not depend on other rows.
    """

    def __init__(self) -> None:
        update_wrapper(self, data)

    def __call__(self, *args: Any, **kwargs: Any) -> Data:
        """Add data that are in memory."""
        return data(*args, **kwargs)

    def __repr__(self) -> str:
        return "<aq.Data>"

    def from_parquet(
        self,
        path: Any,
        columns: str | Sequence[str],
        *,
        name: str | None = None,
        dims: Any = None,
        sequence: str | None = None,
    ) -> Data:
        """Add columns of Parquet files as data; the rows stay on the disk.

        Parameters
        ----------
        path : path, or sequence of paths
            One file; several, of the same columns; a folder of files or a pattern such as
            ``"part-*.parquet"``, in the order of their names.
        columns : str or sequence of str
            One column for data of shape (rows,), several for (rows, columns). Numbers without
            nulls; a column of lists of a fixed length has that as another axis.
        name : str, optional
            Of the data; by default that of the column, or of all, joined by ``_``.
        dims : str or tuple of str, optional
            Names of the axes.
        sequence : str, optional
            A column that says which sequence each row belongs to. Consecutive rows of one sequence
            are one row of the data then, of shape (sequences, steps): as many steps as the longest
            has. What follows the end of a shorter one does not count where the data are observed.

        Returns
        -------
        Data
            To be used in the model as any other data. Its lengths are those of all rows.

        Raises
        ------
        RowsError
            For files that cannot be read, columns that are not there, that are no numbers, or have
            nulls, NaN or infinite numbers.
        ModelError, ShapeError
            For a name that is taken; where other data on a disk have another number of rows.

        Notes
        -----
        The files are gone through once, here. They must not change while the model is used.

        Examples
        --------
        >>> import tempfile
        >>> import numpy as np, pyarrow as pa, pyarrow.parquet
        >>> import aliquot as aq
        >>> table = pa.table({"y": np.random.default_rng(0).normal(1.0, 2.0, 5000)})
        >>> with tempfile.TemporaryDirectory() as folder, aq.Model() as model:
        ...     pa.parquet.write_table(table, f"{folder}/measured.parquet")
        ...     y = aq.Data.from_parquet(f"{folder}/measured.parquet", "y")
        ...     mu = aq.Normal("mu", 0, 10)
        ...     sigma = aq.HalfNormal("sigma", 10)
        ...     obs = aq.Normal("obs", mu, sigma, observed=y)
        ...     mode = aq.find_map()
        >>> round(float(mode["mu"])), round(float(mode["sigma"]))
        (1, 2)
        >>> model
            y = data on a disk              shape (5000,)
           mu ~ Normal(mu=0, sigma=10)
        sigma ~ HalfNormal(sigma=10)
          obs ~ Normal(mu=mu, sigma=sigma)  observed (5000)
        """
        from aliquot.rows import ParquetRows

        def source(columns: str | Sequence[str], codes: bool = False) -> RowSource:
            return ParquetRows(path, columns, codes=codes)

        return _add("from_parquet", source, columns, name, dims, sequence)

    def from_arrow(
        self,
        table: Any,
        columns: str | Sequence[str],
        *,
        name: str | None = None,
        dims: Any = None,
        sequence: str | None = None,
    ) -> Data:
        """Add columns of an Arrow table, dataset or file as data; the rows stay where they are.

        Parameters
        ----------
        table : pyarrow.Table, pyarrow.dataset.Dataset, or path of a Feather file
            A dataset may be of many files.
        columns, name, dims, sequence
            As of `from_parquet`, which also says what is returned and raised.

        Examples
        --------
        >>> import pyarrow as pa
        >>> import aliquot as aq
        >>> table = pa.table({"a": [0.5, 1.0, 2.0], "b": [1, 0, 1]})
        >>> with aq.Model() as model:
        ...     x = aq.Data.from_arrow(table, ["a", "b"], name="x")
        >>> model
        x = data on a disk  shape (3, 2)
        """
        from aliquot.rows import FeatherRows, TableRows, dataset_rows

        def source(columns: str | Sequence[str], codes: bool = False) -> RowSource:
            if hasattr(table, "scanner"):
                return dataset_rows(table, columns, codes=codes)
            if hasattr(table, "schema"):
                return TableRows(table, columns, codes=codes)
            return FeatherRows(table, columns, codes=codes)

        return _add("from_arrow", source, columns, name, dims, sequence)

    def from_zarr(self, array: Any, *, name: str, dims: Any = None) -> Data:
        """Add a Zarr array as data: its first axis are rows, which stay on the disk.

        Parameters
        ----------
        array : zarr.Array, or path of one
        name : str
        dims : str or tuple of str, optional

        Examples
        --------
        >>> import tempfile
        >>> import zarr
        >>> import aliquot as aq
        >>> with tempfile.TemporaryDirectory() as folder, aq.Model() as model:
        ...     path = f"{folder}/counts.zarr"
        ...     made = zarr.create_array(path, shape=(1000,), dtype="int64", fill_value=2)
        ...     y = aq.Data.from_zarr(path, name="y")
        >>> model
        y = data on a disk  shape (1000,)
        """
        from aliquot.rows import ZarrRows

        return _added(name, ZarrRows(array), dims)

    def from_numpy(self, array: Any, *, name: str, dims: Any = None) -> Data:
        """Add an array of NumPy's that lies on a disk as data: its first axis are rows.

        Parameters
        ----------
        array : path of a .npy file, numpy.memmap, or numpy.ndarray
            One in memory is gone through in blocks, too.
        name : str
        dims : str or tuple of str, optional

        Examples
        --------
        >>> import tempfile
        >>> import numpy as np
        >>> import aliquot as aq
        >>> with tempfile.TemporaryDirectory() as folder, aq.Model() as model:
        ...     np.save(f"{folder}/values.npy", np.linspace(0.0, 1.0, 2000))
        ...     x = aq.Data.from_numpy(f"{folder}/values.npy", name="x")
        >>> model
        x = data on a disk  shape (2000,)
        """
        from aliquot.rows import NpyRows, array_rows

        in_memory = isinstance(array, np.ndarray)
        return _added(name, array_rows(array, name) if in_memory else NpyRows(array), dims)


def _add(
    user: str,
    source: Any,
    columns: str | Sequence[str],
    name: str | None,
    dims: Any,
    sequence: str | None,
) -> Data:
    if name is None:
        name = columns if isinstance(columns, str) else "_".join(map(str, columns))
    if sequence is None:
        current_model(f"aq.Data.{user}").check_name(name)
        return _added(name, source(columns), dims)
    from aliquot.rows import RowSequences

    return _added(name, RowSequences(source(columns), source(sequence, codes=True)), dims)


def _added(name: str, source: RowSource, dims: Any) -> Data:
    model = current_model("aq.Data")
    model.check_name(name)
    names = as_dims(name, dims)
    shape = (source.rows, *source.tail)
    if names is not None and len(names) != len(shape):
        raise ShapeError(f"{name}: dims {names} for data of shape {shape}")
    if name in (names or ()):
        raise ModelError(f"{name}: a variable cannot have the name of its dim: use another name")
    leaf = model.rows.leaf(name, source, names)
    for dim, size in zip(names or (), shape, strict=names is not None):
        if dim not in model.coords:
            model.add_dim(dim, size)
    model.add(leaf)
    return leaf


def rows_of(leaf: Data, *, unnamed: bool = False) -> Data:
    """Add the rows of another model's data to the one that is being written."""
    model = current_model("aq.Data")
    owner: Any = leaf.owner
    made = model.rows.leaf(leaf.name, owner.rows.sources[leaf.name], leaf.dims)
    if unnamed:
        model.arrays.append(made)
        return made
    added: Data = model.add(made)
    return added
