"""``aq.plots.plot_states``: the states of a chain over time, or of a single number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from aliquot.errors import ShapeError
from aliquot.plots import style
from aliquot.plots.over_time import Series, draw_series
from aliquot.plots.recovered import PlotData, Recovered, choose, data, read
from aliquot.plots.single import draw_single
from aliquot.results.axes import in_order

# Sequences drawn where `sel` does not say which.
MOST_SERIES = 4


@style.picture
def plot_states(
    tree: Any,
    var_name: str = "z",
    *,
    observed: Any = None,
    x: Any = None,
    labels: Sequence[str] | None = None,
    prob: float = 0.9,
    sel: Mapping[str, Any] | None = None,
    ax: Any = None,
    figsize: tuple[float, float] | None = None,
) -> np.ndarray:
    """Draw the posterior of a discrete variable: of a chain over time, or of a single number.

    A variable with axes is drawn along its last one: the data, where given, then the probability
    of each state as stacked areas (as a heat map for more than six states), then the most
    probable path, where the results hold one. Of a variable with further axes each sequence gets
    panels of its own. A single number, such as a change point, is drawn as bars.

    Parameters
    ----------
    tree : xarray.DataTree
        As `aq.recover` gives it, with the group ``state_probabilities`` and, if it was asked for,
        ``most_probable``.
    var_name : str
        The discrete variable.
    observed : str or array, optional
        Data to draw above, one value for each element of the variable (for a single number: for
        each of its states): a name in ``observed_data`` or ``constant_data``, or an array.
    x : str or array, optional
        Where the steps lie on the horizontal axis, likewise. By default the coordinate of the
        variable's last dim where it holds numbers or dates, else 0, 1, 2, ...
    labels : sequence of str, optional
        Names for the states, in place of the coordinate's.
    prob : float
        For a single number: the probability of the states that are drawn in colour.
    sel : mapping from str to labels, optional
        What to choose along the variable's dims, or of its chains and draws; which sequences to
        draw. By default the first four.
    ax : Axes or sequence of Axes, optional
        As many as there are panels, from the top down.
    figsize : (float, float), optional
        In inches.

    Returns
    -------
    numpy.ndarray of Axes
        The panels from the top down.

    Raises
    ------
    ModelError, ShapeError
        Where `aq.recover` has not been called; for names that are not there and data that do not
        fit the variable.

    Notes
    -----
    Of a sequence with more steps than there are pixels each column shows the average over a few of
    them, and the figure says over how many.

    See Also
    --------
    plot_responsibilities : The states of independent observations, over the data.

    Examples
    --------
    >>> import aliquot as aq
    >>> import numpy as np, xarray as xr
    >>> p = np.full((2, 10, 5), 0.2)
    >>> probabilities = xr.Dataset(
    ...     {"z": (("chain", "draw", "step", "state"), np.stack([1 - p, p], axis=-1))},
    ...     coords={"state": ["calm", "rough"]},
    ... )
    >>> tree = xr.DataTree.from_dict({"state_probabilities": probabilities})
    >>> len(aq.plots.plot_states(tree, observed=[0.1, 0.2, 1.5, 0.3, 0.1]))
    2
    """
    recovered = read(tree, var_name, labels=labels, prob=prob, sel=sel)
    above = None if observed is None else data(tree, observed, "observed")
    across = None if x is None else data(tree, x, "x")
    if not recovered.shape:
        shape = (len(recovered.values),)
        above = above and _fitted(above, shape, "observed", recovered, sel)
        across = across and _fitted(across, shape, "x", recovered, sel)
        return draw_single(recovered, above, across, prob=prob, ax=ax, figsize=figsize)
    return draw_series(
        recovered,
        _series(tree, recovered, above, across, sel),
        observed=above.name if above else "",
        across=across.name if across else recovered.dims[-1],
        ax=ax,
        figsize=figsize,
    )


def _series(
    tree: Any,
    recovered: Recovered,
    above: PlotData | None,
    across: PlotData | None,
    sel: Mapping[str, Any] | None,
) -> list[Series]:
    shape, steps = recovered.shape, recovered.shape[-1]
    values = _fitted(above, shape, "observed", recovered, sel) if above else None
    if across is not None:
        where = _increasing(_fitted(across, (steps,), "x", recovered, sel).array)
    else:
        where = _steps(recovered)
    path, exact = _path(tree, recovered, sel)
    result = []
    for index in list(np.ndindex(shape[:-1]))[:MOST_SERIES]:
        labels = recovered.array.coords
        name = ", ".join(
            f"{dim} {labels[dim].values[i] if dim in labels else i}"
            for dim, i in zip(recovered.dims, index, strict=False)
        )
        result.append(
            Series(
                name,
                where,
                recovered.mean[index],
                None if values is None else values.array[index],
                None if path is None else path[index],
                exact,
            )
        )
    return result


def _steps(recovered: Recovered) -> np.ndarray:
    dim = recovered.dims[-1]
    if dim in recovered.array.coords:
        labels = np.asarray(recovered.array.coords[dim].values)
        if labels.dtype.kind in "iufM":
            return labels
    return np.arange(recovered.shape[-1])


def _increasing(x: np.ndarray) -> np.ndarray:
    if x.dtype.kind not in "iufM" or x.ndim != 1 or not np.all(x[1:] > x[:-1]):
        raise ShapeError("x must be one row of numbers or dates that increase")
    return x


def _fitted(
    given: PlotData,
    shape: tuple[int, ...],
    argument: str,
    recovered: Recovered,
    sel: Mapping[str, Any] | None,
) -> PlotData:
    array = given.array
    if array.shape[: len(shape)] == shape and array.ndim <= len(shape) + 1:
        return given
    hint = "; after sel= give it with the same choice made" if sel else ""
    what = "its states" if not recovered.shape else "the variable"
    raise ShapeError(
        f"{argument} has shape {array.shape}, but {recovered.name!r} needs {shape} to fit "
        f"{what}{hint}"
    )


def _path(
    tree: Any, recovered: Recovered, sel: Mapping[str, Any] | None
) -> tuple[np.ndarray | None, bool]:
    """Give the most probable path as positions of states, and whether it is a single one.

    Where there is one for each draw, it is the state that most of them pass through at each step.
    """
    if "most_probable" not in tree.children:
        return None, True
    dataset = tree["most_probable"].dataset
    if recovered.name not in dataset:
        return None, True
    array = in_order(dataset[recovered.name])
    chosen = {dim: labels for dim, labels in (sel or {}).items() if dim in array.dims}
    positions = recovered.positions(choose(array, chosen, recovered.name).values)
    if array.dims[:2] != ("chain", "draw"):
        return positions, True
    flat = positions.reshape((-1, *positions.shape[2:]))
    votes = np.stack([(flat == k).sum(axis=0) for k in range(len(recovered.values))], axis=-1)
    return votes.argmax(axis=-1), len(flat) == 1
