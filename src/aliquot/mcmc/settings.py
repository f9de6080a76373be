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

    Parameters
    ----------
    draws
        Draws kept from each chain, after the warm-up.
    tune
        Draws of warm-up, during which the step size and the metric adapt. Zero is allowed.
    target_accept
        The mean acceptance statistic that the step size aims at, between 0 and 1. Closer to 1 gives
        smaller steps: slower, and safer where the posterior bends sharply.
    max_treedepth
        A trajectory has at most ``2**max_treedepth - 1`` leapfrog steps.
    metric
        ``"adapt_diag_grad"``: diagonal, from the variances of draws and of gradients;
        ``"adapt_diag"``: diagonal, from the variances of draws, with Stan's windows;
        ``"adapt_full"``: dense, from the covariance of draws, for strong correlation in up to a few
        hundred dimensions.
    step_size
        The first step size. By default it is found by doubling and halving.

    Raises
    ------
    ValueError
        If an argument is outside its range. The message names the argument.

    Examples
    --------
    >>> from aliquot.mcmc.settings import NUTSSettings
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
