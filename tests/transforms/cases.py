"""One row for each transform: what it is, the set it reaches, and shapes to try it on.

`free` lists the elements of x that the log Jacobian is taken with respect to, for transforms whose
x has more elements than y: the reference measure is Lebesgue's on these.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from operator import itemgetter
from typing import NamedTuple

import numpy as np
from scipy.linalg import helmert

from aliquot import transforms as tr
from aliquot.distributions import constraints as sets
from aliquot.distributions.array_constraints import ZeroSumArray, correlation
from aliquot.distributions.constraints import Constraint
from tests.programs import quick


@dataclass(frozen=True)
class Case:
    name: str
    transform: tr.Transform
    support: Constraint
    shapes: tuple[tuple[int, ...], ...]
    free: Callable[[np.ndarray], np.ndarray] = np.ravel
    bijective: bool = True

    def __str__(self) -> str:
        return self.name


class There(NamedTuple):
    x: np.ndarray
    log_jacobian: np.ndarray
    y: np.ndarray
    x_again: np.ndarray


@cache
def compiled(transform: tr.Transform) -> Callable[..., There]:
    """Compile the way from y to x and back, once for each shape, with bounds as arguments."""

    def there_and_back(t, y):
        x = t.backward(y)
        again = t.forward(x)
        return There(x, t.log_det_jacobian(y), again, t.backward(again))

    program = quick(there_and_back)
    return lambda y: There(*map(np.asarray, program(transform, y)))


class PositiveOrderedVector(sets.OrderedVector):
    def check(self, x, xp=np):
        return super().check(x, xp) & xp.all(x > 0, axis=-1)


class CorrelationFactor(sets.LowerCholesky):
    def check(self, x, xp=np):
        return super().check(x, xp) & xp.all(xp.abs(xp.sum(x**2, -1) - 1) < 1e-12, axis=-1)


@dataclass(frozen=True)
class InOrder(Constraint):
    """Values of another support that increase along an axis, counted from the last.

    `entry` indexes the last axes, that one included: the entries that decide the order.
    """

    within: Constraint
    axis: int = -1
    entry: tuple[int | slice, ...] = ()

    def check(self, x, xp=np):
        steps = xp.diff(x, axis=self.axis)[(..., *self.entry)]
        return xp.all(self.within.check(x, xp)) & xp.all(steps > 0)


def in_order(
    name: str,
    order: tr.Ordered,
    natural: tr.Transform,
    support: InOrder,
    *shapes: tuple[int, ...],
    free: Callable[[np.ndarray], np.ndarray] = np.ravel,
) -> Case:
    return Case(name, order.fitted(natural, shapes[0]), support, shapes, free)


def orthonormal(x: np.ndarray) -> np.ndarray:
    """Give orthonormal coordinates of an array that sums to zero along each axis, by Helmert."""
    for axis, length in enumerate(x.shape):
        x = np.moveaxis(np.moveaxis(x, axis, -1) @ helmert(length).T, -1, axis)
    return x.ravel()


ALL = slice(None)
INSIDE = sets.Interval(-2.0, 7.5)
SCALARS = ((), (2, 3))
ARRAY = ((2, 3),)
VECTORS = ((2,), (3, 4))
MATRICES = ((2, 2), (2, 3, 3))
LESS_ONE = itemgetter(slice(-1))
BOUNDS = np.array([-2.0, 0.5, 3.0]), np.array([-1.0, 4.5, 30.0])

CASES = [
    Case("identity", tr.identity, sets.real, SCALARS),
    Case("log", tr.log, sets.positive, SCALARS),
    Case("log above 2", tr.Log(2.0), sets.Interval(2.0), ARRAY),
    Case("log above an array", tr.Log(BOUNDS[0]), sets.Interval(BOUNDS[0]), ARRAY),
    Case("log below 0", tr.UpperLog(), sets.Interval(None, 0.0), ARRAY),
    Case("log below -3", tr.UpperLog(-3.0), sets.Interval(None, -3.0), ARRAY),
    Case("logodds", tr.logodds, sets.unit_interval, SCALARS),
    Case("interval", tr.interval(-2, 7.5), INSIDE, ARRAY),
    Case("interval of arrays", tr.interval(*BOUNDS), sets.Interval(*BOUNDS), ARRAY),
    Case("ordered", tr.ordered, sets.ordered_vector, ((1,), *VECTORS)),
    Case("positive ordered", tr.positive_ordered, PositiveOrderedVector(), ((1,), *VECTORS)),
    in_order(
        "ordered columns",
        tr.ordered(axis=1),
        tr.identity,
        InOrder(sets.real, -2),
        (2, 3, 2),
    ),
    in_order(
        "ordered rows",
        tr.ordered(axis=-2, at=1),
        tr.identity,
        InOrder(sets.real, -2, (ALL, 1)),
        (2, 3, 2),
    ),
    in_order(
        "ordered matrices by an entry",
        tr.ordered(axis=1, at=(1, 0)),
        tr.log,
        InOrder(sets.positive, -2, (1, ALL, 0)),
        (2, 3, 2),
    ),
    in_order(
        "positive ordered rows",
        tr.positive_ordered(axis=0, at=0),
        tr.identity,
        InOrder(sets.Interval(0.0), -2, (ALL, 0)),
        (3, 1),
    ),
    in_order(
        "ordered above an array",
        tr.ordered(axis=0),
        tr.Log(BOUNDS[0]),
        InOrder(sets.Interval(BOUNDS[0]), -2),
        (2, 3),
    ),
    in_order("ordered between", tr.ordered, tr.interval(-2, 7.5), InOrder(INSIDE), (2, 3)),
    in_order(
        "ordered between arrays by an entry",
        tr.ordered(axis=0, at=2),
        tr.interval(*BOUNDS),
        InOrder(sets.Interval(*BOUNDS), -2, (ALL, 2)),
        (2, 3),
    ),
    in_order(
        "ordered simplex", tr.ordered, tr.simplex, InOrder(sets.simplex), (3, 4), free=LESS_ONE
    ),
    Case("simplex", tr.simplex, sets.simplex, VECTORS, LESS_ONE),
    Case("zero sum", tr.zero_sum, ZeroSumArray(), VECTORS, orthonormal),
    Case("zero sum both ways", tr.ZeroSum(2), ZeroSumArray(2), ((2, 3), (2, 3, 4)), orthonormal),
    Case("circular", tr.circular, sets.circular, SCALARS, bijective=False),
    Case(
        "cholesky",
        tr.cholesky,
        sets.lower_cholesky,
        ((1, 1), *MATRICES),
        lambda x: x[np.tril_indices(len(x))],
    ),
    Case(
        "cholesky of scales between",
        tr.Cholesky(tr.interval(1.0, np.array([1.5, 9.0, 2.0]))),
        sets.LowerCholesky(sets.Interval(1.0, np.array([1.5, 9.0, 2.0]))),
        ((2, 3, 3),),
        lambda x: x[np.tril_indices(len(x))],
    ),
    Case(
        "cholesky of a correlation",
        tr.cholesky_corr,
        CorrelationFactor(),
        MATRICES,
        lambda x: x[np.tril_indices(len(x), -1)],
    ),
    Case(
        "correlation",
        tr.correlation,
        correlation,
        ((2, 2), (2, 3, 3), (8, 8)),
        lambda x: x[np.tril_indices(len(x), -1)],
    ),
]

EACH = [(case, shape) for case in CASES for shape in case.shapes]
IDS = [f"{case.name} {shape}" for case, shape in EACH]
