"""Programs that call the host: what lies between the calls is compiled, loops around them are not.

The jaxpr is cut where the host is called. The pieces are compiled each by itself, and run one after
the other, in the thread of whoever calls the program. A loop or a choice with such a call in it is
run here, one turn at a time: each takes some tens of microseconds for each piece.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from aliquot.primitives import inline, name_of, with_derivative
from aliquot.primitives.internals import (
    ClosedJaxpr,
    bind,
    closed,
    is_literal,
    jaxpr_as_fun,
    programs,
    scan_parts,
    struct,
    variables,
)
from aliquot.primitives.on_host import compute, has_host_calls, on_host_p

Values = dict[Any, Any]
Compile = Callable[..., Callable[..., Any]]
Run = Callable[[Any, list[Any]], Sequence[Any]]


class _Step(Protocol):
    """A piece of a program: it reads values of variables, and adds others."""

    def __call__(self, values: Values) -> None: ...


class HostedProgram:
    """A jaxpr with calls of the host, as a function of its inputs.

    ``compile(function, *structs)`` compiles what has no such call.
    """

    def __init__(self, program: ClosedJaxpr, compile: Compile) -> None:
        program = inline(program)
        self._jaxpr, self._compile = program.jaxpr, compile
        self._constants = dict(zip(program.jaxpr.constvars, program.consts, strict=True))
        self._steps = self._cut()

    def __call__(self, *inputs: Any) -> list[Any]:
        values: Values = {**self._constants, **dict(zip(self._jaxpr.invars, inputs, strict=True))}
        for step in self._steps:
            step(values)
        return [_read(values, atom) for atom in self._jaxpr.outvars]

    def _cut(self) -> list[_Step]:
        """Cut the equations into steps; those that need no call come as early as they can."""
        steps: list[_Step] = []
        waiting = list(self._jaxpr.eqns)
        later: set[Any] = set()  # what is not there before the next call of the host
        while waiting:
            piece, rest = [], []
            later.clear()
            for equation in waiting:
                if has_host_calls_in(equation) or later & set(variables(equation.invars)):
                    later.update(equation.outvars)
                    rest.append(equation)
                else:
                    piece.append(equation)
            if piece:
                steps.append(self._piece(piece, rest))
            first = next((i for i, e in enumerate(rest) if has_host_calls_in(e)), None)
            if first is not None:
                steps.append(self._hosted(rest.pop(first)))
            waiting = rest
        return steps

    def _piece(self, equations: Sequence[Any], rest: Sequence[Any]) -> _Step:
        made = {var for equation in equations for var in equation.outvars}
        read = dict.fromkeys(v for e in equations for v in variables(e.invars) if v not in made)
        after = {v for e in rest for v in variables(e.invars)} | set(variables(self._jaxpr.outvars))
        wanted = [var for e in equations for var in e.outvars if var in after]
        inputs = [var for var in read if var not in self._constants]
        constants = {var: self._constants[var] for var in read if var in self._constants}

        def run(*arrays: Any) -> list[Any]:
            values = {**constants, **dict(zip(inputs, arrays, strict=True))}
            for equation in equations:
                operands = [_read(values, atom) for atom in equation.invars]
                values.update(zip(equation.outvars, bind(equation, operands), strict=True))
            return [values[var] for var in wanted]

        program = self._compile(run, *map(struct, inputs))

        def step(values: Values) -> None:
            values.update(zip(wanted, program(*(values[var] for var in inputs)), strict=True))

        return step

    def _hosted(self, equation: Any) -> _Step:
        """Give what runs an equation in which the host is called."""
        run = self._runs(equation)

        def step(values: Values) -> None:
            results = run(equation, [_read(values, atom) for atom in equation.invars])
            values.update(zip(equation.outvars, results, strict=True))

        return step

    def _runs(self, equation: Any) -> Run:
        if equation.primitive is on_host_p:
            return _call
        inside = with_derivative(equation)
        if inside is not None:
            program = HostedProgram(inside, self._compile)
            return lambda _, operands: program(*operands)
        kinds = {"while": _while, "scan": _scan, "cond": _choice}
        return kinds[name_of(equation)](equation, self._compile)


def has_host_calls_in(equation: Any) -> bool:
    """Say whether an equation calls the host, or holds such a call."""
    return equation.primitive is on_host_p or any(map(has_host_calls, programs(equation)))


def _read(values: Mapping[Any, Any], atom: Any) -> Any:
    return atom.val if is_literal(atom) else values[atom]


def _call(equation: Any, operands: list[Any]) -> Sequence[Any]:
    return [compute(*operands, **equation.params)]


def _compiled(program: Any, compile: Compile) -> Callable[..., Any]:
    """Give a function of a jaxpr's inputs, whether or not the host is called in it."""
    program = closed(program)
    if has_host_calls(program):
        return HostedProgram(program, compile)
    return compile(jaxpr_as_fun(program), *map(struct, program.jaxpr.invars))


def _while(equation: Any, compile: Compile) -> Run:
    of_condition = equation.params["cond_nconsts"]
    of_body = equation.params["body_nconsts"]
    condition = _compiled(equation.params["cond_jaxpr"], compile)
    body = _compiled(equation.params["body_jaxpr"], compile)

    def run(equation: Any, operands: list[Any]) -> Sequence[Any]:
        asked, fixed = operands[:of_condition], operands[of_condition : of_condition + of_body]
        carried = operands[of_condition + of_body :]
        # Of loops side by side each has a truth value, and goes on as long as its own is true.
        while np.any(going := np.asarray(condition(*asked, *carried)[0])):
            after = body(*fixed, *carried)
            carried = [_chosen(going, *both) for both in zip(after, carried, strict=True)]
        return carried

    return run


def _chosen(going: np.ndarray, after: Any, before: Any) -> Any:
    """Give what a loop carries after a turn, of loops side by side that of those that go on."""
    if going.all():
        return after
    beside = going.reshape(going.shape + (1,) * (np.ndim(after) - going.ndim))
    return np.where(beside, after, before)


def _scan(equation: Any, compile: Compile) -> Run:
    params, length = equation.params, equation.params["length"]
    fixed_count, carry_count = scan_parts(equation)
    body = _compiled(params["jaxpr"], compile)

    def run(equation: Any, operands: list[Any]) -> Sequence[Any]:
        fixed, rest = operands[:fixed_count], operands[fixed_count:]
        carried, sliced = rest[:carry_count], [np.asarray(x) for x in rest[carry_count:]]
        stacks = [np.empty(v.aval.shape, v.aval.dtype) for v in equation.outvars[carry_count:]]
        for i in reversed(range(length)) if params["reverse"] else range(length):
            results = body(*fixed, *carried, *(x[i] for x in sliced))
            carried = list(results[:carry_count])
            for stack, result in zip(stacks, results[carry_count:], strict=True):
                stack[i] = result
        return [*carried, *stacks]

    return run


def _choice(equation: Any, compile: Compile) -> Run:
    branches = [_compiled(branch, compile) for branch in equation.params["branches"]]

    def run(equation: Any, operands: list[Any]) -> Sequence[Any]:
        which = int(np.clip(int(np.asarray(operands[0])), 0, len(branches) - 1))
        results: Sequence[Any] = branches[which](*operands[1:])
        return results

    return run
