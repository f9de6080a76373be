"""What a person may choose of the analysis, checked."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

# Fewer draws than this have no autocorrelation and no density worth a picture.
FEWEST_DRAWS = 100
MOST_CHAINS = 8
MOST_DATA = 20_000
WIDEST = 100.0


@dataclass(frozen=True)
class Settings:
    """The choices behind one run of the analysis.

    >>> Settings(means=(1.0, 1.0))
    Traceback (most recent call last):
    ...
    ValueError: means must be two different numbers, the lower one first; got 1 and 1
    """

    n: int = 100  # observations
    seed: int = 0  # of the data and of every fit
    means: tuple[float, float] = (-0.75, 0.75)  # the true ones, the lower one first
    draws: int = 10_000  # of each chain, and from each ADVI fit
    tune: int = 2_000
    chains: int = 2  # of each NUTS run
    iterations: int = 15_000  # of each ADVI fit
    target_accept: float = 0.95

    def __post_init__(self) -> None:
        low, high = self.means
        if not (math.isfinite(low) and math.isfinite(high) and low < high):
            raise ValueError(
                f"means must be two different numbers, the lower one first; "
                f"got {low:g} and {high:g}"
            )
        if max(abs(low), abs(high)) > WIDEST:
            raise ValueError(
                f"means must lie between {-WIDEST:g} and {WIDEST:g}, since their prior has a "
                f"standard deviation of 10; got {low:g} and {high:g}"
            )
        _within("n", self.n, 10, MOST_DATA)
        _within("seed", self.seed, 0, 2**63 - 1)
        _within("draws", self.draws, FEWEST_DRAWS, 1_000_000)
        _within("tune", self.tune, FEWEST_DRAWS, 1_000_000)
        _within("chains", self.chains, 1, MOST_CHAINS)
        _within("iterations", self.iterations, FEWEST_DRAWS, 10_000_000)

    def simulate(self) -> tuple[np.ndarray, np.ndarray]:
        """Draw the data and the component that each observation came from, each ``(n,)``."""
        rng = np.random.default_rng(self.seed)
        z = rng.integers(0, 2, self.n)
        return rng.normal(np.array(self.means)[z], 1.0), z

    def command(self) -> str:
        """Return the command that repeats this run."""
        low, high = self.means
        given = f"aliquot demo --n {self.n} --seed {self.seed} --means {low:g} {high:g}"
        given += f" --draws {self.draws} --tune {self.tune} --chains {self.chains}"
        if self.iterations != Settings.iterations:
            given += f" --iterations {self.iterations}"
        return given


def _within(name: str, value: int, least: int, most: int) -> None:
    if not least <= value <= most:
        raise ValueError(f"{name} must be between {least:,} and {most:,}; got {value:,}")
