"""The evaluator: a program, computed for assignments of states to its discrete inputs.

What does not depend on a discrete input is computed once. What does is computed once for each
assignment of the inputs that it depends on, and is kept *compact*: along an axis on which it is
the same everywhere it has length 1, so that ``means[z]`` with every element of ``z`` in the same
state costs one number.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np

from aliquot.marginal.assignments import calls
from aliquot.marginal.assignments.arrays import Array, as_value, reshape
from aliquot.marginal.assignments.elementwise import elementwise, uniform
from aliquot.marginal.assignments.general import general
from aliquot.marginal.assignments.indexing import (
    component,
    look_up,
    parts_of_index,
)
from aliquot.marginal.assignments.movement import MOVEMENT
from aliquot.marginal.assignments.operation import Operation
from aliquot.marginal.assignments.origins import Origin, Origins
from aliquot.marginal.assignments.reduction import dot_general, reduce
from aliquot.primitives import Kind, called, gather_indexing, kind, name_of, slice_indexing
from aliquot.primitives.internals import is_literal, is_traced

States = Mapping[int, tuple[Hashable, Array]]


class Evaluator:
    """A program whose discrete inputs are given states, one assignment after another.

    Make one inside a traced function, and use it at the same level of tracing: what it computes is
    kept, and belongs to that trace. Calls in the program are evaluated by the same rules.

    `inputs` has a value for each input of the program, None for those that are discrete. Small
    NumPy arrays are known numbers: an index that is computed from them needs no gather.

    >>> import jax, numpy as np
    >>> from aliquot.precision import float64
    >>> def program(means, z):
    ...     return means[z]
    >>> def evaluate(means):
    ...     evaluator = Evaluator(closed, [means, None])
    ...     return evaluator.at(closed.jaxpr.outvars[0], {1: ("z", np.arange(3)[:, None])}, 1)
    >>> with float64():
    ...     closed = jax.make_jaxpr(program)(np.zeros(3), np.zeros(100, int))
    ...     table = jax.jit(evaluate)(np.array([1.0, 2.0, 3.0]))
    >>> table.shape
    (3, 1)
    """

    def __init__(
        self,
        jaxpr: Any,
        inputs: Sequence[Array | None],
        *,
        _origins: Sequence[Origin] = (),
    ) -> None:
        inner = jaxpr.jaxpr
        of = _origins or [Origin()] * len(inputs)
        # Here a discrete input is its own source, whatever it was computed from outside.
        own = [
            origin._replace(sources=frozenset([position] if value is None else ()))
            for position, (origin, value) in enumerate(zip(of, inputs, strict=True))
        ]
        self._origins = Origins(jaxpr, own)
        self._positions = {var: position for position, var in enumerate(inner.invars)}
        self._given = {
            var: as_value(value, var.aval.dtype)
            for var, value in (
                *zip(inner.constvars, jaxpr.consts, strict=True),
                *zip(inner.invars, inputs, strict=True),
            )
            if value is not None
        }
        self._memo: dict[tuple[Any, ...], Array] = {}

    def at(self, atom: Any, states: States, batch: int = 0) -> Array:
        """Compute an atom of the program for an assignment of states.

        By position of the discrete input, `states` has a key that names the assignment (one key,
        one assignment), and its states. The array has `batch` leading axes, those of assignments,
        then the input's own; each of full length, or 1 where the states are the same all along. An
        assignment that is to be found out without a gather is a NumPy array.

        The result has the same axes: `batch` leading ones (of length 1 where the value does not
        depend on it), then the atom's own, each of full length or 1 where the value is constant
        along it. It is NumPy's where it is known.
        """
        frame = _Frame(self, states, batch)
        stack = [atom]
        while stack:
            top = stack[-1]
            if frame.has(top):
                stack.pop()
                continue
            equation = self._equation(top, states)
            missing = [need for need in frame.needs(equation) if not frame.has(need)]
            if missing:
                stack.extend(missing)
                continue
            frame.apply(equation)
            stack.pop()
        return frame.value(atom)

    def _equation(self, atom: Any, states: States) -> Any:
        equation = self._origins.equation(atom)
        if equation is None:
            position = self._positions.get(atom)
            given = sorted(states)
            raise ValueError(
                f"input {position} of the program is discrete, and has no states: states are given "
                f"for inputs {given}"
                if position is not None
                else f"{atom} is not a variable of this program"
            )
        return equation


class _Frame:
    """One assignment: what is known of it so far, and how more is computed."""

    def __init__(self, evaluator: Evaluator, states: States, batch: int) -> None:
        self.origins = evaluator._origins
        self.given = evaluator._given
        self.positions = evaluator._positions
        self.memo = evaluator._memo
        self.batch = batch
        self.states = {
            position: (key, _stated(position, array, batch, self.origins))
            for position, (key, array) in states.items()
        }

    def _key(self, atom: Any) -> tuple[Any, ...]:
        sources = self.origins.sources(atom)
        if not sources:
            return (atom,)
        keys = tuple((p, self.states[p][0] if p in self.states else None) for p in sorted(sources))
        return (atom, self.batch, keys)

    def has(self, atom: Any) -> bool:
        """Say whether an atom's value is there."""
        if is_literal(atom) or atom in self.given:
            return True
        if self.positions.get(atom) in self.states and self.origins.equation(atom) is None:
            return True
        return self._key(atom) in self.memo

    def raw(self, atom: Any) -> Array:
        """Give a value that is there: without batch axes if it depends on no discrete input."""
        if is_literal(atom):
            return np.asarray(atom.val, atom.aval.dtype)
        if atom in self.given:
            return self.given[atom]
        if self.origins.equation(atom) is None:
            return self.states[self.positions[atom]][1]
        return self.memo[self._key(atom)]

    def value(self, atom: Any) -> Array:
        """Give a value that is there, with the batch axes."""
        value = self.raw(atom)
        if self.origins.sources(atom):
            return value
        return reshape(value, (1,) * self.batch + np.shape(value))

    def needs(self, equation: Any) -> Sequence[Any]:
        """Give the operands that an equation needs next, as far as can be said now."""
        name = name_of(equation)
        if name == "select_n":
            which = equation.invars[0]
            if not self.has(which):
                return [which]
            chosen = uniform(self.raw(which))
            return equation.invars if chosen is None else [equation.invars[1 + chosen]]
        if name == "gather":
            parts = self._parts(equation)
            if parts is not None:
                return [equation.invars[0], *(atom for atom, _ in parts)]
        return equation.invars

    def _parts(self, equation: Any) -> list[tuple[Any, int | None]] | None:
        index = equation.invars[1]
        return parts_of_index(self.origins.equation(index), index)

    def apply(self, equation: Any) -> None:
        """Compute the results of an equation whose needs are there."""
        varying = any(self.origins.sources(atom) for atom in equation.invars)
        batch = self.batch if varying else 0
        results = self._results(equation, batch)
        for var, result in zip(equation.outvars, results, strict=True):
            self.memo[self._key(var)] = result

    def _read(self, atom: Any, batch: int) -> Array:
        return self.value(atom) if batch else self.raw(atom)

    def _results(self, equation: Any, batch: int) -> Sequence[Array]:
        name = name_of(equation)
        invars = equation.invars
        if name == "select_n":
            chosen = uniform(self.raw(invars[0]))
            if chosen is not None:
                return [self._read(invars[1 + chosen], batch)]
        empty = any(0 in atom.aval.shape for atom in (*invars, *equation.outvars))
        if name == "gather" and not empty:
            return [self._gather(equation, batch)]
        operation = Operation(
            equation,
            tuple(self._read(atom, batch) for atom in invars),
            batch,
            tuple(self.origins[atom] for atom in invars),
        )
        if kind(equation) is Kind.ELEMENTWISE:
            return elementwise(operation)
        if not empty:
            results = self._by_rule(operation)
            if results:
                return results
        return general(operation)

    def _by_rule(self, operation: Operation) -> Sequence[Array] | None:
        name = operation.name
        if name in MOVEMENT:
            return MOVEMENT[name](operation)
        if kind(operation.equation) is Kind.REDUCES:
            return reduce(operation)
        if name == "dot_general":
            return dot_general(operation)
        if name == "dynamic_slice":
            indexing = slice_indexing(operation.equation)
            operand, *starts = operation.values
            return [look_up(indexing, operand, starts, operation.batch, operation.varies)]
        program = called(operation.equation)
        if program is not None:
            return _of(program, operation)
        program = calls.branch(operation)
        if program is not None:
            return _of(program, operation.without_first())
        return calls.custom_jvp(operation, _run)

    def _gather(self, equation: Any, batch: int) -> Array:
        operand, index = equation.invars
        parts = self._parts(equation)
        if parts is None:
            count = index.aval.shape[-1]
            value = self._read(index, batch)
            components = [component(value, j) for j in range(count)]
        else:
            components = [component(self._read(atom, batch), place) for atom, place in parts]
        varies = bool(self.origins.sources(operand) or self.origins.sources(index))
        indexing = gather_indexing(equation)
        return look_up(indexing, self._read(operand, batch), components, batch, varies)


