"""Evaluate what is computed row by row and totalled for some rows at a time.

Of a model with very many rows every intermediate value is an array of that length, which leaves the
processor's caches: writing and reading it costs more than computing it. Here the rows go through
the whole computation block by block, and only the totals stay. Memory is that of the data. Mixtures
of 20,000 rows and more took 1.4 to 1.7 times as long without (in pairs in one run, 2 cores,
loaded).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
from jax import lax

from aliquot.primitives import Walk
from aliquot.primitives.internals import bind, is_literal, shape_of, size_of, used, variables
from aliquot.primitives.rows import RowByRow, Total, acts, has_rows, row_axis

# So many rows at least, for the blocks to be worth their loop.
LEAST_ROWS = 5_000
# Numbers in the widest array of a block: some dozen such arrays fit the nearest cache of a core.
BLOCK = 512
# Rows of a block at least: a loop of fewer costs more than it saves.
LEAST_BLOCK = 64


def many_rows(closed: Any) -> list[int]:
    """List the lengths, of `LEAST_ROWS` at least, over which a flat jaxpr takes totals."""
    found: Counter[int] = Counter()
    for equation in closed.jaxpr.eqns:
        for atom in equation.invars:
            for size in set(shape_of(atom)):
                if size >= LEAST_ROWS:
                    found[size] += isinstance(acts(equation, size), Total)
    return [size for size, count in found.most_common() if count]


def evaluate_blocked(closed: Any, rows: int, inputs: Sequence[Any]) -> list[Any]:
    """Compute a flat jaxpr's outputs with its totals over rows taken block by block.

    The jaxpr is closed; flat is one without calls. `rows` is the length of the axes that are cut.
    """
    return _Plan(closed, rows).run(inputs)


class _Plan:
    """Which equations are evaluated whole, and which in a loop over blocks.

    A total can only be used after its loop. So each value has a stage, the number of loops before
    it; all totals of a stage are taken in one loop. What is computed row by row on the way to them
    is computed inside the loop, again in each that needs it, and never stored.
    """

    def __init__(self, closed: Any, rows: int) -> None:
        self.closed, self.rows = closed, rows
        self.equations = closed.jaxpr.eqns
        self.used = used(closed.jaxpr)
        self.acts: list[Any] = [
            acts(e, rows) if any(has_rows(a.aval, rows) for a in (*e.invars, *e.outvars)) else None
            for e in self.equations
        ]
        self.stages: list[int] = []
        Walk(closed, [0] * len(closed.jaxpr.invars), self._stage, lambda atom, value: 0)
        self.maker = {v: i for i, e in enumerate(self.equations) for v in e.outvars}
        self.whole = self._needed_whole()

    def _stage(self, equation: Any, operands: list[int]) -> list[int]:
        """Note the stage of an equation; that of its results is one more where it is a total."""
        stage = max(operands, default=0)
        total = isinstance(self.acts[len(self.stages)], Total)
        self.stages.append(stage)
        return [stage + total] * len(equation.outvars)

    def _needed_whole(self) -> set[int]:
        """Find the equations whose results are needed outside of loops, or have no rows."""
        wanted = set(variables(self.closed.jaxpr.outvars))
        looped: set[Any] = set()
        whole: set[int] = set()
        for i in reversed(range(len(self.equations))):
            equation, act = self.equations[i], self.acts[i]
            outs = set(equation.outvars)
            here = outs & wanted
            if isinstance(act, Total):
                if here:
                    looped |= set(variables(equation.invars))
                continue
            by_row = isinstance(act, RowByRow)
            if here or (not by_row and outs & looped):
                whole.add(i)
                wanted |= set(variables(equation.invars))
            elif outs & looped:
                looped |= set(variables(equation.invars))
        return whole

    def run(self, inputs: Sequence[Any]) -> list[Any]:
        jaxpr = self.closed.jaxpr
        values: dict[Any, Any] = dict(zip(jaxpr.constvars, self.closed.consts, strict=True))
        values.update(zip(jaxpr.invars, inputs, strict=True))
        for stage in range(max(self.stages, default=0) + 1):
            for i, equation in enumerate(self.equations):
                if i in self.whole and self.stages[i] == stage:
                    operands = [self._read(values, a) for a in equation.invars]
                    results = bind(equation, operands)
                    values.update(zip(equation.outvars, results, strict=True))
            self._loop(stage, values)
        return [self._read(values, atom) for atom in jaxpr.outvars]

    @staticmethod
    def _read(values: dict[Any, Any], atom: Any) -> Any:
        return atom.val if is_literal(atom) else values[atom]

    def _loop(self, stage: int, values: dict[Any, Any]) -> None:
        """Take all totals of a stage and put them among the values."""
        totals = [
            i
            for i, act in enumerate(self.acts)
            if isinstance(act, Total)
            and self.stages[i] == stage
            and self.equations[i].outvars[0] in self.used
        ]
        if not totals:
            return
        inside = self._cone(totals)
        size, count, rest = self._sizes(inside)

        def block(start: Any, size: int, so_far: tuple[Any, ...]) -> tuple[Any, ...]:
            return self._block(inside, totals, values, start, size, so_far)

        first = tuple(self._start(i, values) for i in totals)
        result = lax.fori_loop(
            np.int32(0), np.int32(count), lambda k, so_far: block(k * size, size, so_far), first
        )
        if rest:
            result = block(np.int32(size * count), rest, result)
        for i, value in zip(totals, result, strict=True):
            values[self.equations[i].outvars[0]] = value

    def _cone(self, totals: Sequence[int]) -> list[int]:
        """Collect what is computed row by row on the way to some totals, in order."""
        found: set[int] = set()
        waiting = [atom for i in totals for atom in variables(self.equations[i].invars)]
        while waiting:
            i = self.maker.get(waiting.pop())
            if i is None or i in found or i in self.whole or isinstance(self.acts[i], Total):
                continue
            found.add(i)
            waiting += variables(self.equations[i].invars)
        return sorted(found)

    def _sizes(self, inside: Sequence[int]) -> tuple[int, int, int]:
        """Choose the rows of a block, the number of blocks and the rows that are left."""
        widest = max(
            [size_of(v) // self.rows for i in inside for v in self.equations[i].outvars],
            default=1,
        )
        wanted = min(max(BLOCK // max(widest, 1), LEAST_BLOCK), self.rows)
        near = range(min(2 * wanted, self.rows), wanted // 2, -1)
        size = next((s for s in near if self.rows % s == 0), wanted)
        return size, self.rows // size, self.rows % size

    def _start(self, total: int, values: dict[Any, Any]) -> Any:
        equation, act = self.equations[total], self.acts[total]
        if act.scattered:
            return self._read(values, equation.invars[0])
        out = equation.outvars[0].aval
        return act.start(out.shape, out.dtype)

    def _block(
        self,
        inside: Sequence[int],
        totals: Sequence[int],
        values: dict[Any, Any],
        start: Any,
        size: int,
        so_far: Sequence[Any],
    ) -> tuple[Any, ...]:
        here: dict[Any, Any] = {}

        def read(atom: Any) -> Any:
            if is_literal(atom):
                return atom.val
            if atom not in here:
                value, axis = values[atom], row_axis(atom.aval, self.rows)
                here[atom] = (
                    value if axis is None else lax.dynamic_slice_in_dim(value, start, size, axis)
                )
            return here[atom]

        for i in inside:
            equation, act = self.equations[i], self.acts[i]
            results = bind(equation, [read(a) for a in equation.invars], act.params(size))
            if act.offset:
                results = [results[0] + lax.convert_element_type(start, results[0].dtype)]
            here.update(zip(equation.outvars, results, strict=True))
        after = []
        for i, total in zip(totals, so_far, strict=True):
            equation, act = self.equations[i], self.acts[i]
            if act.scattered:
                operands = [total, *map(read, equation.invars[1:])]
                after += bind(equation, operands)
            else:
                (part,) = bind(equation, [read(a) for a in equation.invars])
                after.append(act.combine(total, part))
        return tuple(after)
