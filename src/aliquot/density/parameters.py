"""Checking the parameters that a distribution gets at a point, for `Model.debug`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from aliquot.distributions.base import Distribution
from aliquot.distributions.parameters import at
from aliquot.expression import Expression, expressions, order


def may_be_lost(sources: Any) -> list[Expression]:
    """List what is taken by an index that may be out of range."""
    return [node for node in order(expressions(sources)) if node.safe is not None]


def out_of_range(taken: Sequence[Expression], lost: Sequence[np.ndarray]) -> list[str]:
    """Say what is taken out of range, and where."""
    return [
        f"{node.text} is out of range{at(np.argwhere(where)[0])}: there is no such element, and "
        "so no density. Give the index a range, as in np.clip(index, 0, 2)"
        for node, where in zip(taken, lost, strict=True)
        if where.any()
    ]


def parameter_problems(distribution: Distribution, values: Mapping[str, Any]) -> list[str]:
    """Say which parameters are not finite or outside their range, and where."""
    problems = []
    for name, value in values.items():
        if isinstance(value, Distribution):
            inner = parameter_problems(value, value.parameters)
            problems += [f"{problem} ({name}, {value.family})" for problem in inner]
            continue
        constraint = distribution.constraints.get(name)
        if constraint is None or not constraint.constant():
            continue
        array = np.asarray(value)
        inside = np.asarray(constraint.check(array))
        if not inside.all():
            index = tuple(int(i) for i in np.argwhere(~inside)[0])
            problems.append(
                f"its parameter {name} must be {constraint.description}; "
                f"it is {array[index]}{at(index)}{constraint.detail(array, index)}"
            )
    return problems
