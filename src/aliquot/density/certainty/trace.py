"""Following a computation, operation by operation, with what is known of each value."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from aliquot.density.certainty.fact import NONNEGATIVE, POSITIVE, STRUCTURES, Fact
from aliquot.distributions.constraints import TOLERANCE, ProbabilityVector
from aliquot.primitives import Kind, Walk, kind, name_of, with_derivative
from aliquot.primitives.internals import shape_of


class Trace:
    """Goes through a computation, and gives equal numbers to what is computed alike."""

    def __init__(self) -> None:
        self.count = 0
        self.numbers: dict[Any, int] = {}
        self.exponent_of: dict[int, int] = {}
        self.one_minus: dict[int, int] = {}

    def new(self) -> int:
        self.count += 1
        return self.count

    def run(self, program: Any, inputs: Sequence[Fact]) -> list[Fact]:
        return Walk(program, inputs, self.outputs, lambda _, value: self.constant(value)).outputs

    def constant(self, value: Any) -> Fact:
        array = np.asarray(value)
        key = ("constant", array.shape, array.tobytes()) if array.size <= 8 else ("at", id(value))
        number = self.numbers.setdefault(key, self.new())
        fact = Fact(number, array.shape, base=number, known=array)
        if array.dtype.kind not in "bif":
            return fact
        sign = POSITIVE if np.all(array > 0) else NONNEGATIVE if np.all(array >= 0) else 0
        structures = frozenset(
            (STRUCTURES[ProbabilityVector], (axis,))
            for axis in range(array.ndim)
            if sign and np.all(np.abs(np.sum(array, axis=axis) - 1) < TOLERANCE)
        )
        return replace(fact, sign=sign, unit=bool(np.all(array <= 1)), structures=structures)

    def outputs(self, equation: Any, operands: list[Fact]) -> list[Fact]:
        function = with_derivative(equation)
        if function is not None:
            return self.run(function, operands)
        name = name_of(equation)
        numbers = tuple(fact.number for fact in operands)
        results = []
        for place, var in enumerate(equation.outvars):
            shape = shape_of(var)
            key = (name, place, numbers, shape, str(equation.params))
            # What other operations are told may be too long to be compared as text.
            alike = name in RULES or kind(equation) is Kind.ELEMENTWISE
            number = self.numbers.setdefault(key, self.new()) if alike else self.new()
            results.append(Fact(number, shape, base=number))
        rule = RULES.get(name)
        if rule is not None and len(results) == 1:
            results[0] = rule(self, results[0], operands, equation.params)
        return results


Rule = Callable[[Trace, Fact, list[Fact], Mapping[str, Any]], Fact]
RULES: dict[str, Rule] = {}


def rule(*names: str) -> Callable[[Rule], Rule]:
    """Register the rule of the primitives of these names."""

    def register(rule: Rule) -> Rule:
        RULES.update(dict.fromkeys(names, rule))
        return rule

    return register
