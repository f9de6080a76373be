"""``aq.plots.plot_tempering``: how the ladder of a tempered run worked."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from aliquot.arguments import whole_number
from aliquot.errors import ModelError
from aliquot.plots import style
from aliquot.plots.axes import stacked_axes, whole_ticks

if TYPE_CHECKING:
    import xarray

# Replicas that are drawn in colour, and draws over which their way is seen.
COLOURED, SHOWN = 3, 100


@style.picture
def plot_tempering(
    trace: xarray.DataTree,
    *,
    chain: int = 0,
    draws: int = SHOWN,
    ax: Any = None,
    figsize: tuple[float, float] | None = None,
) -> np.ndarray:
    """Plot the swaps along the ladder of a tempered run, and how replicas moved on it.

    Parameters
    ----------
    trace : xarray.DataTree
        From ``aq.sample(sampler="tempered")``.
    chain : int
        The chain whose replicas are shown, counted from 0.
    draws : int
        Over how many draws.
    ax : sequence of three matplotlib axes, optional
        From the top down.
    figsize : tuple of float, optional
        In inches.

    Returns
    -------
    numpy.ndarray of matplotlib axes, shape (3,)
        The acceptance of swaps between neighbours, over all chains and in each; the rung of each
        replica, three of them in colour; how many replicas have come from the reference to the
        posterior, in each chain.

    Raises
    ------
    ModelError
        For a trace that is not of a tempered run, or holds none of its draws.

    Notes
    -----
    The bars should be about equally high. Where one is much lower there is a bottleneck: a longer
    warm-up lets the ladder adapt. The lines of replicas should run up and down through all rungs,
    and those at the bottom rise steadily. A chain whose line is flat has only seen the modes in
    which it began.

    Examples
    --------
    >>> import aliquot as aq
    >>> with aq.Model():
    ...     mu = aq.Normal("mu", 3, 3)
    ...     y = aq.Normal("y", mu**2, 1, observed=9.0)
    ...     trace = aq.sample(200, tune=100, chains=2, sampler="tempered", random_seed=1,
    ...                       progressbar=False, compute_convergence_checks=False)
    >>> axes = aq.plots.plot_tempering(trace)
    >>> axes.shape
    (3,)
    """
    acceptance, betas, rungs, trips = _read(trace)
    if not 0 <= whole_number("chain", chain, least=0) < len(rungs):
        raise ModelError(f"chain must be one of 0 to {len(rungs) - 1}; got {chain}")
    shown = rungs[chain, : whole_number("draws", draws, least=2)]
    axes = stacked_axes(ax, (1.3, 2.0, 1.3), width=style.WIDTH, figsize=figsize, sharex=False)
    _bars(axes[0], acceptance, betas)
    _ways(axes[1], shown, chain)
    _trips(axes[2], trips)
    return axes


def _read(trace: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Give the acceptance of swaps, betas, the rung of each replica (chain, draw, R), and trips."""
    attrs = getattr(trace, "attrs", {})
    stats = getattr(trace, "children", {}).get("sample_stats")
    if attrs.get("sampler") != "tempered" or stats is None or "swap_acceptance" not in attrs:
        raise ModelError(
            "the trace has no draws of a tempered run: give what aq.sample(sampler='tempered') "
            f"returned; this one is of {attrs.get('sampler', 'no sampler that is known')!r}"
        )
    acceptance = np.asarray(json.loads(attrs["swap_acceptance"]), float)
    betas = np.asarray(json.loads(attrs["beta"]), float)
    replica = stats["replica"].transpose("chain", "draw", ...).values
    rungs = np.argsort(replica, axis=-1)  # of a permutation: its inverse
    return acceptance, betas, rungs, stats["round_trips"].transpose("chain", "draw").values


def _bars(panel: Any, acceptance: np.ndarray, betas: np.ndarray) -> None:
    pairs = np.arange(acceptance.shape[1]) + 0.5
    panel.bar(pairs, acceptance.mean(axis=0), 0.8, color="#9cb8cc", linewidth=0)
    for each in acceptance:
        panel.plot(pairs, each, ".", color=style.PALETTE[0], markersize=3.5)
    panel.set_ylim(0, 1)
    panel.set_xlim(0, len(betas) - 1)
    panel.set_ylabel("acceptance")
    panel.set_xlabel("rung, from the reference to the posterior")
    whole_ticks(panel.xaxis)
    rejected = 1.0 - acceptance.mean(axis=0)
    note = f"{len(betas)} rungs; barrier {rejected.sum():.1f}; lowest beta {betas[1]:.2g}"
    style.head(panel, "Swaps of neighbours", [(note, style.QUIET)])
    style.dress(panel, keep=("bottom", "left"))


def _ways(panel: Any, rungs: np.ndarray, chain: int) -> None:
    last = rungs.shape[1] - 1
    # Replicas that begin at the reference, at the posterior, and between them.
    coloured = np.unique(np.linspace(0, last, COLOURED).astype(int))
    for replica in range(last + 1):
        if replica not in coloured:
            panel.plot(rungs[:, replica], color=style.FAINT, linewidth=0.5, zorder=1)
    for replica, color in zip(coloured, style.PALETTE, strict=False):
        panel.plot(rungs[:, replica], color=color, linewidth=1.1, zorder=2)
    panel.set_xlim(0, len(rungs) - 1)
    panel.set_ylim(-0.3, last + 0.3)
    panel.set_ylabel("rung")
    panel.set_xlabel("draw")
    whole_ticks(panel.yaxis)
    style.head(panel, f"Replicas of chain {chain}", [("each draw is several scans", style.QUIET)])
    style.dress(panel, keep=("bottom", "left"))


def _trips(panel: Any, trips: np.ndarray) -> None:
    for number, each in enumerate(trips):
        panel.plot(each, color=style.PALETTE[number % len(style.PALETTE)], linewidth=1.0)
    panel.set_xlim(0, max(trips.shape[1] - 1, 1))
    panel.set_ylim(0, max(1.05 * trips.max(), 1.0))
    panel.set_ylabel("replicas")
    panel.set_xlabel("draw")
    note = f"{trips[:, -1].sum():,} in {len(trips)} chain{'' if len(trips) == 1 else 's'}"
    style.head(panel, "Come from the reference to the posterior", [(note, style.QUIET)])
    style.dress(panel, keep=("bottom", "left"))
