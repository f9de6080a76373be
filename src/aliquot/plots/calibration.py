"""``aq.plots.plot_calibration``: whether the ranks of a calibration are uniform."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from aliquot.errors import ModelError
from aliquot.plots import style
from aliquot.plots.axes import grid_of_axes

# Panels at most, those of the least p-values, and in a row.
MOST, COLUMNS = 12, 3
BAND, WRONG = "#c9d8e3", "#b3402f"


@style.picture
def plot_calibration(
    calibration: Any,
    *,
    var_names: str | Sequence[str] | None = None,
    level: float = 0.95,
    ax: Any = None,
    figsize: tuple[float, float] | None = None,
) -> np.ndarray:
    """Draw by how much the ranks' distribution functions differ from those of uniform ranks.

    One panel for each quantity, with the band in which the whole line is with a probability of
    `level` where the posterior is right. A line that is above the band on the left and below it on
    the right is of a posterior that is too narrow; one that is above it throughout of a posterior
    that lies too high. What the calibration says is off is red.

    Parameters
    ----------
    calibration : Calibration
        As `aq.calibrate` gives it.
    var_names : str or sequence of str, optional
        Quantities, as ``calibration.names`` has them; by default the 12 of the least p-values, in
        the order of the model.
    level : float
        Of the simultaneous band [1]_.
    ax : Axes, or as many as there are panels, optional
    figsize : (float, float), optional
        In inches.

    Returns
    -------
    numpy.ndarray of Axes, shape (rows, columns)

    Raises
    ------
    ModelError
        For what is no calibration, unknown names, and a level that is no probability.

    References
    ----------
    .. [1] Säilynoja, Bürkner and Vehtari (2022), Graphical test for discrete uniformity and its
       applications in goodness-of-fit evaluation and multiple sample comparison, Statistics and
       Computing 32.

    Examples
    --------
    >>> import numpy as np
    >>> import aliquot as aq
    >>> ranks = np.random.default_rng(0).integers(0, 100, size=(200, 2))
    >>> found = aq.Calibration(["mu", "sigma"], ranks, 99, None)
    >>> aq.plots.plot_calibration(found).shape
    (1, 2)
    """
    if not hasattr(calibration, "ranks_of"):
        raise ModelError(
            f"plot_calibration: give what aq.calibrate returns; got {type(calibration).__name__}"
        )
    if not 0 < level < 1:
        raise ModelError(f"plot_calibration: level must be between 0 and 1; got {level!r}")
    chosen = _chosen(calibration, var_names)
    columns = min(COLUMNS, len(chosen))
    rows = -(-len(chosen) // columns)
    axes = grid_of_axes(ax, rows, columns, cell=(2.7, 2.0), figsize=figsize)
    for panel in axes.flat[len(chosen) :]:
        panel.set_axis_off()
    values = calibration.draws + 1
    expected = np.arange(values + 1) / values
    for panel, quantity in zip(axes.flat, chosen, strict=False):
        ranks = calibration.ranks_of(quantity)
        wrong = calibration.wrong(quantity)
        shares = np.cumsum(np.bincount(ranks, minlength=values)) / max(len(ranks), 1)
        lower, upper = calibration.band(quantity, level=level)
        inner = expected[1:-1]
        panel.fill_between(
            expected,
            np.concatenate([[0.0], lower - inner, [0.0]]),
            np.concatenate([[0.0], upper - inner, [0.0]]),
            color=BAND,
            linewidth=0,
        )
        panel.axhline(0.0, color="#7a8a96", linewidth=0.6)
        color = WRONG if wrong else style.PALETTE[0]
        panel.plot(expected, np.concatenate([[0.0], shares]) - expected, color=color)
        said = f"\n{calibration.finding(quantity)}" if wrong else ""
        panel.set_title(f"{calibration.names[quantity]}{said}", fontsize="small", color=color)
    for column in range(columns):
        lowest = axes[(len(chosen) - 1 - column) // columns, column]
        lowest.set_xlabel("rank of the truth / draws")
        lowest.tick_params(labelbottom=True)
    for panel in axes[:, 0]:
        panel.set_ylabel("ECDF - uniform")
    return axes


def _chosen(calibration: Any, var_names: str | Sequence[str] | None) -> list[int]:
    names = list(calibration.names)
    if var_names is None:
        return sorted(np.argsort(calibration.p_values, kind="stable")[:MOST].tolist())
    asked = [var_names] if isinstance(var_names, str) else list(var_names)
    if not asked:
        raise ModelError("plot_calibration: var_names is empty: name quantities, or leave it out")
    for name in asked:
        if name not in names:
            raise ModelError(
                f"plot_calibration: var_names: {name!r} was not ranked; what was is "
                f"{', '.join(names)}"
            )
    return [names.index(name) for name in asked]
