"""Importance sampling: the integral of a density from draws of a proposal alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from aliquot.variational.heights import log_densities
from aliquot.variational.importance import Estimate, log_mean, smoothed
from aliquot.variational.target import Target

type Inside = Callable[[np.ndarray], np.ndarray]  # of points (n, d), which are in a region: (n,)


class Proposal(Protocol):
    """A distribution that can be drawn from, with its log density."""

    def draw(self, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]: ...


@dataclass(frozen=True)
class Importance:
    """The log of an integral from importance ratios.

    By the delta method its error is the relative one of the ratios' mean. Pareto k says whether
    they have a mean and a variance that so many draws can tell: above 0.7 neither the value nor
    its error can be believed.
    """

    estimate: Estimate
    pareto_k: float


def weigh(
    target: Target, proposal: Proposal, n: int, rng: np.random.Generator, inside: Inside
) -> tuple[np.ndarray, np.ndarray]:
    """Draw n points (n, d) independently, with log ratios (n,) to a density, zero outside."""
    points, log_q = proposal.draw(n, rng)
    within = inside(points) & np.isfinite(points).all(axis=1)
    log_ratios = np.full(n, -np.inf)
    heights = log_densities(target, points[within])
    # What is not a number has no density, as for a sampler.
    log_ratios[within] = np.where(np.isnan(heights), -np.inf, heights) - log_q[within]
    return points, log_ratios


def importance(log_ratios: np.ndarray) -> Importance:
    """Return the log of the integral of p from log ratios ``log p - log q`` at draws of q (n,).

    >>> importance(np.log(np.linspace(1.0, 3.0, 101))).estimate
    0.693 ± 0.029
    """
    return Importance(log_mean(log_ratios), smoothed(log_ratios)[1])