def _stated(position: int, array: Array, batch: int, origins: Origins) -> Array:
    """Check the states of one input."""
    var = origins.jaxpr.invars[position]
    shape, own = np.shape(array), var.aval.shape
    fits = len(shape) == batch + len(own) and all(
        n in (1, full) for n, full in zip(shape[batch:], own, strict=True)
    )
    if not fits:
        raise ValueError(
            f"states of input {position}: an array of shape {shape} with {batch} axes of "
            f"assignments does not fit an input of shape {own}; each of its axes has full length "
            "or 1"
        )
    if is_traced(array):
        return array
    return np.asarray(array, var.aval.dtype)


def _of(program: Any, operation: Operation) -> list[Array]:
    """Evaluate all results of an inner program at an operation's operands."""
    return _run(program, operation.values, operation.origins, operation.batch)


def _run(
    program: Any, values: Sequence[Array], origins: Sequence[Origin], batch: int
) -> list[Array]:
    """Evaluate all results of an inner program at values that have batch axes already."""
    inputs = [
        None if origin.varies else reshape(value, np.shape(value)[batch:])
        for value, origin in zip(values, origins, strict=True)
    ]
    evaluator = Evaluator(program, inputs, _origins=origins)
    states = {
        position: (0, value)
        for position, (value, origin) in enumerate(zip(values, origins, strict=True))
        if origin.varies
    }
    return [evaluator.at(atom, states, batch) for atom in program.jaxpr.outvars]
