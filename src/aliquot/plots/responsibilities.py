"""``aq.plots.plot_responsibilities``: which state each observation belongs to, over the data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from aliquot.errors import ModelError, ShapeError
from aliquot.plots import style
from aliquot.plots.axes import stacked_axes
from aliquot.plots.over_line import draw_over_line
from aliquot.plots.over_plane import draw_over_plane
from aliquot.plots.recovered import PlotData, Recovered, data, data_for, read


@style.picture
def plot_responsibilities(
    tree: Any,
    var_name: str = "z",
    *,
    x: Any = None,
    columns: int | Sequence[int] | None = None,
    labels: Sequence[str] | None = None,
    prob: float = 0.9,
    sel: Mapping[str, Any] | None = None,
    ax: Any = None,
    figsize: tuple[float, float] | None = None,
) -> np.ndarray:
    """Draw the posterior probabilities of a discrete variable's states over the data.

    Over one column of data: above, a histogram whose bars are divided by state; below, each
    observation's probability of each state, with the mean over draws as a line and a band over
    draws. Over two columns: the observations, coloured by mixing the states' colours with their
    probabilities; those that may belong to several states are larger and ringed.

    Parameters
    ----------
    tree : xarray.DataTree
        As `aq.recover` gives it, with the group ``state_probabilities``.
    var_name : str
        The discrete variable, one value for each observation.
    x : str or array, optional
        The data: a name in ``observed_data`` or ``constant_data``, or an array of shape
        (rows,) or (rows, columns). By default the observed variable with one value, or one row,
        for each element of the discrete variable, where there is only one.
    columns : int or pair of int, optional
        Columns of `x` to draw over: one or two. By default the first two.
    labels : sequence of str, optional
        Names for the states, in place of the coordinate's.
    prob : float
        Probability, over draws, between the edges of the bands.
    sel : mapping from str to labels, optional
        What to choose along ``chain`` or ``draw``.
    ax : Axes or sequence of Axes, optional
        Two (data above, probabilities below) for one column, one for two columns.
    figsize : (float, float), optional
        In inches.

    Returns
    -------
    numpy.ndarray of Axes
        Two for one column, one for two columns.

    Raises
    ------
    ModelError, ShapeError
        Where `aq.recover` has not been called; for names that are not there and data that do not
        fit the variable.

    Notes
    -----
    Where the labels of the states have switched between draws, averages over draws mean little;
    the figure then says so under its title.

    See Also
    --------
    plot_states : The states of a chain over time, and those of a single number.

    Examples
    --------
    >>> import aliquot as aq
    >>> import numpy as np, xarray as xr
    >>> y = np.array([-2.1, -1.9, 0.1, 2.0, 2.2])
    >>> p = np.broadcast_to(1 / (1 + np.exp(-3 * y)), (2, 10, 5))
    >>> probabilities = xr.Dataset(
    ...     {"z": (("chain", "draw", "row", "component"), np.stack([1 - p, p], axis=-1))},
    ...     coords={"component": ["low", "high"]},
    ... )
    >>> tree = xr.DataTree.from_dict({"state_probabilities": probabilities})
    >>> axes = aq.plots.plot_responsibilities(tree, x=y)
    >>> [text.get_text() for text in axes[1].texts]
    ['low', 'high']
    """
    recovered = read(tree, var_name, labels=labels, prob=prob, sel=sel)
    if not recovered.shape:
        raise ShapeError(
            f"{var_name!r} is a single number, with no value for each observation: use "
            "aq.plots.plot_states"
        )
    given = _data(tree, recovered, x)
    values = _rows(given, recovered)
    chosen = _columns(columns, values.shape[1])
    notes = [(_summary(recovered), style.QUIET)]
    if recovered.switching_note:
        notes.append((recovered.switching_note, style.WARNING))
    titles = [given.column(k) if given.array.ndim > len(recovered.shape) else given.name
              for k in chosen]  # fmt: skip
    if len(chosen) == 1:
        axes = stacked_axes(ax, (1.5, 1.9), width=7.0, figsize=figsize)
        draw_over_line(axes, recovered, values[:, chosen[0]], titles[0], prob)
    else:
        axes = stacked_axes(ax, (4.4,), width=5.6, figsize=figsize)
        share = draw_over_plane(axes[0], recovered, values[:, list(chosen)], titles)
        notes.append((share, style.QUIET))
    style.head(axes[0], f"Responsibilities of {var_name}", notes)
    return axes


def _data(tree: Any, recovered: Recovered, x: Any) -> PlotData:
    if x is None:
        x = data_for(tree, recovered)
        if x is None:
            raise ModelError(
                f"give x=, the data to draw {recovered.name!r} over: a name in the "
                "results' observed_data or constant_data, or an array"
            )
    return data(tree, x, "x")


def _rows(given: PlotData, recovered: Recovered) -> np.ndarray:
    """Bring the data to shape (rows, columns), with the axes of the variable as one."""
    rows, array = recovered.shape, given.array
    if array.shape[: len(rows)] != rows or array.ndim > len(rows) + 1 or array.dtype.kind not in (
        "iufb"
    ):  # fmt: skip
        raise ShapeError(
            f"x{f' ({given.name!r})' if given.name else ''} has shape {array.shape} and "
            f"dtype {array.dtype}, but {recovered.name!r} has shape {rows}: it must be numbers, "
            "one, or one row of columns, for each element"
        )
    return array.astype(float).reshape((int(np.prod(rows)), -1))


def _columns(columns: int | Sequence[int] | None, width: int) -> tuple[int, ...]:
    if columns is None:
        return tuple(range(min(width, 2)))
    chosen = tuple(int(k) for k in np.atleast_1d(columns))
    if len(chosen) not in (1, 2) or not all(-width <= k < width for k in chosen):
        raise ModelError(f"columns must be one or two of the data's {width}; got {columns!r}")
    return tuple(k % width for k in chosen)


def _summary(recovered: Recovered) -> str:
    rows = int(np.prod(recovered.shape))
    return (
        f"{rows:,} {'observations' if rows != 1 else 'observation'}, {len(recovered.values)} "
        f"states; mean over {recovered.draws:,} draws"
    )
