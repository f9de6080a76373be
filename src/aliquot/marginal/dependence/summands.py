"""Splitting a term into summands that depend on fewer elements than the whole.

A term is the sum of an array's elements. Where the array was made by an operation that `linear`
knows, that is a weighted sum of the elements of its operands, of which the same can be asked::

    sum(w * (a + b))        sum(w * a) + sum(w * b)
    sum(w * a.T)            sum(w.T * a)            weights are brought back to the operand's axes
    sum(3 * a)              3 * sum(a)              a scalar becomes a coefficient of the sum
    sum(where(c, a, 0))     sum of a where c holds  a guard, which no factor may pass: it may be inf

So it goes backwards through the program, as long as some operand depends on fewer elements than the
result does.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any

import jax.numpy as jnp

from aliquot.marginal.dependence.linear import Linear, Link, Move
from aliquot.marginal.dependence.references import Dependence, reference_count
from aliquot.primitives import FlatProgram, Walk
from aliquot.primitives.internals import is_literal, shape_of

_MOST_SUMMANDS = 4096
"""A sum of more summands than this is left whole."""


@dataclass(frozen=True)
class Summand:
    """A part of a term: the sum of a value's elements, times its coefficients.

    The term is the sum of its summands. Where a part of it was weighted element by element, or
    counts only under a condition, the value is a new one that the program was given for the
    purpose: the elements times their weights, or 0 where the condition does not hold. A term keeps
    its value -inf where it had it: what a condition rules out is a summand of its own.
    """

    term: int  # number of the output
    var: Any  # a value of the program, Var or Literal
    sign: float  # 1 or -1
    # Values of shape () that depend on no discrete variable, to multiply with (1) or to divide by
    # (-1).
    coefficients: tuple[tuple[Any, int], ...]
    dependence: Dependence  # of `var`


@dataclass(frozen=True)
class _Weighted:
    """A weighted sum of a value's elements that is still to be split."""

    atom: Any  # the value, Var or Literal
    sign: float = 1.0
    coefficients: tuple[tuple[Any, int], ...] = ()  # as of `Summand`: of the whole sum
    # What each element is multiplied (1) or divided (-1) by: without axes or with the value's.
    weights: tuple[tuple[Any, int], ...] = ()
    # Conditions on elements, and whether each or its opposite must hold.
    guards: tuple[tuple[Any, bool], ...] = ()

    @property
    def plain(self) -> bool:
        """Whether all elements count alike."""
        return all(shape_of(atom) == () for atom, _ in (*self.weights, *self.guards))


class Splitter:
    """Splits the outputs of a program, which gets the new values that summands need.

    `found` is the walk through that program.
    """

    def __init__(self, program: FlatProgram, found: Walk) -> None:
        self._program = program
        self._found = found
        self._links: dict[Any, list[Link]] = {}
        producers = {var: equation for equation in program.equations for var in equation.outvars}
        self._linear = Linear(found, producers)
        # Of a value that is split: the most that a summand depends on, and their number.
        self._most: dict[Any, float] = {}
        self._number: dict[Any, int] = {}
        # Operands come before results, so that no recursion is needed.
        for equation in program.equations:
            if len(equation.outvars) == 1:
                self._consider(equation)

    def _consider(self, equation: Any) -> None:
        """Note how a value can be split, if that is worth it."""
        (var,) = equation.outvars
        whole = self._count(var)
        links = self._linear.links(equation) if whole > 1 else None
        if not links:
            return
        atoms = [link.atom for link in links]
        most = max(
            self._count(a) if is_literal(a) else self._most.get(a, self._count(a)) for a in atoms
        )
        number = sum(1 if is_literal(a) else self._number.get(a, 1) for a in atoms)
        worth_it = most < whole and number <= _MOST_SUMMANDS
        if worth_it and all(link.check() for link in links):
            self._links[var], self._most[var], self._number[var] = links, most, number

    def _count(self, atom: Any) -> float:
        return reference_count(self._found[atom].dependence)

    def split(self, outputs: Collection[Any], whole: Collection[int]) -> list[Summand]:
        """Return the summands of all outputs, those of one next to each other."""
        summands = []
        for term, output in enumerate(outputs):
            waiting = [_Weighted(output)]
            while waiting:
                part = waiting.pop()
                links = [] if term in whole else self._links_of(part)
                if links:
                    waiting += [self._through(part, link) for link in reversed(links)]
                else:
                    summands.append(self._finish(term, part))
        return summands

    def _links_of(self, part: _Weighted) -> list[Link]:
        links = [] if is_literal(part.atom) else self._links.get(part.atom, [])
        return [] if any(link.plain for link in links) and not part.plain else links

    def _through(self, part: _Weighted, link: Link) -> _Weighted:
        """Return what a part asks of one operand of the operation that made its value."""
        weights = tuple((self._back(atom, link), power) for atom, power in part.weights)
        guards = tuple((self._back(atom, link), holds) for atom, holds in part.guards)
        if link.guard is not None:
            guards += (link.guard,)
        moved = replace(
            part, atom=link.atom, sign=part.sign * link.sign, weights=weights, guards=guards
        )
        return moved if link.weight is None else self._multiplied(moved, *link.weight, link.shaped)

    def _back(self, atom: Any, link: Link) -> Any:
        """Bring weights or guards of the results back to the operand's elements."""
        if link.back is None or shape_of(atom) == ():
            return atom
        return self._program.append(link.back, atom)

    def _multiplied(self, part: _Weighted, atom: Any, power: int, shaped: Move | None) -> _Weighted:
        """Multiply a part with a factor, or divide it by one."""
        if shaped is not None:
            atom = self._program.append(shaped, atom)
        # Where a guard does not hold, the factor may be infinite or no number.
        if shape_of(atom) == () and not part.guards:
            return replace(part, coefficients=(*part.coefficients, (atom, power)))
        return replace(part, weights=(*part.weights, (atom, power)))

    def _finish(self, term: int, part: _Weighted) -> Summand:
        var = part.atom
        for atom, power in part.weights:
            operation = jnp.multiply if power > 0 else jnp.divide
            var = self._program.append(operation, var, atom)
        for atom, holds in part.guards:
            var = self._program.append(_kept if holds else _dropped, atom, var)
        dependence = self._found[part.atom].dependence
        return Summand(term, var, part.sign, part.coefficients, dependence)


def _kept(condition: Any, value: Any) -> Any:
    return jnp.where(condition, value, 0.0)


def _dropped(condition: Any, value: Any) -> Any:
    return jnp.where(condition, 0.0, value)
