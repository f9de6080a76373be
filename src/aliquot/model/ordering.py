"""When an ordered variable's prior is a proper distribution that is known exactly.

The elements of an exchangeable vector can be put in order K! ways, each as likely as the others;
so the prior restricted to one order has the density of the whole times K!, and a draw from it is a
sorted draw. Where the elements differ a priori, neither holds.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from aliquot.distributions.base import Distribution
from aliquot.distributions.categorical import Dirichlet
from aliquot.expression import Expression


def exchangeable(distribution: Distribution, axis: int = -1) -> bool:
    """Say whether the slices along an axis are independent and alike under a prior.

    Examples
    --------
    >>> import aliquot as aq
    >>> exchangeable(aq.Normal.dist([0.0, 5.0], 1, shape=(3, 2)), axis=0)
    True
    """
    n = len(distribution.shape)
    if not -n <= axis < n:
        return False
    # Counted from the last axis of the batch: those of a parameter may be fewer.
    place = axis - n * (axis >= 0) + distribution.event_dims
    if place >= 0:
        return isinstance(distribution, Dirichlet) and _same(distribution.parameters["a"], -1)
    return all(_alike(distribution, place, *each) for each in distribution.parameters.items())


def _alike(distribution: Distribution, place: int, name: str, value: Any) -> bool:
    """Say whether a parameter is the same for all slices along an axis of the batch.

    A parameter's own axes, such as the components of a mixture's weights, are not elements.
    """
    batch = distribution._batch_shape_of(name, value)
    if -place > len(batch) or batch[place] == 1:
        return True
    return _same(value, len(batch) + place)


def _same(value: Any, axis: int) -> bool:
    if isinstance(value, Expression | Distribution):
        return False
    return bool(np.all(value == np.take(value, [0], axis=axis)))
