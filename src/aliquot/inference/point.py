"""One point as a posterior of one chain and one draw, so that whatever takes draws takes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from aliquot.density.point import is_point, read_point
from aliquot.inference.described import described
from aliquot.model import Model
from aliquot.results import build_tree

if TYPE_CHECKING:
    import xarray


def as_trace(trace: Any, model: Model, user: str) -> xarray.DataTree:
    """Give a trace as it is, and a point as a trace of a single draw.

    A point has a value for each continuous free variable, as `find_map` returns them. What is not
    one of this model is refused, in the name of `user`.
    """
    if not is_point(trace):
        return trace
    density = model.density()
    values = {n: v[None] for n, v in read_point(density, model, trace, user).items()}
    values |= density.deterministics_of(values, 1)
    return build_tree(
        posterior={name: np.asarray(value)[None] for name, value in values.items()},
        **described(model),
    )
