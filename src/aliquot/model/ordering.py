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
    return all(_alike(value) for value in distribution.parameters.values())


def _alike(parameter: Any) -> bool:
    shape = np.shape(parameter)
    if not shape or shape[-1] == 1:
        return True
    if isinstance(parameter, Expression | Distribution):
        return False
    return bool(np.all(parameter == parameter[..., :1]))
