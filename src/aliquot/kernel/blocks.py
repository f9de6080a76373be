"""Evaluate what is computed row by row and totalled for some rows at a time.

Of a model with very many rows every intermediate value is an array of that length, which leaves the
processor's caches: writing and reading it costs more than computing it. Here the rows go through
the whole computation block by block, and only the totals stay. Memory is that of the data. Mixtures
of 20,000 rows took 2.6 to 4 times as long without (processor time, in turns).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import lax

from aliquot.primitives import Walk, name_of
from aliquot.primitives.internals import bind, is_literal, shape_of, size_of, used, variables
from aliquot.primitives.rows import RowByRow, Total, acts, has_rows, row_axis

# So many numbers at least in an array that is made on the way, for the blocks to be worth their
# loop: more than these leave the nearest cache of a core.
LEAST_NUMBERS = 5_000
# Rows at least, among which there may be a few blocks.
LEAST_ROWS = 256
# Rows of a block: what is computed of them stays in the nearest cache of a core, and while they are
# computed those of the next are read. Fewer are not worth a loop for each operation.
BLOCK = 64
# The same where XLA calls each operation: the calls take longer than the cache does.
BLOCK_OF_CALLS = 1024
CALLED = {"scatter-add", "sort"}
# Numbers at most that a total is of while it is taken: more are added up in each block.
MOST_LANES = 1024


def many_rows(closed: Any) -> list[int]:
    """List the lengths over which a flat jaxpr takes totals of many numbers.

    Lengths of few rows, each of which is wide, are often axes of one array: of these it is the one
    with most totals.
    """
    totals: Counter[int] = Counter()
    numbers: Counter[int] = Counter()
    for equation in closed.jaxpr.eqns:
        for size in {n for atom in equation.invars for n in shape_of(atom) if n >= LEAST_ROWS}:
            totals[size] += isinstance(acts(equation, size), Total)
        for out in equation.outvars:
            for size in shape_of(out):
                numbers[size] = max(numbers[size], size_of(out))
    many = [n for n, count in totals.most_common() if count and numbers[n] >= LEAST_NUMBERS]
    return [n for n in many if n >= LEAST_NUMBERS] or many[:1]


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
        size = self._size([*inside, *totals])
        count = -(-self.rows // size)
        lanes = {i for i in totals if self._in_lanes(i, size)}

        def block(k: Any, so_far: tuple[Any, ...]) -> tuple[Any, ...]:
            # The last block reaches back to rows that have been counted: XLA has one to compile.
            start = jnp.minimum(k * size, self.rows - size)
            counted = k * size - start if self.rows % size else None
            return self._block(inside, totals, lanes, values, start, size, counted, so_far)

        start = tuple(self._start(i, values, size if i in lanes else None) for i in totals)
        result = lax.fori_loop(np.int32(0), np.int32(count), block, start)
        for i, value in zip(totals, result, strict=True):
            equation = self.equations[i]
            values[equation.outvars[0]] = bind(equation, [value])[0] if i in lanes else value

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

    def _size(self, equations: Sequence[int]) -> int:
        """Choose the rows of a block, which are fewer where XLA makes one function of the loop."""
        called = any(name_of(self.equations[i]) in CALLED for i in equations)
        return min(BLOCK_OF_CALLS if called else BLOCK, self.rows)

    def _in_lanes(self, total: int, size: int) -> bool:
        """Say whether there is a total for each row of a block, and one of these at the end.

        To add up one array XLA takes its numbers in turn, to add two arrays many at a time.
        """
        equation, act = self.equations[total], self.acts[total]
        if act.scattered or len(equation.invars) > 1:
            return False
        return size_of(equation.invars[0]) // self.rows * size <= MOST_LANES

    def _start(self, total: int, values: dict[Any, Any], lanes: int | None) -> Any:
        equation, act = self.equations[total], self.acts[total]
        if act.scattered:
            return self._read(values, equation.invars[0])
        out, shape = equation.outvars[0].aval, equation.invars[0].aval.shape
        if lanes is None:
            return act.start(out.shape, out.dtype)
        return act.start(tuple(lanes if n == self.rows else n for n in shape), out.dtype)

    def _block(
        self,
        inside: Sequence[int],
        totals: Sequence[int],
        lanes: Collection[int],
        values: dict[Any, Any],
        start: Any,
        size: int,
        counted: Any,
        so_far: Sequence[Any],
    ) -> tuple[Any, ...]:
        """Add what some rows give to the totals so far, the first rows `counted` left out."""
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

        def fresh(atom: Any, start: Any) -> Any:
            """Give what a total starts from where rows have been counted."""
            value, axis = read(atom), row_axis(atom.aval, self.rows)
            if counted is None or axis is None:
                return value
            new = lax.broadcasted_iota(counted.dtype, value.shape, axis) >= counted
            return lax.select(new, value, start(value.shape, value.dtype))

        for i in inside:
            equation, act = self.equations[i], self.acts[i]
            results = bind(equation, [read(a) for a in equation.invars], act.params(size))
            if act.offset:
                results = [results[0] + lax.convert_element_type(start, results[0].dtype)]
            here.update(zip(equation.outvars, results, strict=True))
        after = []
        for i, total in zip(totals, so_far, strict=True):
            equation, act = self.equations[i], self.acts[i]
            if i in lanes:
                after.append(act.combine(total, fresh(equation.invars[0], act.start)))
            elif act.scattered:
                _, indices, updates = equation.invars
                after += bind(equation, [total, read(indices), fresh(updates, act.start)])
            elif counted is None or len(equation.invars) == 1:
                (part,) = bind(equation, [fresh(a, act.start) for a in equation.invars])
                after.append(act.combine(total, part))
            else:  # a product with a matrix: to go through that once more takes long
                operands = [read(a) for a in equation.invars]
                part = lax.cond(
                    counted > 0,
                    lambda e=equation, act=act: bind(e, [fresh(a, act.start) for a in e.invars])[0],
                    lambda e=equation, operands=operands: bind(e, operands)[0],
                )
                after.append(act.combine(total, part))
        return tuple(after)
