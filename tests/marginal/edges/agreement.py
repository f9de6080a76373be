"""What the rules say of a program, compared with the operations themselves.

Each check gives the calls for which it fails, in words.
"""

from __future__ import annotations

from typing import Any

import jax
import numpy as np

from aliquot.marginal.assignments import Evaluator
from aliquot.precision import float64
from tests.marginal.dependence.influence import analysed, listed, shape_of
from tests.marginal.edges.call import Call, Together
from tests.marginal.edges.operands import SHAPES, STATES
from tests.programs import quick

SIZES = [int(np.prod(shape, dtype=int)) for shape in SHAPES]
TOTAL = sum(SIZES)
BASES = 12
# Assignments of states to all elements, for which values are compared.
MIXED = 4


def one_by_one(rng: np.random.Generator) -> np.ndarray:
    """Give states from which each element goes through all of its own: the last axes of four."""
    rows = rng.integers(0, STATES, (BASES, 1, 1, TOTAL)).repeat(TOTAL, 1).repeat(STATES, 2)
    for element in range(TOTAL):
        rows[:, element, :, element] = np.arange(STATES)
    return rows


def uniform() -> np.ndarray:
    """Give states in which all elements of a variable are in the same one: each with each."""
    each = np.indices((STATES,) * len(SHAPES)).reshape(len(SHAPES), -1).T
    return each.repeat(SIZES, axis=1)


def influence(results: np.ndarray) -> np.ndarray:
    """Return whether a change of each element is seen in each element of a result.

    Parameters
    ----------
    results : array, shape (BASES, TOTAL, STATES, *shape)
    """
    first = results[:, :, :1]
    same = (results == first) | ((results != results) & (first != first))
    return np.moveaxis(~same.all((0, 2)), 0, -1)


class Agreement:
    """Calls in one program, their results by the operations themselves, and the comparisons.

    Parameters
    ----------
    program : Together
    rng : numpy.random.Generator
    """

    def __init__(self, program: Together, rng: np.random.Generator) -> None:
        self.program = program
        self.mixed = rng.integers(0, STATES, (MIXED, TOTAL))
        changed = one_by_one(rng)
        rows = [changed.reshape(-1, TOTAL), uniform(), self.mixed]
        cuts = np.cumsum([len(each) for each in rows])
        self.found: list[tuple[Call, np.ndarray, np.ndarray, np.ndarray]] = []
        plain = program.plain(np.concatenate(rows))
        for call, results in zip(program.calls, plain, strict=True):
            for result in results:
                one, together, mixed, _ = np.split(result, cuts)
                one = one.reshape(changed.shape[:3] + result.shape[1:])
                self.found.append((call, influence(one), together, mixed))

    def dependence(self, *, known: bool) -> list[str]:
        """Say of which calls an influence is missed, or more is listed than there is."""
        program = self.program
        analysis = analysed(program.flat, program.discrete, program.data, known)
        failed = []
        for (call, changed, _, _), piece in zip(self.found, analysis.summands, strict=True):
            table = listed(piece.dependence, shape_of(piece.var), SIZES)
            if np.any(changed & ~table):
                failed.append(f"{call}: an influence is missed")
            elif call.exact and known and np.any(table & ~changed):
                failed.append(f"{call}: more is listed than has an influence")
        return failed

    def values(self) -> list[str]:
        """Say of which calls the evaluator has another value for some states of all elements."""
        program = self.program
        alone = [np.arange(STATES).reshape(-1, 1, *(1 for _ in SHAPES[0]))]
        alone += [np.arange(STATES).reshape(1, -1, *(1 for _ in SHAPES[1]))]
        parts = np.split(self.mixed, np.cumsum(SIZES)[:-1], axis=1)
        apart = [part.reshape(-1, *shape) for part, shape in zip(parts, SHAPES, strict=True)]
        with float64():
            closed = jax.make_jaxpr(program.flat)(*program.discrete, *program.data)

            def run(data: Any) -> Any:
                evaluator = Evaluator(closed, [*(None for _ in SHAPES), *data])

                def at(atom: Any, name: str, states: Any, lanes: int) -> Any:
                    given = {n: (name, each) for n, each in enumerate(states)}
                    return evaluator.at(atom, given, lanes)

                return [
                    (at(atom, "alone", alone, 2), at(atom, "apart", apart, 1))
                    for atom in closed.jaxpr.outvars
                ]

            found = jax.device_get(quick(run)(program.data))
        failed = []
        for (call, _, *expected), ours in zip(self.found, found, strict=True):
            shapes = [(STATES, STATES), (MIXED,)]
            for value, right, lanes in zip(ours, expected, shapes, strict=True):
                full = (*lanes, *right.shape[1:])
                if not fits(np.asarray(value), right.reshape(full), len(lanes)):
                    failed.append(f"{call}: another value")
                    break
        return failed


def fits(value: np.ndarray, right: np.ndarray, lanes: int) -> bool:
    """Say whether a compact value has the type, the axes and the numbers that it should have."""
    if value.dtype != right.dtype or value.ndim != right.ndim:
        return False
    if any(n not in (1, full) for n, full in zip(value.shape, right.shape, strict=True)):
        return False
    return bool(np.allclose(np.broadcast_to(value, right.shape), right, 1e-11, 1e-12, True))
