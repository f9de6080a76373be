"""Of events with missing entries: which have none that was seen, and which have both kinds."""

from __future__ import annotations

import numpy as np


def whole_events(missing: np.ndarray, event_dims: int) -> np.ndarray:
    """Say which events have no entry that was seen, as an array without the event axes."""
    return np.asarray(missing.all(axis=_last(event_dims)))


def partial_events(missing: np.ndarray, event_dims: int) -> np.ndarray:
    """Say which events have entries of both kinds, as an array without the event axes."""
    some = np.asarray(missing.any(axis=_last(event_dims)))
    return some & ~whole_events(missing, event_dims)


def _last(axes: int) -> tuple[int, ...]:
    return tuple(range(-axes, 0))
