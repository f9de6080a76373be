"""What there is to say of each fit: how it went, and why it failed where it did."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

# How a fit went: not fitted yet, nothing to warn of, fitted with warnings, or not at all.
PENDING, OK, WARNED, FAILED = "pending", "ok", "warned", "failed"


@dataclass(frozen=True, kw_only=True)
class FitRow:
    """One row of the table of fits; numbers that there are none of are NaN."""

    status: str = PENDING
    reason: str = ""  # the warnings, or the error
    random_seed: int = 0
    seconds: float = math.nan
    rhat: float = math.nan  # the greatest; where components can trade places of no label's values
    ess_bulk: float = math.nan
    ess_tail: float = math.nan
    divergences: float = math.nan
    pareto_k: float = math.nan
    elbo: float = math.nan

    @property
    def ended(self) -> bool:
        """Whether it is over, well or not."""
        return self.status != PENDING

    @property
    def fitted(self) -> bool:
        """Whether there are draws."""
        return self.status in (OK, WARNED)


NAMES = tuple(field.name for field in fields(FitRow))


def columns(records: Sequence[FitRow]) -> dict[str, np.ndarray]:
    """Give the table by column; those that are numbers of no fit are left out.

    >>> list(columns([FitRow(status="ok", seconds=1.0)]))
    ['status', 'reason', 'random_seed', 'seconds']
    """
    result: dict[str, np.ndarray] = {}
    for name in NAMES:
        values: Any = np.array([getattr(record, name) for record in records])
        if values.dtype.kind != "f" or name == "seconds" or not np.isnan(values).all():
            result[name] = values
    return result
