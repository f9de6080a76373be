"""Operations in which each element of the result is a function of the same place's elements."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from aliquot.marginal.dependence.references import Dependence, compact, lift, reference, same, union
from aliquot.marginal.dependence.value import Rule, Value, reason


def elementwise(equation: Any, operands: Sequence[Value]) -> Sequence[Dependence]:
    """Join the operands' references; an operand without axes goes to every element."""
    ndim = max(value.ndim for value in operands)
    parts = [lift(value.dependence, ndim) for value in operands]
    return [union(parts, reason(equation, operands))] * len(equation.outvars)


def each_to_its_own(_equation: Any, operands: Sequence[Value]) -> Sequence[Dependence]:
    """Pass every operand on as it is."""
    return [value.dependence for value in operands]


def select(equation: Any, operands: Sequence[Value]) -> Sequence[Dependence]:
    """Follow `select_n`: exactly the chosen case's references where it is known which is chosen."""
    which, *cases = operands
    why = reason(equation, operands)
    ndim = cases[0].ndim
    parts = [value.dependence for value in cases]
    if which.known is None or all(same(part, parts[0]) for part in parts[1:]):
        return [union([*parts, lift(which.dependence, ndim)], why)]
    chosen = which.known.integers()
    chosen = compact(chosen.reshape(chosen.shape or (1,) * ndim))
    kept: list[Dependence] = []
    for number, part in enumerate(parts):
        here = chosen == number
        if here.all():
            return [part]
        if not here.any() or part == ():
            continue
        if not isinstance(part, tuple):
            kept.append(part)
            continue
        kept += [reference(s.variable, np.where(here, s.index, -1)) for s in part]
    return [union(kept, why)]


RULES: dict[str, Rule] = {"optimization_barrier": each_to_its_own, "select_n": select}
