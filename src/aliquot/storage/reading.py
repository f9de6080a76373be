"""``aq.open_run``: look at a run, whether it has ended or not."""

from __future__ import annotations

from os import PathLike
from typing import TYPE_CHECKING

from aliquot.storage.folder import read_path
from aliquot.storage.store import require

if TYPE_CHECKING:
    import xarray

# Of a run with more numbers than this, draws stay in the store until they are asked for.
MOST_NUMBERS = 20_000_000


def open_run(path: str | PathLike[str]) -> xarray.DataTree:
    """Open the store of a run, which may still be under way in another process.

    Parameters
    ----------
    path : str or path
        The folder that was given to ``aq.sample`` as ``store``.

    Returns
    -------
    xarray.DataTree
        What the run has drawn so far, as it is now: in ArviZ's schema, with its warm-up and its
        unconstrained draws. While the run is under way, or where it was cut short,
        ``tree.attrs["partial"]`` is 1. Draws are read when they are asked for. Opening again shows
        what has come since. ``xarray.open_datatree(path, engine="zarr")`` gives the same.

    Raises
    ------
    StorageError
        Where there is no such store, or it is of a fit, which `aq.resume` gives.

    Examples
    --------
    >>> import tempfile
    >>> import aliquot as aq
    >>> with aq.Model(), tempfile.TemporaryDirectory() as folder:
    ...     x = aq.Normal("x", 0, 1)
    ...     _ = aq.sample(200, store=f"{folder}/run.zarr", progressbar=False)
    ...     run = aq.open_run(f"{folder}/run.zarr")
    ...     dict(run.posterior.sizes), run.attrs["partial"]
    ({'chain': 4, 'draw': 200}, 0)
    """
    import xarray

    where = read_path(path)
    require(where)
    return xarray.open_datatree(where, engine="zarr", consolidated=True)
