"""``aq.plots.plot_filled_components``: how many components of a mixture have rows."""

from __future__ import annotations

from typing import Any

import numpy as np

from aliquot.errors import ModelError, ShapeError
from aliquot.plots import style
from aliquot.plots.axes import stacked_axes, whole_ticks

# Draws in a row are alike; the averages of this many parts of all chains are nearly independent.
BATCHES = 20
# Up to this many components each number has a place on the axis.
MOST_PLACES = 15


@style.picture
def plot_filled_components(
    counts: Any,
    *,
    ax: Any = None,
    figsize: tuple[float, float] | None = None,
) -> np.ndarray:
    """Draw the posterior of the number of components that have rows of the data.

    The bars are probabilities, the lines at their ends one Monte Carlo standard error up and down,
    the dots the shares within each chain.

    Parameters
    ----------
    counts : xarray.DataArray of int
        Dims ``chain`` and ``draw``, as `aq.filled_components` gives it.
    ax : Axes, optional
    figsize : (float, float), optional
        In inches.

    Returns
    -------
    numpy.ndarray of Axes, shape (1,)

    Raises
    ------
    ShapeError
        For other dims, or no draws.
    ModelError
        For what are not whole numbers.

    Notes
    -----
    The standard error is that between chains, or that between consecutive batches of draws within
    all of them [1]_, whichever is larger.

    References
    ----------
    .. [1] Flegal, Haran and Jones (2008), Markov chain Monte Carlo: can we trust the third
       significant figure?, Statistical Science 23(2).

    Examples
    --------
    >>> import aliquot as aq
    >>> import xarray as xr
    >>> counts = xr.DataArray([[3, 3, 4, 3], [3, 4, 3, 3]], dims=("chain", "draw"))
    >>> (axes,) = aq.plots.plot_filled_components(counts)
    >>> [float(bar.get_height()) for bar in axes.patches]
    [0.75, 0.25]
    """
    values = _values(counts)
    numbers = np.arange(values.min(), values.max() + 1)
    inside = values[..., None] == numbers
    p = inside.mean(axis=(0, 1))
    errors = np.array([standard_error(inside[..., k]) for k in range(len(numbers))])
    attrs = getattr(counts, "attrs", {})
    variable, total = attrs.get("variable"), attrs.get("components")
    best = int(p.argmax())
    axes = stacked_axes(ax, (2.3,), width=5.2, figsize=figsize)
    panel = axes[0]
    colors = [style.PALETTE[0] if k == best else "#9cb8cc" for k in range(len(p))]
    panel.bar(numbers, p, 0.8, color=colors, linewidth=0)
    panel.errorbar(
        numbers, p, errors, fmt="none", ecolor=style.INK, elinewidth=1.1, capsize=3, zorder=3
    )
    shares = inside.mean(axis=1)
    if len(shares) > 1:
        spread = np.linspace(-0.22, 0.22, len(shares))
        panel.scatter(
            (numbers + spread[:, None]).ravel(), shares.ravel(), s=11, zorder=4,
            color=style.PAPER, edgecolor=style.INK, linewidth=0.7,
        )  # fmt: skip
    _axes(panel, numbers, total)
    note = f"Most probable: {numbers[best]} ({p[best]:.2f} ± {errors[best]:.2f})"
    note += f"; {f'{total} components, ' if total else ''}{values.size:,} draws"
    dots = "Lines: one Monte Carlo standard error. Dots: each chain"
    style.head(
        panel,
        "Filled components" + (f" of {variable}" if variable else ""),
        [(note, style.QUIET)] + ([(dots, style.QUIET)] if len(shares) > 1 else []),
    )
    return axes


def standard_error(inside: np.ndarray) -> float:
    """Estimate the Monte Carlo standard error of a share, from (chains, draws) of bool.

    The larger of that between chains and that between batches of draws; 0 where neither can be
    told.

    >>> standard_error(np.array([[True, True], [False, False]]))
    0.5
    """
    chains, draws = inside.shape
    each = min(-(-BATCHES // chains), draws)
    length = draws // each
    batches = inside[:, : each * length].reshape(chains * each, length).mean(axis=1)
    groups = [inside.mean(axis=1), batches]
    return float(max(g.std(ddof=1) / np.sqrt(len(g)) if len(g) > 1 else 0.0 for g in groups))


def _axes(panel: Any, numbers: np.ndarray, total: Any) -> None:
    if total and total <= MOST_PLACES:
        panel.set_xlim(0.4, total + 0.6)
        panel.set_xticks(np.arange(1, total + 1))
    else:
        panel.set_xlim(numbers[0] - 0.9, numbers[-1] + 0.9)
        whole_ticks(panel.xaxis)
    panel.set_ylim(0, None)
    panel.set_xlabel("components with rows of the data")
    panel.set_ylabel("posterior probability")
    style.dress(panel, keep=("bottom", "left"))


def _values(counts: Any) -> np.ndarray:
    dims = tuple(getattr(counts, "dims", ()))
    if sorted(map(str, dims)) != ["chain", "draw"] or counts.size == 0:
        given = f"dims {dims}" if dims else type(counts).__name__
        raise ShapeError(
            f"counts must be an xarray.DataArray with dims chain and draw, as "
            f"aq.filled_components(trace) gives it; got {given}"
        )
    values = np.asarray(counts.transpose("chain", "draw").values)
    if values.dtype.kind not in "iu":
        raise ModelError(f"counts must be whole numbers; got dtype {values.dtype}")
    return values
