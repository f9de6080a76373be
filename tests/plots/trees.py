"""Small trees of recovered variables."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr


def tree(
    p: Any,
    dims: tuple[str, ...] = (),
    *,
    name: str = "z",
    states: Any = None,
    state_dim: str = "state",
    **groups: Any,
) -> xr.DataTree:
    """Make a tree whose every draw, of 2 chains of 4, has the probabilities `p`.

    Where `p` has axes for chains and draws already, they are kept.
    """
    p = np.asarray(p, dtype=float)
    if p.ndim == len(dims) + 1:
        p = np.broadcast_to(p, (2, 4, *p.shape))
    found = xr.Dataset(
        {name: (("chain", "draw", *dims, state_dim), p)},
        coords={} if states is None else {state_dim: states},
    )
    return xr.DataTree.from_dict(
        {"state_probabilities": found} | {key: xr.Dataset(value) for key, value in groups.items()}
    )


def two_groups(rows: int = 40, columns: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Give data, and the probabilities of two states, which are logistic in the first column."""
    rng = np.random.default_rng(3)
    shape = (rows,) if columns is None else (rows, columns)
    y = np.sign(rng.normal(size=(rows,) + (1,) * (len(shape) - 1))) * 1.5 + rng.normal(size=shape)
    first = y if columns is None else y[:, 0]
    high = 1 / (1 + np.exp(-3 * first))
    return y, np.stack([1 - high, high], axis=-1)
