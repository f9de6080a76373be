"""Compute a function of bounded variables exactly, however near a bound they are.

The trace of the function is gone over, equation by equation, before it is differentiated. Of a
variable that a transform computes, the logarithm and the distance from each bound are known from
its coordinates; what only moves elements, and a few operations of arithmetic, keep that
knowledge; ``1 - x``, ``log(x)``, ``log1p(-x)`` and comparisons with a bound use it. So a density
does not depend on the rounding of a value that is reported, whoever wrote it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
import numpy as np

from aliquot.density.exact import rules_arithmetic, rules_movement, rules_truth
from aliquot.density.exact.known import (
    Constant,
    Fact,
    Known,
    Later,
    from_transform,
    inside,
    moved,
)
from aliquot.density.exact.rules_arithmetic import times_log
from aliquot.density.exact.rules_movement import parts
from aliquot.density.exact.site import Rule, Site
from aliquot.primitives import Walk, called, name_of, only_branch, with_derivative
from aliquot.primitives.internals import is_literal, is_traced, written_name
from aliquot.transforms import Transform
from aliquot.transforms.base import Distance, Distances

# What each primitive makes of what is known of its operands. One without a rule is computed from
# the values, as rounded as they are, and of its result nothing is known.
RULES: dict[str, Rule] = rules_movement.RULES | rules_arithmetic.RULES | rules_truth.RULES

# Functions with derivatives of their own, by name, and the bound whose distance they take the log
# of. What replaces them needs no other derivative, as no logarithm is infinite.
_TIMES_LOG = {"xlogy": 0.0, "xlog1py": -1.0}
# Likewise: what they call is right, too.
_PLAIN = ("logit",)
# Reads one entry of the last axis, whatever way it does so.
PICK = "entry_at"
# Larger arrays of constants are not looked at.
_LARGEST = 1000


class Note(NamedTuple):
    """A variable that a transform computes: its value, coordinates, and distances from bounds."""

    value: Any
    coordinates: Any
    transform: Transform
    distances: Distances


Notes = list[Note]


def note(value: Any, coordinates: Any, transform: Transform) -> Note:
    """Note what a transform makes of coordinates, inside the function that is traced.

    It is to be done before anything is computed from the value.
    """
    return Note(value, coordinates, transform, transform.distances(coordinates))


def exactly(function: Callable[..., tuple[Any, Notes]]) -> Callable[..., Any]:
    """Return a function that computes the same, but from distances from bounds where it can.

    The given one returns its result, and a note of each variable that a transform computes.

    >>> import jax.numpy as jnp
    >>> from aliquot.precision import float64
    >>> from aliquot.transforms import logodds
    >>> def log_rest(y):
    ...     x = logodds.backward(y)
    ...     notes = [note(x, y, logodds)]
    ...     return jnp.log1p(-x), notes
    >>> with float64():
    ...     print(log_rest(50.0)[0].round(2), exactly(log_rest)(50.0).round(2))
    -36.04 -50.0
    """

    def evaluated(*arguments: Any) -> Any:
        leaves, structure = jax.tree.flatten(arguments)

        def flat(*leaves: Any) -> Any:
            return function(*jax.tree.unflatten(structure, leaves))

        closed, shapes = jax.make_jaxpr(flat, return_shape=True)(*leaves)
        result_shape, noted = shapes
        count = len(jax.tree.leaves(result_shape))
        atoms = jax.tree.unflatten(jax.tree.structure(noted), closed.jaxpr.outvars[count:])
        noted_at = {one.value: one for one in atoms if not is_literal(one.value)}
        walk = _Exactly(closed, leaves, [None] * len(leaves), noted_at)
        results = [walk.value(atom) for atom in closed.jaxpr.outvars[:count]]
        return jax.tree.unflatten(jax.tree.structure(result_shape), results)

    return evaluated


Pair = tuple[Any, Fact]


class _Exactly(Walk):
    """A walk that carries each value, and what is known of it."""

    def __init__(
        self,
        program: Any,
        inputs: Sequence[Any],
        facts: Sequence[Fact],
        noted: dict[Any, Note] | None = None,
    ) -> None:
        self._notes = noted or {}
        # Made one by one: a note reads what came before its variable.
        pairs = zip(program.jaxpr.invars, inputs, facts, strict=True)
        super().__init__(program, (self._pair(*each) for each in pairs), self._step, self._given)

    def value(self, atom: Any) -> Any:
        return self[atom][0]

    def _given(self, atom: Any, value: Any) -> Pair:
        return self._pair(atom, value, _constant(value))

    def _step(self, equation: Any, operands: list[Pair]) -> list[Pair]:
        site = Site(equation, [value for value, _ in operands], [fact for _, fact in operands])
        results = zip(equation.outvars, *_apply(site), strict=True)
        return [self._pair(*each) for each in results]

    def _pair(self, atom: Any, value: Any, fact: Fact) -> Pair:
        note = None if is_literal(atom) else self._notes.get(atom)
        return value, fact if note is None else self._noted(note, value)

    def _noted(self, note: Note, value: Any) -> Fact:
        """Say what is known of a variable; its distances are computed further down in the trace."""
        transform = jax.tree.map(self.value, note.transform)
        atoms = [None if distance is None else distance.bound for distance in note.distances]
        known = [(None, None) if atom is None else self[atom] for atom in atoms]
        bounds, facts = zip(*known, strict=True)

        def later(distance: Distance | None) -> tuple[Later, Later] | None:
            if distance is None:
                return None
            return (
                Later(lambda: self.value(distance.size)),
                Later(lambda: self.value(distance.log)),
            )

        return from_transform(
            value if note.coordinates is note.value else self.value(note.coordinates),
            transform,
            bounds,
            [later(distance) for distance in note.distances],
            certain=inside(bounds, facts),
        )


def _apply(site: Site) -> tuple[Sequence[Any], Sequence[Fact]]:
    equation = site.equation
    name = name_of(equation)
    program = called(equation)
    if program is not None:
        picks = equation.params.get("name") == PICK
        if picks and isinstance(site.facts[0], Known):
            return site.bind(*site.values), [moved(site.facts[0], site.first)]
        if any(_matters(fact) for fact in site.facts):
            return _inside(program, site.values, site.facts)
    branch = only_branch(equation)
    if branch is not None:
        return _inside(branch, site.values[1:], site.facts[1:])
    function = with_derivative(equation)
    if function is not None:
        written = written_name(function)
        value = times_log(site, _TIMES_LOG[written]) if written in _TIMES_LOG else None
        if value is not None:
            return [value], [None]
        if written in _PLAIN and isinstance(site.facts[0], Known):
            return _inside(function, site.values, site.facts)
    pieces = parts(site)
    if pieces is not None:
        return pieces
    rule = RULES.get(name)
    if rule is not None and (any(map(_matters, site.facts)) or name in _SOURCES):
        result = rule(site)
        if result is not None:
            return [result[0]], [result[1]]
    return site.bind(*site.values), [None] * len(equation.outvars)


def _inside(
    program: Any, values: Sequence[Any], facts: Sequence[Fact]
) -> tuple[list[Any], list[Fact]]:
    outputs = _Exactly(program, values, facts).outputs
    return [value for value, _ in outputs], [fact for _, fact in outputs]


# Of their results something is known whatever their operands are.
_SOURCES = ("logistic", "broadcast_in_dim", "convert_element_type", "add", "sub", "mul")


def _matters(fact: Fact) -> bool:
    """Say whether a fact can change what is computed: other numbers are folded by the compiler."""
    return isinstance(fact, Known) or (
        isinstance(fact, Constant) and np.asarray(fact.value).dtype == bool
    )


def _constant(value: Any) -> Fact:
    if is_traced(value) or np.size(value) > _LARGEST:
        return None
    array = np.asarray(value)
    if array.dtype.kind not in "bf" and array.ndim:
        return None
    if array.size and (array == array.flat[0]).all():
        return Constant(array.flat[0])
    return Constant(array) if array.dtype.kind == "f" else None
