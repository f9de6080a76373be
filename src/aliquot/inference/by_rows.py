"""What a model of rows on a disk gives back row by row: written to a file, block by block."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from aliquot.errors import ModelError, StorageError
from aliquot.model import Model

if TYPE_CHECKING:
    import xarray

# Draws whose results of some rows are in memory at once.
AT_ONCE = 250
TOO_MANY = "give store=, the path of a file to write them to"


def asked_path(model: Model, user: str, store: Any, suffix: str) -> Path | None:
    """Read where to write to: needed where rows lie on a disk, refused where they are in memory.

    Raises
    ------
    ModelError, StorageError
        Where there has to be a path, or none; where something is there already.
    """
    if not model.rows:
        if store is not None:
            raise ModelError(
                f"{user}: store= is for models whose rows lie on a disk (aq.Data.from_parquet and "
                "its kin). The data of this model are in memory, and so is the result: leave it out"
            )
        return None
    if store is None:
        raise ModelError(
            f"{user}: the model has {model.rows.total:,} rows, which lie on a disk, and the result "
            f"has as many: {TOO_MANY}, such as store='{user.rpartition('.')[2]}{suffix}'"
        )
    path = Path(os.fspath(store))
    if path.exists():
        raise StorageError(f"{user}: {path} is there already: give another path, or remove it")
    if not path.absolute().parent.is_dir():
        raise StorageError(f"{user}: there is no folder {path.absolute().parent} to write to")
    return path


def refuse_too_large(path: Path, user: str, size: int, advice: str) -> None:
    """Refuse what has no room on the disk, before anything is computed."""
    free = shutil.disk_usage(path.absolute().parent).free
    if size > free:
        raise StorageError(
            f"{user}: the result takes {size / 1e9:,.1f} GB, and the disk of {path} has "
            f"{free / 1e9:,.1f} GB left: {advice}"
        )


def groups(
    values: Mapping[str, np.ndarray], count: int
) -> list[tuple[np.ndarray, dict[str, np.ndarray]]]:
    """Cut draws into groups whose results are in memory at once: which, and their values."""
    cuts = np.split(np.arange(count), range(AT_ONCE, count, AT_ONCE))
    return [(draws, {name: v[draws] for name, v in values.items()}) for draws in cuts]


def write_log_likelihood(
    path: Path, model: Model, values: Mapping[str, np.ndarray], chains: int, draws: int
) -> xarray.Dataset:
    """Write the log likelihood of each observation and draw as a Zarr store; return it, unread."""
    import xarray
    import zarr

    density: Any = model.density()
    batches = {v.name: v.distribution.batch_shape for v in model.observed}
    of_rows = {name for name, batch in batches.items() if batch[:1] == (model.rows.shown,)}
    shapes = {
        name: (model.rows.total, *batch[1:]) if name in of_rows else batch
        for name, batch in batches.items()
    }
    count = chains * draws * sum(int(np.prod(shape)) for shape in shapes.values())
    user = "aq.compute_log_likelihood"
    refuse_too_large(
        path, user, 8 * count, "give fewer draws, as in trace.isel(draw=slice(0, 100))"
    )
    partial = path.with_name(path.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    try:
        root = zarr.create_group(partial, zarr_format=3)
        arrays = {}
        for variable in model.observed:
            name, shape = variable.name, shapes[variable.name]
            own = variable.dims or [f"{name}_dim_{i}" for i in range(len(shape))]
            arrays[name] = root.create_array(
                name,
                shape=(chains, draws, *shape),
                chunks=(1, min(draws, AT_ONCE), *batches[name]),
                dtype="float64",
                dimension_names=["chain", "draw", *own[: len(shape)]],
            )
        for first, counted, piece in density.pieces():
            found = [
                piece.log_likelihood_of(some, len(places))
                for places, some in groups(values, chains * draws)
            ]
            for name, array in arrays.items():
                numbers = np.concatenate([each[name] for each in found])
                numbers = numbers.reshape((chains, draws, *batches[name]))
                if name in of_rows:
                    array[:, :, first : first + counted] = numbers[:, :, :counted]
                elif first == 0:
                    array[:] = numbers
        partial.replace(path)
    except OSError as error:
        shutil.rmtree(partial, ignore_errors=True)
        raise StorageError(f"{user}: {path} could not be written: {error}") from error
    return xarray.open_zarr(path, consolidated=False, chunks=None)


def write_probabilities(
    path: Path, model: Model, values: Mapping[str, np.ndarray], count: int, names: Sequence[str]
) -> None:
    """Write, for each row, the probability of each state and the most probable one, as Parquet.

    Probabilities are means over draws. A file has the columns ``p(z = 0)``, ... and ``z`` for each
    variable z; of a sequence these are lists, of its steps.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    density: Any = model.density()
    unknowns = density.marginal.unknowns
    partial = path.with_name(path.name + ".partial")
    writer: Any = None

    def one(draw: Any, data: Any) -> dict[str, Any]:
        at = density.marginal.evaluate(density.evaluation_of(draw[1], data))
        return dict(zip([u.name for u in unknowns], at.probabilities(), strict=True))

    try:
        lengths = _lengths(model)
        for first, counted, piece in density.pieces():
            steps = None if lengths is None else lengths[first : first + counted]
            sums: dict[str, Any] = {}
            for part in groups(values, count):
                for name, p in piece.over_draws(one, part, name="probabilities by rows").items():
                    sums[name] = sums.get(name, 0.0) + p.sum(axis=0)
            columns: dict[str, Any] = {}
            for unknown in unknowns:
                if unknown.name not in names:
                    continue
                p = sums[unknown.name][:counted] / count
                for number, state in enumerate(unknown.values):
                    columns[f"p({unknown.name} = {state})"] = _column(p[..., number], steps)
                columns[unknown.name] = _column(unknown.values[p.argmax(axis=-1)], steps)
            table = pa.table(columns)
            writer = writer or pq.ParquetWriter(partial, table.schema)
            writer.write_table(table)
        writer.close()
        partial.replace(path)
    except OSError as error:
        raise StorageError(f"aq.recover: {path} could not be written: {error}") from error
    finally:
        if writer is not None:
            writer.close()
        partial.unlink(missing_ok=True)


def _lengths(model: Model) -> np.ndarray | None:
    """Give how many steps each sequence has, where rows are sequences of different lengths."""
    found = [getattr(source, "lengths", None) for source in model.rows.sources.values()]
    return next((lengths for lengths in found if lengths is not None), None)


def _column(values: np.ndarray, steps: np.ndarray | None) -> Any:
    """Make a column of values (rows,), or of lists of those of each step (rows, steps)."""
    import pyarrow as pa

    if values.ndim == 1:
        return pa.array(values)
    values = values.reshape(len(values), -1)
    lengths = np.full(len(values), values.shape[1]) if steps is None else steps
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
    there = np.arange(values.shape[1]) < lengths[:, None]
    return pa.ListArray.from_arrays(pa.array(offsets), pa.array(values[there]))
