"""A log density taken apart: what has no rows, what is computed row by row, and their totals.

Each value of the trace is one of five. *Known* is what depends on data alone, and has no rows;
*rows* of known numbers likewise. What depends on the coordinates is *free*, or *rows* of it.
*Totals* are sums over rows, and what is linear in these. A total of known rows, such as the mean of
a covariate, is known, once the rows have been gone through: its stage says how often before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import lax

from aliquot.density.streamed.affine import is_linear, linear_part
from aliquot.density.streamed.along_rows import AllRowsError, along, touches, value_of
from aliquot.primitives import name_of
from aliquot.primitives.internals import bind, is_literal, shape_of, variables
from aliquot.primitives.rows import RowByRow, Total, row_axis


@dataclass(frozen=True)
class Traits:
    """What is known of a value: whether it depends on coordinates, is a total, and its stage."""

    free: bool = False
    total: bool = False
    stage: int = 0


class Parts:
    """How a flat jaxpr's one scalar output is made of rows.

    Parameters
    ----------
    program : ClosedJaxpr
        Without calls. All axes of length `rows` are axes of rows.
    coordinates, data : sequence of int
        Which of its inputs are coordinates, and which are rows; the others are known.
    rows : int

    Raises
    ------
    AllRowsError
        Where something needs all rows at once.
    """

    def __init__(
        self, program: Any, coordinates: Sequence[int], data: Sequence[int], rows: int
    ) -> None:
        self.program, self.rows = program, rows
        jaxpr = program.jaxpr
        self.inputs = jaxpr.invars
        self.coordinates = [jaxpr.invars[i] for i in coordinates]
        self.data = [jaxpr.invars[i] for i in data]
        self.known = [var for i, var in enumerate(jaxpr.invars) if i not in {*coordinates, *data}]
        (self.output,) = jaxpr.outvars
        self._constants = dict(zip(jaxpr.constvars, program.consts, strict=True))
        self._maker = {var: e for e in jaxpr.eqns for var in e.outvars}
        self._place = {id(e): i for i, e in enumerate(jaxpr.eqns)}
        self.traits: dict[Any, Traits] = {
            var: Traits() for var in (*jaxpr.constvars, *jaxpr.invars)
        }
        self.traits.update({var: Traits(free=True) for var in self.coordinates})
        self.acts: dict[int, Any] = {}
        self.totals: list[Any] = []  # sums over rows that depend on coordinates
        self.means: list[Any] = []  # the same of known rows
        for equation in jaxpr.eqns:
            self._look_at(equation)
        for constant, value in self._constants.items():
            if self.has_rows(constant) and not _uniform(value, row_axis(constant.aval, rows)):
                reader = next(e for e in jaxpr.eqns if constant in variables(e.invars))
                raise AllRowsError(reader, rows)
        self.free: list[Any] = []  # what rows read that depends on coordinates
        self.fixed: list[Any] = []  # and what does not
        self.tail: list[Any] = []
        if self.totals:
            self._split()

    def of(self, atom: Any) -> Traits:
        """Give what is known of an atom."""
        return Traits() if is_literal(atom) else self.traits[atom]

    def has_rows(self, atom: Any) -> bool:
        """Say whether an atom has an axis of rows."""
        return self.rows in shape_of(atom)

    def _look_at(self, equation: Any) -> None:
        operands = [self.of(atom) for atom in equation.invars]
        free = any(each.free for each in operands)
        stage = max((each.stage for each in operands), default=0)
        totals = [each.total for each in operands]
        total = any(totals)
        if touches(equation, self.rows):
            if total:
                raise AllRowsError(equation, self.rows, of_total=True)
            act = self.acts[id(equation)] = along(equation, self.rows)
            if isinstance(act, Total):
                if act.scattered and not self._is_zero(equation.invars[0]):
                    raise AllRowsError(equation, self.rows)
                if name_of(equation) not in ("reduce_sum", "dot_general", "scatter-add") and free:
                    raise AllRowsError(equation, self.rows)
                (self.totals if free else self.means).extend(equation.outvars)
                total, stage = free, stage if free else stage + 1
        elif total and not is_linear(equation, totals):
            raise AllRowsError(equation, self.rows, of_total=True)
        for var in equation.outvars:
            self.traits[var] = Traits(free, total, stage)

    def _is_zero(self, atom: Any) -> bool:
        """Say whether an atom is known to be zero: what is added to is then added once."""
        if is_literal(atom):
            return not np.any(atom.val)
        if atom in self._constants:
            return not np.any(self._constants[atom])
        maker = self._maker.get(atom)
        return (
            maker is not None
            and name_of(maker) == "broadcast_in_dim"
            and self._is_zero(maker.invars[0])
        )

    def _split(self) -> None:
        """List what is read across: by rows and their totals, of what has none."""
        tail = [e for e in self.program.jaxpr.eqns if self.of(e.outvars[0]).total]
        across = self._read_in([*self.row_equations(self.totals), *tail])
        self.free = [var for var in across if self.of(var).free]
        self.fixed = [var for var in across if not self.of(var).free]
        self.tail = tail

    def read_by(self, totals: Sequence[Any]) -> list[Any]:
        """List what totals of rows read that has no rows itself."""
        return self._read_in(self.row_equations(totals))

    def _read_in(self, equations: Sequence[Any]) -> list[Any]:
        read = {
            atom
            for equation in equations
            for atom in variables(equation.invars)
            if not self.has_rows(atom) and not self.of(atom).total
        }
        order = {var: i for i, var in enumerate(self._everything())}
        return sorted(read, key=order.__getitem__)

    def maker(self, var: Any) -> Any:
        """Give the equation whose result a variable is."""
        return self._maker[var]

    def _everything(self) -> Iterable[Any]:
        yield from self.program.jaxpr.constvars
        yield from self.inputs
        for equation in self.program.jaxpr.eqns:
            yield from equation.outvars

    def row_equations(self, wanted: Sequence[Any]) -> list[Any]:
        """List, in order, the equations with rows that some totals need, their own included."""
        return self._behind(wanted, lambda atom: self.has_rows(atom))

    def _behind(self, wanted: Iterable[Any], through: Callable[[Any], bool]) -> list[Any]:
        found: dict[int, Any] = {}
        waiting = list(variables(wanted))
        while waiting:
            equation = self._maker.get(waiting.pop())
            if equation is None or id(equation) in found:
                continue
            found[id(equation)] = equation
            waiting += [atom for atom in variables(equation.invars) if through(atom)]
        return sorted(found.values(), key=lambda e: self._place[id(e)])

    def without_rows(self, values: Mapping[Any, Any], wanted: Sequence[Any]) -> list[Any]:
        """Compute what has no rows from what is there, inside a traced function.

        Totals that are not among the `values` count as zero.
        """
        known: dict[Any, Any] = {**self._constants, **values}
        for total in self.totals:
            known.setdefault(total, jnp.zeros(total.aval.shape, total.aval.dtype))
        for equation in self._behind(
            [atom for atom in wanted if is_literal(atom) or atom not in known],
            lambda atom: atom not in known,
        ):
            operands = [value_of(known, atom) for atom in equation.invars]
            known.update(zip(equation.outvars, bind(equation, operands), strict=True))
        return [value_of(known, atom) for atom in wanted]

    def of_rows(
        self,
        values: Mapping[Any, Any],
        wanted: Sequence[Any],
        counted: Any,
        first: Any,
    ) -> dict[Any, Any]:
        """Compute totals of some rows, inside a traced function.

        `values` has the rows, and what is read of what has none. Only the first `counted` rows
        count; `first` is the number of the first among all.
        """
        known: dict[Any, Any] = {**self._constants, **values}
        for equation in self.row_equations(wanted):
            act = self.acts[id(equation)]
            operands = [value_of(known, atom) for atom in equation.invars]
            if isinstance(act, Total):
                operands = self._masked(equation, act, operands, counted)
            results = bind(equation, operands)
            if isinstance(act, RowByRow) and act.offset:
                results = [results[0] + lax.convert_element_type(first, results[0].dtype)]
            known.update(zip(equation.outvars, results, strict=True))
        return {var: known[var] for var in wanted}

    def _masked(self, equation: Any, act: Total, operands: list[Any], counted: Any) -> list[Any]:
        """Put what adds nothing in the place of rows that do not count."""
        if counted is None:
            return operands
        begin = 2 if act.scattered else 0
        for i in range(begin, len(operands)):
            axis = row_axis(equation.invars[i].aval, self.rows)
            if axis is None:
                continue
            value = operands[i]
            counts = lax.broadcasted_iota(jnp.int32, value.shape, axis) < counted
            operands[i] = lax.select(counts, value, act.start(value.shape, value.dtype))
        return operands

    def contribution(self, totals: Mapping[Any, Any], across: Mapping[Any, Any]) -> Any:
        """Compute what totals give to the output, inside a traced function."""
        if not self.of(self.output).total:
            return jnp.zeros(())
        known: dict[Any, Any] = {**self._constants, **across, **totals}
        for equation in self.tail:
            if all(var in totals for var in equation.outvars):
                continue
            marks = [self.of(atom).total for atom in equation.invars]
            operands = [value_of(known, atom) for atom in equation.invars]
            known.update(zip(equation.outvars, linear_part(equation, operands, marks), strict=True))
        return known[self.output]


def _uniform(value: Any, axis: int | None) -> bool:
    """Say whether an array is the same for all rows."""
    if axis is None:
        return False
    array = np.asarray(value)
    first = np.take(array, [0], axis=axis)
    return bool(np.array_equal(array, np.broadcast_to(first, array.shape), equal_nan=True))
