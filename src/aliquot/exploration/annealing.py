"""A population of points that a density draws in, first gently and then as it is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aliquot.variational.heights import log_densities
from aliquot.variational.target import Target

# The next power of the density leaves so many of the points, in effect.
LEFT = 0.5
# Every point tries so many moves at each power.
MOVES = 3
MOST_STAGES = 60
# A move is the difference of two other points, so often as it is: from mode to mode.
WHOLE = 0.1
# Which part of moves is to be taken.
TAKEN = 0.25


@dataclass(frozen=True, eq=False)
class Stage:
    """The population at one power of the density."""

    power: float
    points: np.ndarray  # (n, d)
    heights: np.ndarray  # (n,)

    @property
    def top(self) -> np.ndarray:
        """The highest of the points, (d,)."""
        return self.points[int(self.heights.argmax())]


def annealed(
    density: Target, points: np.ndarray, rng: np.random.Generator
) -> tuple[list[Stage], int]:
    """Draw a population (n, d) towards where a density is high, and give its stages.

    The density is raised to powers from next to nothing to one, each as high as leaves enough of
    the points: they are drawn again by weights, and moved by differences of other points, at that
    power. So all of the space is compared while the density is flat, and what is found has mass,
    not just height: a climb by itself ends at the nearest top. Del Moral, Doucet and Jasra (2006),
    Sequential Monte Carlo samplers, JRSS B 68; ter Braak (2006), differential evolution Markov
    chain, Statistics and Computing 16. It is no sample of the posterior. The second number is how
    often the density was evaluated.
    """
    heights = _heights(density, points)
    n, d = points.shape
    evaluations, power, reach = n, 0.0, 1.0
    stages: list[Stage] = []
    while power < 1.0 and len(stages) < MOST_STAGES and np.isfinite(heights).any():
        more = _step(heights, 1.0 - power)
        power = min(1.0, power + more)
        weights = np.exp(more * (heights - heights.max()))
        ends = np.cumsum(weights)
        places = (np.arange(n) + rng.random()) / n
        chosen = np.minimum(np.searchsorted(ends / ends[-1], places, side="right"), n - 1)
        points, heights = points[chosen], heights[chosen]
        for _ in range(MOVES):
            one = rng.integers(n, size=n)
            other = (one + rng.integers(1, n, size=n)) % n
            lengths = reach * 2.38 / np.sqrt(2 * d) * np.exp(rng.normal(0, 0.5, n))
            lengths = np.where(rng.random(n) < WHOLE, 1.0, lengths)
            tried = points + lengths[:, None] * (points[one] - points[other])
            there = _heights(density, tried)
            evaluations += n
            with np.errstate(invalid="ignore"):
                taken = np.log(rng.random(n)) < power * (there - heights)
            points = np.where(taken[:, None], tried, points)
            heights = np.where(taken, there, heights)
            reach = min(3.0, reach * float(np.exp(taken.mean() - TAKEN)))
        stages.append(Stage(power, points, heights))
    return stages, evaluations


def _heights(density: Target, points: np.ndarray) -> np.ndarray:
    heights = log_densities(density, points)
    return np.where(np.isfinite(heights), heights, -np.inf)


def _step(heights: np.ndarray, most: float) -> float:
    """Give by how much the power can rise, at most, so that enough of the points are left."""
    below = heights - heights.max()
    enough = LEFT * np.isfinite(heights).mean()

    def left(step: float) -> float:
        weights = np.exp(step * below)
        return float(weights.sum() ** 2 / (weights**2).sum() / len(weights))

    if left(most) >= enough:
        return most
    low, high = most * 1e-15, most
    while high > 1.05 * low:
        middle = float(np.sqrt(low * high))
        low, high = (middle, high) if left(middle) >= enough else (low, middle)
    return low
