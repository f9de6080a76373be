"""A mixture of Gaussians as arrays by name, and back, to the last bit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import numpy as np

from aliquot.variational.gaussians.mixture import GaussianMixture
from aliquot.variational.gaussians.scale import Dense, Diagonal, LowRank, Scale

_SCALES: dict[str, type[Any]] = {kind.__name__: kind for kind in (Diagonal, Dense, LowRank)}


def to_parts(q: GaussianMixture) -> dict[str, np.ndarray]:
    """Give the arrays that a mixture is made of.

    >>> q = GaussianMixture.of(np.zeros(1), Diagonal(np.ones(1)))
    >>> sorted(to_parts(q))
    ['centers', 'scale/0/Diagonal/std', 'tails', 'weights']
    >>> from_parts(to_parts(q)).std
    array([1.])
    """
    result = {"weights": q.weights, "centers": q.centers, "tails": np.array(q.tails)}
    for place, scale in enumerate(q.scales):
        kind = type(scale).__name__
        for field in fields(_SCALES[kind]):
            result[f"scale/{place}/{kind}/{field.name}"] = np.asarray(getattr(scale, field.name))
    return result


def from_parts(parts: Mapping[str, np.ndarray]) -> GaussianMixture:
    """Make the mixture of such arrays."""
    kinds: dict[int, str] = {}
    arrays: dict[int, dict[str, np.ndarray]] = {}
    for name, value in parts.items():
        if name.startswith("scale/"):
            _, place, kinds[int(place)], field = name.split("/")
            arrays.setdefault(int(place), {})[field] = value
    scales: list[Scale] = [_SCALES[kinds[place]](**arrays[place]) for place in sorted(kinds)]
    return GaussianMixture(parts["weights"], parts["centers"], tuple(scales), float(parts["tails"]))
