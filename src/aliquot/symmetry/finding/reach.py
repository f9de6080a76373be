"""Whether components can be where the others can be: bounds that differ a little are seldom met."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import jax.numpy as jnp
import numpy as np

from aliquot.density.layout import Slot
from aliquot.distributions.constraints import Interval, LowerCholesky
from aliquot.expression import Expression
from aliquot.symmetry.finding.places import Move, natural_transform, ordering_axis
from aliquot.symmetry.role import Role
from aliquot.transforms import Transform


def same_reach(move: Move, slots: Mapping[str, Slot]) -> bool:
    """Say whether known bounds of the components that a move exchanges are the same.

    Bounds that are computed from other variables are part of the density, which points at random
    show.
    """
    # The center of a mirror is the middle of the bounds.
    return all(_same(replace(role, mirror=None), slots) for role in move if not role.stays)


def _same(role: Role, slots: Mapping[str, Slot]) -> bool:
    bounds = [list(_bounds(slots[name])) for name in role.variables]
    if role.axis is None:
        return all(
            len(own) == len(bounds[0])
            and all(np.array_equal(a, b) for a, b in zip(own, bounds[0], strict=True))
            for own in bounds
        )
    for bound in bounds[0]:
        shape = slots[role.variables[0]].variable.shape
        if bound.ndim > len(shape):
            continue
        each = role.slices({role.variables[0]: np.broadcast_to(bound, shape)}, 0)
        if not np.all(each == each[:1]):
            return False
    return True


def _bounds(slot: Slot) -> Iterator[np.ndarray]:
    """Yield the bounds of a variable's support and of its transform, where they are numbers."""
    support: Any = slot.variable.distribution.support
    given = [support.lower, support.upper] if isinstance(support, Interval) else []
    # The bounds of values that are kept in order are those of the support.
    if ordering_axis(slot) is None:
        own = [getattr(slot.transform, field) for field in slot.transform.fields]
        given += [bound for bound in own if not isinstance(bound, Transform)]
    if isinstance(support, LowerCholesky) and support.scales is not None:
        # One for each row of a matrix.
        scales = (support.scales.lower, support.scales.upper)
        given += [bound[..., None] if np.ndim(bound) else bound for bound in scales]
    for bound in given:
        if not isinstance(bound, Expression):
            yield np.asarray(np.inf if bound is None else bound, float)


def bounds_by_transform(slot: Slot) -> bool:
    """Say whether a variable's transform, and not its support, is what bounds it."""
    if natural_transform(slot) is not slot.transform:
        return False
    return not getattr(slot.variable, "fits", False)


def reached(slot: Slot, values: Any) -> Any:
    """Say whether a value is within the reach of its transform."""
    transform, value = values(slot.transform), values(slot.variable)
    back = transform.backward(transform.forward(value))
    return jnp.all(jnp.abs(back - value) <= 1e-6 * (1.0 + jnp.abs(value)))
