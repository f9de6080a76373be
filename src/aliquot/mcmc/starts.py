"""Start points with a finite log density and gradient."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np
from jax import Array

from aliquot.compilation import lazily
from aliquot.errors import StartError
from aliquot.precision import float64

# The last of all tries are so many halvings closer to the center than those of the first half.
HALVINGS = 10

Evaluate = Callable[[np.ndarray], tuple[float, np.ndarray]]


class NoStartError(StartError):
    """No start point was found; it carries the last point that was tried."""

    def __init__(
        self, position: np.ndarray, log_density: float, gradient: np.ndarray, *, tries: int
    ) -> None:
        what = f"the log density is {log_density}"
        if np.isfinite(log_density):
            bad = np.flatnonzero(~np.isfinite(gradient))[:10]
            what = f"the gradient is not finite at coordinates {', '.join(map(str, bad))}"
        where = "at the start point" if tries == 1 else f"at any of {tries} points around the start"
        super().__init__(
            f"No start point was found: the log density or its gradient is not finite {where}. "
            f"At the last one {what}. Give start values where the density is positive, or check "
            "the observed data against the support of their distribution."
        )
        self.position = np.array(position)
        self.log_density = log_density
        self.gradient = np.array(gradient)


@dataclass(frozen=True)
class Jittered:
    """Start points still to be found: `center`, (d,) or (chains, d), plus uniform(-jitter, jitter).

    Of the `tries` of each chain, those of the second half come closer and closer to the center,
    where the density is more likely to be positive.

    :func:`aliquot.mcmc.run.sample` finds them with the program that it samples with, which saves
    the compilation of another one.
    """

    center: np.ndarray
    chains: int
    jitter: float = 1.0
    tries: int = 100


def find_starts(evaluate: Evaluate, starts: Jittered, *, seed: int) -> np.ndarray:
    """Return start points (chains, d) whose log density and gradient are finite.

    Chains come in antithetic pairs: the second of a pair gets the jitter of the first with the sign
    turned, and the coordinates of one chain are spread evenly. Chains then start far apart, on
    different sides of a symmetry of the density, so that modes which are mirror images of each
    other are met by different chains, where comparing chains reveals them.

    A chain that finds no point raises `NoStartError`, with the last point that was tried.

    >>> starts = Jittered(np.zeros(3), chains=4)
    >>> find_starts(lambda x: (-0.5 * x @ x, -x), starts, seed=1).shape
    (4, 3)
    """
    center, chains, jitter = np.asarray(starts.center, float), starts.chains, starts.jitter
    size = center.shape[-1] if center.ndim else 0
    if center.shape not in ((size,), (chains, size)) or size == 0:
        raise ValueError(
            f"center must have shape (d,) or (chains, d) = ({chains}, d) with d of at least 1, "
            f"got {center.shape}"
        )
    if not (np.isfinite(jitter) and jitter >= 0):
        raise ValueError(f"jitter must be a finite number of at least 0, got {jitter!r}")
    if starts.tries < 1:
        raise ValueError(f"tries must be at least 1, got {starts.tries!r}")
    centers = np.broadcast_to(center, (chains, size))
    return np.stack(
        [
            _find(
                evaluate,
                centers[chain],
                np.random.default_rng([chain // 2, 7, seed]),
                -jitter if chain % 2 else jitter,
                starts.tries,
            )
            for chain in range(chains)
        ]
    )


def evaluator(log_density: Callable[[Array, Any], Array], data: Any) -> Evaluate:
    """Return a function that compiles the log density and its gradient on its first call."""
    compiled = lazily(jax.value_and_grad(log_density))

    def evaluate(position: np.ndarray) -> tuple[float, np.ndarray]:
        with float64():
            value, gradient = compiled(position, data)
            return float(value), np.asarray(gradient)

    return evaluate


def _find(
    evaluate: Evaluate,
    center: np.ndarray,
    generator: np.random.Generator,
    jitter: float,
    tries: int,
) -> np.ndarray:
    tries = tries if jitter else 1
    for attempt in range(tries):
        # Where the stratified point will not do, the density may be confined to a corner of the box
        # that no stratified point lies in: any point will then do.
        first = attempt == 0
        size = center.size
        unit = _stratified(generator, size) if first else generator.uniform(-1, 1, size)
        closer = 0.5 ** (HALVINGS * max(0, 2 * attempt - tries) // tries)
        position = center + jitter * closer * unit
        log_density, gradient = evaluate(position)
        if np.isfinite(log_density) and np.all(np.isfinite(gradient)):
            return position
    raise NoStartError(position, log_density, gradient, tries=tries)


def _stratified(generator: np.random.Generator, size: int) -> np.ndarray:
    """Draw coordinates from uniform(-1, 1), one in each of `size` equal parts of the interval.

    Each by itself is uniform; together they are as different from each other as that allows.
    """
    parts = generator.permutation(size) + generator.uniform(size=size)
    return np.asarray(2.0 * parts / size - 1.0)
