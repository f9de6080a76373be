"""Splitting a term into summands that depend on fewer elements than the whole."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any

import jax.numpy as jnp

from aliquot.marginal.dependence.linear import Linear, Link, Move
from aliquot.marginal.dependence.references import Dependence, reference_count
from aliquot.primitives import Flat, Walk
from aliquot.primitives.internals import is_literal

_MOST_SUMMANDS = 4096
"""A sum of more summands than this is left whole."""


@dataclass(frozen=True)
class Summand:
    """A part of a term: the sum of a value's elements, times its coefficients.

    The term is the sum of its summands. Where a part of it was weighted element by element, or
    counts only under a condition, the value is a new one that the program was given for the
    purpose: the elements times their weights, or 0 where the condition does not hold. A term keeps
    its value -inf where it had it: what a condition rules out is a summand of its own.

    Attributes
    ----------
    term : int
        Number of the output.
    var : Var or Literal
        A value of the program.
    sign : float
        1 or -1.
    coefficients : tuple of (atom, int)
        Values of shape () that depend on no discrete variable, to multiply with (1) or to divide
        by (-1).
    dependence : tuple of Reference, or Mixed
        Of `var`.
    """

    term: int
    var: Any
    sign: float
    coefficients: tuple[tuple[Any, int], ...]
    dependence: Dependence


@dataclass(frozen=True)
class _Weighted:
    """A weighted sum of a value's elements that is still to be split."""

    atom: Any
    sign: float = 1.0
    coefficients: tuple[tuple[Any, int], ...] = ()
    weights: tuple[tuple[Any, int], ...] = ()
    guards: tuple[tuple[Any, bool], ...] = ()

    @property
    def plain(self) -> bool:
        """Whether all elements count alike."""
        return all(atom.aval.shape == () for atom, _ in (*self.weights, *self.guards))


class Splitter:
    """Splits the outputs of a program.

    Parameters
    ----------
    program : Flat
        Gets the new values that summands need.
    found : Walk
        Of that program.
    """

    def __init__(self, program: Flat, found: Walk) -> None:
        self._program = program
        self._found = found
        self._links: dict[Any, list[Link]] = {}
        producers = {var: equation for equation in program.equations for var in equation.outvars}
        linear = Linear(found, producers)
        most: dict[Any, float] = {}
        count: dict[Any, int] = {}
        # Operands come before results, so that no recursion is needed.
        for equation in program.equations:
            var = equation.outvars[0] if equation.outvars else None
            whole = 0 if var is None else reference_count(found[var].dependence)
            links = linear.links(equation) if whole > 1 else None
            if not links:
                continue
            atoms = [link.atom for link in links]
            parts = [
                self._count(atom) if is_literal(atom) else most.get(atom, self._count(atom))
                for atom in atoms
            ]
            summands = sum(1 if is_literal(a) else count.get(a, 1) for a in atoms)
            if max(parts) < whole and summands <= _MOST_SUMMANDS and all(x.check() for x in links):
                self._links[var] = links
                most[var] = max(parts)
                count[var] = summands

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

        def moved(atom: Any, back: Move | None) -> Any:
            if back is None or atom.aval.shape == ():
                return atom
            return self._program.append(back, atom)

        weights = tuple((moved(atom, link.back), power) for atom, power in part.weights)
        guards = tuple((moved(atom, link.back), holds) for atom, holds in part.guards)
        coefficients = part.coefficients
        if link.guard is not None:
            guards += (link.guard,)
        if link.weight is not None:
            atom, power = link.weight
            if link.shaped is not None:
                atom = self._program.append(link.shaped, atom)
            # Where a guard does not hold, the factor may be infinite or no number.
            if atom.aval.shape == () and not guards:
                coefficients += ((atom, power),)
            else:
                weights += ((atom, power),)
        return replace(
            part,
            atom=link.atom,
            sign=part.sign * link.sign,
            coefficients=coefficients,
            weights=weights,
            guards=guards,
        )

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
