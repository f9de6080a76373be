"""Draws of the two means, with the numbers that say what was found and how far to trust it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from aliquot.diagnostics import statistics

if TYPE_CHECKING:
    import xarray


@dataclass(frozen=True)
class Summary:
    """Moments of the two means, and diagnostics where chains are there to be diagnosed."""

    mean: np.ndarray  # (2,)
    sd: np.ndarray  # (2,)
    correlation: float
    rhat: float | None  # the greater of the two; None for one chain or independent draws
    ess: float | None  # the smaller of the two, bulk; None for independent draws
    divergences: int | None  # None for a fit without trajectories
    switches: tuple[int, ...]  # by chain, how often the order of the means changes between draws
    upper_share: tuple[float, ...]  # by chain, the share of draws with the first mean the greater


@dataclass(frozen=True)
class Drawn:
    """Draws of ``means`` and what goes with them."""

    key: str  # the name of its files
    tree: xarray.DataTree
    summary: Summary
    warnings: tuple[str, ...]  # what Aliquot said, as it said it
    seconds: float  # from the call to the answer, compilation included

    @property
    def draws(self) -> np.ndarray:
        """The draws of the two means, ``(chain, draw, 2)``."""
        return np.asarray(self.tree["posterior"]["means"].values)


def summarise(tree: xarray.DataTree) -> Summary:
    """Summarise the draws of ``means``, ``(chain, draw, 2)``, in `tree`.

    Draws without ``sample_stats`` count as independent ones.
    """
    draws = np.asarray(tree["posterior"]["means"].values)
    flat, each = draws.reshape(-1, 2), np.moveaxis(draws, -1, 0)
    above = draws[..., 0] > draws[..., 1]
    rhat = ess = divergences = None
    if "sample_stats" in tree.children:
        ess = float(statistics.ess_bulk(each).min())
        rhat = float(statistics.rhat(each).max()) if len(draws) > 1 else None
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
