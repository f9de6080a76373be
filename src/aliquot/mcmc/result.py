"""What a run of chains gives back, and what it says while it runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from aliquot.mcmc.machine import STATS
from aliquot.mcmc.trajectory import DEEPEST, DIVERGED

Phase = Literal["compiling", "warm-up", "sampling", "done"]


@dataclass(frozen=True)
class ChainProgress:
    """Where one chain stands."""

    chain: int
    done: int  # draws completed, those of the warm-up included
    total: int
    phase: Phase
    draws_per_second: float
    step_size: float
    divergences: int  # after the warm-up
    leapfrogs: int


@dataclass(frozen=True)
class ChainDraws:
    """The draws of several chains. Warm-up comes first along the axis of draws."""

    # (chains, tune + draws, d), unconstrained. Rows from `completed` on hold nothing of use.
    positions: np.ndarray
    stats: dict[str, np.ndarray]  # each (chains, tune + draws), under the names of ArviZ's schema
    tune: int
    draws: int
    completed: np.ndarray  # (chains,) draws done, those of the warm-up included
    interrupted: bool
    inverse_mass: np.ndarray  # (chains, d) or, for a dense metric, (chains, d, d)
    step_size: np.ndarray  # (chains,) at the end
    compile_seconds: float  # 0 if the program was there already
    compile_cached: bool  # whether it was there already, in this process or on the disk
    sampling_seconds: float  # wall time of the chains, warm-up included
    warmup_seconds: float  # until the last chain had ended its warm-up; nan if one did not
    independent: np.ndarray  # (chains, tune + draws): which draws are by independence steps
    # What else there is of each draw after the warm-up, (chains, draws, ...).
    further: Mapping[str, np.ndarray] = field(default_factory=dict)


def named_stats(columns: np.ndarray) -> dict[str, np.ndarray]:
    """Return statistics by name from the columns (chains, draws, len(STATS)) of the program."""
    stats = {name: np.ascontiguousarray(columns[..., i]) for i, name in enumerate(STATS)}
    status = stats.pop("status").astype(np.int64)
    for name in ("tree_depth", "n_steps"):
        stats[name] = stats[name].astype(np.int64)
    stats["diverging"] = status == DIVERGED
    stats["reached_max_treedepth"] = status == DEEPEST
    return stats
