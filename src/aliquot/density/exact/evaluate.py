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
from jax.extend.core import Literal

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
from aliquot.marginal.dependence.inline import only_branch
from aliquot.transforms import Transform
from aliquot.transforms.distances import Distance, Distances

# What each primitive makes of what is known of its operands. One without a rule is computed from
# the values, as rounded as they are, and of its result nothing is known.
RULES: dict[str, Rule] = rules_movement.RULES | rules_arithmetic.RULES | rules_truth.RULES

# What only calls a jaxpr, and the parameter that holds it.
_CALLS = {"jit": "jaxpr", "pjit": "jaxpr", "closed_call": "call_jaxpr", "core_call": "call_jaxpr"}
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

    Parameters
    ----------
    function : callable
        Returns its result, and a note of each variable that a transform computes.

    Examples
    --------
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
        noted_at = {one.value: one for one in atoms if not isinstance(one.value, Literal)}
        run = _Run(closed.jaxpr, closed.consts, leaves, [None] * len(leaves), noted_at)
        results, _ = run.results(closed.jaxpr.outvars[:count])
        return jax.tree.unflatten(jax.tree.structure(result_shape), results)

    return evaluated


class _Run:
    """The values of a jaxpr's variables, and what is known of them."""

    def __init__(
        self,
        jaxpr: Any,
        consts: Sequence[Any],
        inputs: Sequence[Any],
        facts: Sequence[Fact],
        noted: dict[Any, Any] | None = None,
    ) -> None:
        self.values: dict[Any, Any] = {}
        self.facts: dict[Any, Fact] = {}
        self.noted = noted or {}
        for var, value in zip(jaxpr.constvars, consts, strict=True):
            self._set(var, value, _constant(value))
        for var, value, fact in zip(jaxpr.invars, inputs, facts, strict=True):
            self._set(var, value, fact)
        for equation in jaxpr.eqns:
            values = [self.value(atom) for atom in equation.invars]
            known = [self.fact(atom) for atom in equation.invars]
            results, found = _apply(Site(equation, values, known))
            for var, value, fact in zip(equation.outvars, results, found, strict=True):
                self._set(var, value, fact)

    def value(self, atom: Any) -> Any:
        return atom.val if isinstance(atom, Literal) else self.values[atom]

    def fact(self, atom: Any) -> Fact:
        return _constant(atom.val) if isinstance(atom, Literal) else self.facts.get(atom)

    def results(self, atoms: Sequence[Any]) -> tuple[list[Any], list[Fact]]:
        return [self.value(atom) for atom in atoms], [self.fact(atom) for atom in atoms]

    def _set(self, var: Any, value: Any, fact: Fact) -> None:
        self.values[var] = value
        if var in self.noted:
            fact = self._noted(self.noted[var])
        if fact is not None:
            self.facts[var] = fact

    def _noted(self, note: Note) -> Fact:
        """Say what is known of a variable; its distances are computed further down in the trace."""
        transform = jax.tree.map(self.value, note.transform)
        atoms = [None if distance is None else distance.bound for distance in note.distances]
        bounds = [None if atom is None else self.value(atom) for atom in atoms]
        facts = [None if atom is None else self.fact(atom) for atom in atoms]

        def later(distance: Distance | None) -> tuple[Later, Later] | None:
            if distance is None:
                return None
            return (
                Later(lambda: self.value(distance.size)),
                Later(lambda: self.value(distance.log)),
            )

        return from_transform(
            self.value(note.coordinates),
            transform,
            bounds,
            [later(distance) for distance in note.distances],
            certain=inside(bounds, facts),
        )


def _apply(site: Site) -> tuple[Sequence[Any], Sequence[Fact]]:
    equation, params = site.equation, site.equation.params
    name = equation.primitive.name
    called = params.get(_CALLS.get(name, ""))
    if called is not None and params.get("name") == PICK and isinstance(site.facts[0], Known):
        return site.bind(*site.values), [moved(site.facts[0], site.first)]
    if called is not None and any(_matters(fact) for fact in site.facts):
        return _called(called, site.values, site.facts)
    branch = only_branch(equation)
    if branch is not None:
        return _called(branch, site.values[1:], site.facts[1:])
    if name == "custom_jvp_call":
        written = params["call_jaxpr"].jaxpr.debug_info.func_name
        value = times_log(site, _TIMES_LOG[written]) if written in _TIMES_LOG else None
        if value is not None:
            return [value], [None]
        if written in _PLAIN and isinstance(site.facts[0], Known):
            return _called(params["call_jaxpr"], site.values, site.facts)
    pieces = parts(site)
    if pieces is not None:
        return pieces
    rule = RULES.get(name)
    if rule is not None and (any(map(_matters, site.facts)) or name in _SOURCES):
        result = rule(site)
        if result is not None:
            return [result[0]], [result[1]]
    return site.bind(*site.values), [None] * len(equation.outvars)


def _called(
    closed: Any, values: Sequence[Any], facts: Sequence[Fact]
) -> tuple[list[Any], list[Fact]]:
    inner = getattr(closed, "jaxpr", closed)
    return _Run(inner, getattr(closed, "consts", ()), values, facts).results(inner.outvars)


# Of their results something is known whatever their operands are.
_SOURCES = ("logistic", "broadcast_in_dim", "convert_element_type", "add", "sub", "mul")


def _matters(fact: Fact) -> bool:
    """Say whether a fact can change what is computed: other numbers are folded by the compiler."""
    return isinstance(fact, Known) or (
        isinstance(fact, Constant) and np.asarray(fact.value).dtype == bool
    )


def _constant(value: Any) -> Fact:
    if isinstance(value, jax.core.Tracer) or np.size(value) > _LARGEST:
        return None
    array = np.asarray(value)
    if array.dtype.kind not in "bf" and array.ndim:
        return None
    if array.size and (array == array.flat[0]).all():
        return Constant(array.flat[0])
    return Constant(array) if array.dtype.kind == "f" else None
