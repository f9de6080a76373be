"""The numbers that say what a fit found and how far it can be trusted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import xarray


@dataclass(frozen=True)
class Summary:
    """Moments of the two means, and diagnostics where chains are there to be diagnosed.

    Attributes
    ----------
    mean, sd
        Shape (2,).
    correlation
        Between the two means.
    rhat
        The greater of the two; None for one chain or independent draws.
    ess
        The smaller of the two bulk effective sample sizes; None for independent draws.
    divergences
        Their number; None for a fit without trajectories.
    switches
        For each chain, how often the order of the two means changes from one draw to the next.
    upper_share
        For each chain, the share of draws in which the first mean is the greater.
    """

    mean: np.ndarray
    sd: np.ndarray
    correlation: float
    rhat: float | None
    ess: float | None
    divergences: int | None
    switches: tuple[int, ...]
    upper_share: tuple[float, ...]


def summarise(tree: xarray.DataTree) -> Summary:
    """Summarise the draws of ``means``, ``(chain, draw, 2)``, in `tree`.

    Draws without ``sample_stats`` count as independent ones.
    """
    draws = np.asarray(tree["posterior"]["means"].values)
    flat = draws.reshape(-1, 2)
    above = draws[..., 0] > draws[..., 1]
    chains_run = "sample_stats" in tree.children
    rhat = ess = divergences = None
    if chains_run:
        from arviz_stats.base.array import array_stats

        def of_each(statistic: Any, **kwargs: Any) -> list[float]:
            return [float(statistic(draws[..., k], **kwargs)) for k in range(2)]

        ess = min(of_each(array_stats.ess, method="bulk"))
        if len(draws) > 1:
            rhat = max(of_each(array_stats.rhat, method="rank"))
        divergences = int(np.sum(tree["sample_stats"]["diverging"].to_numpy()))
    return Summary(
        mean=flat.mean(axis=0),
        sd=flat.std(axis=0, ddof=1),
        correlation=float(np.corrcoef(flat.T)[0, 1]),
        rhat=rhat,
        ess=ess,
        divergences=divergences,
        switches=tuple(int(np.count_nonzero(np.diff(chain))) for chain in above),
        upper_share=tuple(float(chain.mean()) for chain in above),
    )
