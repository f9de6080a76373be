"""Observations on a disk that are looked at one and all: whole numbers, and inside the support.

A model is written with some rows, among which are the smallest and the largest number of each
column. Whether every row is what its distribution can give may not follow from these.
"""

from __future__ import annotations

from copy import copy
from typing import Any

import numpy as np

from aliquot.compilation import lazily
from aliquot.distributions.constraints import Constraint, Interval
from aliquot.errors import DTypeError, SupportError
from aliquot.expression import Evaluation, Expression, leaves
from aliquot.expression.lengths import of_rows_on_disk, on_disk
from aliquot.precision import float64
from aliquot.rows import Feed
from aliquot.rows.kinds import row


def check_all_rows(model: Any, feed: Feed) -> None:
    """Refuse observations that their distributions cannot give, with the first row where one is.

    Rows are gone through only where it does not follow from what is known.

    Raises
    ------
    DTypeError, SupportError
    """
    checks = [check for v in model.observed if (check := _Check(v)).is_needed]
    if not checks:
        return
    with float64():
        for block in feed.walk():
            for check in checks:
                check(block)


class _Check:
    """What has to be looked at in all rows of one observed variable."""

    def __init__(self, variable: Any) -> None:
        self._name, self._distribution = variable.name, variable.distribution
        # As they are given: what is converted to whole numbers is no fraction any more.
        given = variable.data_expression
        self._given = variable.observed if given is None else given
        self._of_rows = of_rows_on_disk(self._given)
        support = self._distribution.support
        self._fractions = self._distribution.discrete and self._given.dtype.kind == "f"
        self._support = self._looked_at(support) if self._of_rows else None
        bounds = [support.lower, support.upper] if isinstance(support, Interval) else []
        self._bounds = [b for b in bounds if isinstance(b, Expression)]
        self._leaves = leaves([self._given, *self._bounds])
        self._values = lazily(self._evaluated)

    @property
    def is_needed(self) -> bool:
        return self._of_rows and (self._fractions or self._support is not None)

    def _looked_at(self, support: Constraint) -> Constraint | None:
        """Give the support if it is known, and what is known of the extremes does not suffice."""
        if support.constant():
            one_by_one = support.elementwise().event_dims == 0
            return None if one_by_one and not self._given.inputs else support
        if not isinstance(support, Interval):
            return None
        known = all(leaf.value_now() is not None for leaf in leaves([support.lower, support.upper]))
        return support if known else None

    def _evaluated(self, arrays: list[Any]) -> list[Any]:
        values = Evaluation(dict(zip(self._leaves, arrays, strict=True)))
        return [values(node) for node in (self._given, *self._bounds)]

    def __call__(self, block: Any) -> None:
        arrays = [
            block.arrays[leaf.name] if on_disk(leaf) else np.asarray(leaf.value)
            for leaf in self._leaves
        ]
        given, *bounds = map(np.asarray, self._values(arrays))
        first, given = block.number * len(given), given[: block.counted]
        if self._fractions and (broken := given != np.floor(given)).any():
            place = tuple(int(i) for i in np.argwhere(broken)[0])
            raise DTypeError(
                f"{self._name}: the data of {self._distribution.family}, a distribution of "
                f"integers, hold {given[place]} in {row(first + place[0])}: give whole numbers, as "
                "integers or as floats"
            )
        if self._support is None:
            return
        inside = np.asarray(self._known(bounds, block.counted).elementwise().check(given))
        if not inside.all():
            place = tuple(int(i) for i in np.argwhere(~inside)[0])
            raise SupportError(
                f"{self._name}: data of {self._distribution.family} must be "
                f"{self._distribution.support.description}; got {given[place]} in "
                f"{row(first + place[0])}"
            )

    def _known(self, bounds: list[np.ndarray], counted: int) -> Any:
        if not self._bounds:
            return self._support
        known: Any = copy(self._support)
        found = iter(bounds)
        for end in ("lower", "upper"):
            if isinstance(getattr(known, end), Expression):
                bound = next(found)
                setattr(known, end, bound[:counted] if np.ndim(bound) else bound)
        return known
