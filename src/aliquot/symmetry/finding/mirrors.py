"""Which variables can be mirrored: the candidates, about the center of what they can be a priori.

Two components whose weight is one number trade places as that number is mirrored: th becomes
1 - th, a log odds its negative. Factors and loadings change sign together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from aliquot.density.layout import Slot
from aliquot.distributions.constraints import Interval, Real
from aliquot.distributions.location_scale import Normal
from aliquot.model.variables import FreeVariable
from aliquot.symmetry.finding.places import Move, ordering_axis, pairs_of_variables
from aliquot.symmetry.finding.probe import Probe
from aliquot.symmetry.role import Role, part

# Slices along longer axes, and the elements of larger variables, are not mirrored one by one.
LONGEST = 12
# Larger tables are mirrored by rows and columns only.
FEW = 4


def may_be_mirrored(slot: Slot) -> bool:
    """Say whether a variable has the whole line, or lies between two known bounds."""
    variable = slot.variable
    if not isinstance(variable, FreeVariable) or ordering_axis(slot) is not None:
        return False
    if slot.transform.event_dims:
        return False
    support = variable.distribution.support
    if isinstance(support, Interval):
        return support.constant() and support.lower is not None and support.upper is not None
    return isinstance(support, Real)


def centers(probe: Probe) -> dict[str, np.ndarray]:
    """Give the values about which variables can be mirrored, if any, each in its own shape.

    Between the bounds, or where the prior has its center: a prior is the same on both sides of one
    point at most.
    """
    found = {}
    for slot in [slot for slot in probe.slots if may_be_mirrored(slot)]:
        name, distribution = slot.variable.name, slot.variable.distribution
        support = distribution.support
        if isinstance(support, Interval):
            center = 0.5 * (np.asarray(support.lower, float) + np.asarray(support.upper, float))
        elif isinstance(distribution, Normal) and isinstance(distribution.mu, np.ndarray):
            center = distribution.mu
        else:
            center = probe.typical[name]
        if np.all(np.isfinite(center)):
            found[name] = np.broadcast_to(center, slot.variable.shape)
    if not found:
        return {}
    # Not those whose transform is not one that the center is the middle of.
    at = probe.point(base_of(probe, found))
    return {name: c for name, c in found.items() if np.allclose(at[name], c, atol=1e-9)}


def base_of(probe: Probe, middles: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Give coordinates of a point that all mirrors leave where it is, and all exchanges."""
    base = dict(probe.base)
    for name, center in middles.items():
        bounded = isinstance(probe.by_name[name].variable.distribution.support, Interval)
        base[name] = np.zeros(center.shape) if bounded else np.array(center)
    return base


def reflections(middles: Mapping[str, np.ndarray]) -> list[Move]:
    """List what can be mirrored: elements of small variables, slices along axes, and the whole."""
    result: list[Move] = []
    for name, center in middles.items():
        parts: list[tuple[tuple[int, int], ...]] = []
        if 1 < center.size <= (LONGEST if center.ndim == 1 else FEW):
            parts += [tuple(enumerate(index)) for index in np.ndindex(center.shape)]
        if center.ndim > 1:
            # Factors are few.
            parts += [
                ((axis, at),)
                for axis in np.argsort(center.shape, kind="stable").tolist()
                if 1 < center.shape[axis] <= LONGEST
                for at in range(center.shape[axis])
            ]
        parts.append(())
        for place in dict.fromkeys(parts):
            about = center[part(place, center.ndim)]
            if about.size and np.all(about == about.flat[0]):
                result.append((Role((name,), within=place, mirror=2.0 * float(about.flat[0])),))
    return result


def exchanges_with_mirrors(slots: Sequence[Slot], middles: Mapping[str, np.ndarray]) -> list[Move]:
    """List exchanges of two values in which both are mirrored besides.

    The probabilities of going to state 0 from either of two states: p and q become 1 - q and 1 - p.
    """
    result: list[Move] = []
    for role in pairs_of_variables(slots):
        one, other = (middles.get(name) for name in role.variables)
        if one is not None and other is not None and one.size == 1 and one.ravel() == other.ravel():
            result.append((Role(role.variables, mirror=2.0 * float(one.ravel()[0])),))
    for name, center in middles.items():
        if np.all(center == center.ravel()[:1]):
            result += [
                (Role((name,), axis, (0, 1), mirror=2.0 * float(center.ravel()[0])),)
                for axis, length in enumerate(center.shape)
                if length == 2
            ]
    return result
