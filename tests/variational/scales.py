"""Random scales of each kind, and what they are as matrices."""

from __future__ import annotations

import numpy as np

from aliquot.variational.gaussians.scale import Dense, Diagonal, LowRank, Scale

KINDS = ("diagonal", "dense", "low rank")


def random_scale(kind: str, size: int, rng: np.random.Generator, rank: int | None = None) -> Scale:
    """A scale whose numbers are of the order of 1; those of low rank shrink and stretch."""
    std = np.exp(rng.uniform(-1, 1, size))
    if kind == "diagonal":
        return Diagonal(std)
    if kind == "dense":
        lower = np.tril(rng.normal(size=(size, size)), -1) / np.sqrt(size)
        return Dense(std[:, None] * (np.eye(size) + lower))
    rank = (size + 1) // 2 if rank is None else rank
    directions, _ = np.linalg.qr(rng.normal(size=(size, rank)))
    return LowRank(std, directions, np.exp(rng.uniform(-2, 2, rank)))


def matrix(scale: Scale, size: int) -> np.ndarray:
    """The matrix S (d, d) of the map: the images of the unit vectors are its columns."""
    return scale.apply(np.eye(size)).T
