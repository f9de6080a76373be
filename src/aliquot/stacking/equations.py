"""Which equations of a jaxpr are alike, so that one operation can do what all of them do.

Two equations are *alike* if they apply one primitive, with equal parameters, to operands that are
alike, down to the inputs. Numbers that stand in the program may differ, and so may where a slice
of one array begins. What is alike lies at one height above the inputs, so that none of it depends
on another. Long chains of additions are taken as one sum, in whose terms order means nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from aliquot.primitives import name_of, with_derivative
from aliquot.primitives.internals import (
    closed,
    is_literal,
    programs,
    shape_of,
    size_of,
    variables,
)

# Fewer than these are computed one by one.
FEWEST = 4
# Numbers that the results of equations that are alike may have together: no more memory than that.
MOST_NUMBERS = 2**22


@dataclass(frozen=True, eq=False)
class Line:
    """An equation, or a sum of more than two terms in the place of several."""

    equation: Any
    operands: Sequence[Any]
    signs: tuple[int, ...] = ()  # of a sum: whether each term is added or subtracted

    @property
    def is_cut(self) -> bool:
        """Whether it is a slice without gaps, which begins where its parameters say."""
        return name_of(self.equation) == "slice" and self.equation.params["strides"] is None


@dataclass
class Group:
    """Lines that are alike, so high above the inputs."""

    height: int
    lines: list[Line]


def groups(jaxpr: Any) -> list[Group]:
    """Sort the equations of a jaxpr without calls, each group after those it depends on."""
    numbers: dict[Hashable, int] = {}
    found: list[Group] = []
    kinds: dict[Any, Hashable] = {var: ("input", var) for var in jaxpr.invars}
    kinds |= {var: ("constant", *_type(var)) for var in jaxpr.constvars}
    heights: dict[Any, int] = {}
    written = _Written()
    read = Counter(v for equation in jaxpr.eqns for v in set(variables(equation.invars)))

    def kind(atom: Any) -> Hashable:
        return ("number", *_type(atom)) if is_literal(atom) else kinds[atom]

    for line in _lines(jaxpr):
        equation = line.equation
        if line.signs:
            key: Hashable = ("sum", line.signs, *map(kind, line.operands))
        elif line.is_cut and read[line.operands[0]] >= FEWEST:
            # Of one array: where each begins is no matter.
            key = ("cut", line.operands[0], shape_of(equation.outvars[0]))
        else:
            key = (written.key(equation), *map(kind, line.operands))
        number = numbers.setdefault(key, len(found))
        if number == len(found):
            height = 1 + max((heights.get(v, 0) for v in variables(line.operands)), default=0)
            found.append(Group(height, []))
        found[number].lines.append(line)
        for k, var in enumerate(equation.outvars):
            kinds[var] = number, k
            heights[var] = found[number].height
    parts = [part for group in found for part in _apart(group)]
    return sorted(parts, key=lambda group: group.height)


def _apart(group: Group) -> list[Group]:
    """Take apart what is not worth putting together, or too large."""
    equation = group.lines[0].equation
    numbers = len(group.lines) * max(map(size_of, equation.outvars), default=0)
    inner = programs(equation) and with_derivative(equation) is None
    if len(group.lines) >= FEWEST and numbers <= MOST_NUMBERS and not inner:
        return [group]
    return [Group(group.height, [line]) for line in group.lines]


def _lines(jaxpr: Any) -> list[Line]:
    """List the equations, long chains of additions and subtractions as one."""
    made = {
        equation.outvars[0]: number
        for number, equation in enumerate(jaxpr.eqns)
        if name_of(equation) in ("add", "sub")
        and np.issubdtype(_type(equation.outvars[0])[1], np.floating)
    }
    uses = Counter(v for equation in jaxpr.eqns for v in variables(equation.invars))
    uses.update(variables(jaxpr.outvars))
    swallowed: set[int] = set()
    result = []
    for number in reversed(range(len(jaxpr.eqns))):
        equation = jaxpr.eqns[number]
        if number in swallowed:
            continue
        if made.get(equation.outvars[0]) == number:
            terms, within = _terms(equation, jaxpr.eqns, made, uses)
            if len(terms) >= FEWEST:
                swallowed |= within
                signs, atoms = zip(*terms, strict=True)
                result.append(Line(equation, atoms, signs))
                continue
        result.append(Line(equation, equation.invars))
    return result[::-1]


def _terms(
    equation: Any, equations: Sequence[Any], made: dict[Any, int], uses: Counter[Any]
) -> tuple[list[tuple[int, Any]], set[int]]:
    """Give the terms of a sum with their signs, and the equations that add them up."""
    terms, within = [], set()
    waiting = [(1, equation, None)]
    while waiting:
        sign, adding, atom = waiting.pop()
        if adding is None:
            terms.append((sign, atom))
            continue
        signs = (sign, -sign if name_of(adding) == "sub" else sign)
        for one, operand in reversed([*zip(signs, adding.invars, strict=True)]):
            number = None if is_literal(operand) or uses[operand] > 1 else made.get(operand)
            if number is None:
                waiting.append((one, None, operand))
            else:
                within.add(number)
                waiting.append((one, equations[number], None))
    return terms, within


def _type(atom: Any) -> tuple[Any, Any]:
    return shape_of(atom), getattr(atom.aval, "dtype", None)


class _Written:
    """Says in values that can be compared what equations do, whatever their operands are."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[Any, Hashable]] = {}  # with what keeps the number taken

    def key(self, equation: Any) -> Hashable:
        """Name what an equation does: equal for two only if they do the same."""
        return equation.primitive, self._of(equation.params)

    def _once(self, thing: Any, make: Callable[[], Hashable]) -> Hashable:
        if id(thing) not in self._known:
            self._known[id(thing)] = thing, make()
        return self._known[id(thing)][1]

    def _of(self, params: dict[str, Any]) -> Hashable:
        return tuple((name, self._value(params[name])) for name in sorted(params))

    def _value(self, value: Any) -> Hashable:
        if hasattr(value, "eqns") or hasattr(value, "jaxpr"):
            return self._once(value, lambda: self._program(closed(value)))
        if isinstance(value, tuple | list):
            return type(value), tuple(map(self._value, value))
        if isinstance(value, np.ndarray):
            return value.dtype, value.shape, value.tobytes()
        if callable(value) or not isinstance(value, Hashable):
            # Such as the derivative of a function that has its own: alike to itself only, as where
            # one call of `jit` is found again.
            return self._once(value, object)
        return type(value), value

    def _program(self, program: Any) -> Hashable:
        """Number the variables of a jaxpr, so that two that compute the same are equal."""
        jaxpr, numbers = program.jaxpr, Counter[Any]()

        def named(atom: Any) -> Hashable:
            if is_literal(atom):
                return _type(atom), np.asarray(atom.val).tobytes()
            return numbers.setdefault(atom, len(numbers)), _type(atom)

        constants = tuple(map(self._value, program.consts))
        inputs = tuple(map(named, [*jaxpr.constvars, *jaxpr.invars]))
        body = tuple(
            (self.key(e), tuple(map(named, e.invars)), tuple(map(named, e.outvars)))
            for e in jaxpr.eqns
        )
        return constants, inputs, body, tuple(map(named, jaxpr.outvars))
