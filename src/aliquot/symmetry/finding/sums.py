"""Moving some elements of a variable, in its coordinates: also where all of them keep their sum."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from aliquot.transforms import Simplex, Transform, ZeroSum
from aliquot.transforms.probabilities import coordinates_of_centred


def sums_along(transform: Transform, shape: tuple[int, ...], axis: int) -> bool:
    """Say whether an axis of a variable is one along which the sum is always the same."""
    kept = transform.event_dims if isinstance(transform, Simplex | ZeroSum) else 0
    return axis >= len(shape) - kept


def moved_by(
    transform: Transform,
    shape: tuple[int, ...],
    place: tuple[Any, ...],
    axes: Sequence[int],
    size: Any,
) -> np.ndarray:
    """Give how far coordinates move where elements at a place do, by so much along some axes.

    What has coordinates of whole vectors or matrices is moved as a whole. Where the sum is zero,
    elements move apart from the others, which make up for it.
    """
    own = transform.unconstrained_shape(shape)
    if not any(sums_along(transform, shape, axis) for axis in axes):
        moved = np.zeros(own)
        place = place[: len(shape) - transform.event_dims]
        moved[place] += np.resize(size, own)[place]
        return moved
    moved = np.zeros(shape)
    moved[place] += np.resize(size, shape)[place]
    for axis in range(-transform.event_dims, 0):
        last = np.moveaxis(moved, axis, -1)
        last = coordinates_of_centred(last - last.mean(axis=-1, keepdims=True))
        moved = np.moveaxis(last, -1, axis)
    return moved
