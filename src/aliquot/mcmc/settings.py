"""What a user can choose about NUTS."""

from __future__ import annotations

import math
import numbers
from dataclasses import dataclass
from typing import Literal, get_args

from aliquot.arguments import is_whole_number

Metric = Literal["adapt_diag_grad", "adapt_diag", "adapt_full"]


@dataclass(frozen=True)
class NUTSSettings:
    """How long NUTS runs, and how it adapts.

    The step size and the metric adapt in `tune` draws of warm-up, perhaps none, before the `draws`
    that are kept of each chain. The step size aims at a mean acceptance statistic of
    `target_accept`: closer to 1 it is smaller, which is slower, and safer where the posterior bends
    sharply. A trajectory has at most ``2**max_treedepth - 1`` leapfrog steps. `step_size` is the
    first one; None finds it by doubling and halving.

    The metric ``"adapt_diag_grad"`` is diagonal, from the variances of draws and of gradients;
    ``"adapt_diag"`` is diagonal, from the variances of draws, with Stan's windows;
    ``"adapt_full"`` is dense, from the covariances of draws and of gradients, for correlation in up
    to a few hundred dimensions.

    >>> NUTSSettings(draws=500, target_accept=0.95).tune
    1000
    >>> NUTSSettings(target_accept=1.5)
    Traceback (most recent call last):
        ...
    ValueError: target_accept must lie strictly between 0 and 1, got 1.5
    """

    draws: int = 1000
    tune: int = 1000
    target_accept: float = 0.8
    max_treedepth: int = 10
    metric: Metric = "adapt_diag_grad"
    step_size: float | None = None

    def __post_init__(self) -> None:
        for name, least in (("draws", 1), ("tune", 0), ("max_treedepth", 1)):
            value = getattr(self, name)
            if not is_whole_number(value) or value < least:
                raise ValueError(
                    f"{name} must be a whole number of at least {least}, got {value!r}"
                )
            object.__setattr__(self, name, int(value))
        if self.max_treedepth > 20:
            raise ValueError(
                f"max_treedepth must be at most 20 (a million leapfrog steps a draw), "
                f"got {self.max_treedepth!r}"
            )
        if not _is_real(self.target_accept) or not 0 < self.target_accept < 1:
            raise ValueError(
                f"target_accept must lie strictly between 0 and 1, got {self.target_accept!r}"
            )
        if self.metric not in get_args(Metric):
            known = ", ".join(repr(name) for name in get_args(Metric))
            raise ValueError(f"metric must be one of {known}, got {self.metric!r}")
        if self.step_size is not None and not (
            _is_real(self.step_size) and math.isfinite(self.step_size) and self.step_size > 0
        ):
            raise ValueError(
                f"step_size must be a positive finite number or None, got {self.step_size!r}"
            )


def _is_real(value: object) -> bool:
    return isinstance(value, numbers.Real) and not isinstance(value, bool)
