"""When an ordered variable's prior is a proper distribution that is known exactly.

The elements of an exchangeable vector can be put in order K! ways, each as likely as the others;
so the prior restricted to one order has the density of the whole times K!, and a draw from it is a
sorted draw. Where the elements differ a priori, neither holds.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from aliquot.distributions.base import Distribution
from aliquot.expression import Expression


def exchangeable(distribution: Distribution) -> bool:
    """Say whether elements along the last axis are independent and alike under a prior."""
    if distribution.event_dims != 0 or not distribution.shape:
        return False
    return all(_alike(distribution, *each) for each in distribution.parameters.items())


def _alike(distribution: Distribution, name: str, value: Any) -> bool:
    """Say whether a parameter is the same for all elements along the last axis.

    A parameter's own axes, such as the components of a mixture's weights, are not elements.
    """
    batch = distribution._batch_shape_of(name, value)
    if not batch or batch[-1] == 1:
        return True
    if isinstance(value, Expression | Distribution):
        return False
    axis = len(batch) - 1
    return bool(np.all(value == np.take(value, [0], axis=axis)))
