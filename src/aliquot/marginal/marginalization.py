"""What is summed out of a model, and how: for a person to read and a program to look at."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from html import escape
from typing import Any

import numpy as np

from aliquot.marginal.layout import evaluations

TERMS = ("term", "over the states of", "rows", "values")
# Past so many steps that are compiled one by one, it is said how many they are.
MANY_KINDS = 12
ALIKE = "rows that are alike are computed once"
STEPS = ("step", "sums out", "elements", "method", "largest table")


@dataclass(frozen=True)
class SummedVariable:
    """One discrete variable that is summed out.

    Attributes
    ----------
    name : str
    states : int
    elements : int
        How many of them there are: rows, groups, steps.
    observed : int
        How many of those are observed, and held.
    shape : tuple of int
    """

    name: str
    states: int
    elements: int
    observed: int
    shape: tuple[int, ...]

    @property
    def text(self) -> str:
        """Name, states and elements: ``z (2 states x 100)``."""
        known = f", {self.observed:,} observed" if self.observed else ""
        size = " x ".join(f"{n:,}" for n in self.shape)
        states = f"{self.states:,} state{'' if self.states == 1 else 's'}"
        return f"{self.name} ({states}{f' x {size}' if size else ''}{known})"


@dataclass(frozen=True)
class TermTable:
    """A term of the log density as tables over states.

    Attributes
    ----------
    term : str
        The variable or potential that it belongs to.
    variables : tuple of str
        The discrete variables that a row of it depends on; twice where on two elements.
    rows : int
        Values of the term in one joint state.
    values : int
        Joint states times rows: what one evaluation computes.
    """

    term: str
    variables: tuple[str, ...]
    rows: int
    values: int


@dataclass(frozen=True)
class AlikeRows:
    """Rows of a term that have the same value in every state: each kind is computed once.

    Attributes
    ----------
    term : str
        The observed variable or potential.
    rows : int
    distinct : int
        How many kinds of them there are: of the same data, that read the same parameters. Where a
        few sums of the data are all that matters, as of a normal distribution's squares, kinds of
        parameters alone.
    by_sums : bool
        Whether that is so.
    """

    term: str
    rows: int
    distinct: int
    by_sums: bool = False

    @property
    def text(self) -> str:
        """In words: ``label: 315 rows, 20 distinct``."""
        if not self.by_sums:
            return f"{self.term}: {self.rows:,} rows, {self.distinct:,} distinct"
        of = f" of {self.distinct:,} groups" if self.distinct > 1 else ""
        return f"{self.term}: {self.rows:,} rows, by sums of the data{of}"


@dataclass(frozen=True)
class Step:
    """One step of the elimination.

    Attributes
    ----------
    names : tuple of str
        Variables of which elements are summed out in it.
    elements : int
    method : str
        "rows": each element by itself; "chain": by the forward recursion.
    entries : int
        Of the largest table in it.
    """

    names: tuple[str, ...]
    elements: int
    method: str
    entries: int


@dataclass(frozen=True)
class Marginalization:
    """The plan by which a model's discrete variables are summed out.

    Attributes
    ----------
    variables : tuple of SummedVariable
    tables : tuple of TermTable
        What is evaluated in every state.
    steps : tuple of Step
        What is summed out in which order.
    limit : int
        The most entries that a table may have: ``aq.Model(max_table=...)``.
    alike : tuple of AlikeRows
        Terms with many rows of few kinds.
    kinds : int
        How many steps are pieces of the program by themselves, because what is summed out in them
        has neighbours of another kind. The time to compile grows with it.

    Examples
    --------
    >>> import aliquot as aq
    >>> with aq.Model() as model:
    ...     means = aq.Normal("means", 0, 10, shape=2)
    ...     z = aq.Categorical("z", p=[0.5, 0.5], shape=3)
    ...     obs = aq.Normal("obs", means[z], 1, observed=[-1.2, 0.8, 1.1])
    >>> model.marginalization().line
    'summing out z (2 states x 3): 12 values in an evaluation'
    """

    variables: tuple[SummedVariable, ...]
    tables: tuple[TermTable, ...]
    steps: tuple[Step, ...]
    limit: int
    kinds: int = 0
    _alike: Callable[[], tuple[AlikeRows, ...]] = field(default=tuple, repr=False, compare=False)

    @cached_property
    def alike(self) -> tuple[AlikeRows, ...]:
        """The terms, of those without discrete variables too, whose rows are not all computed."""
        return self._alike()

    def __getstate__(self) -> dict[str, Any]:
        """Ask for what is worked out when it is asked for: the density stays in this process."""
        return vars(self) | {"_alike": partial(tuple, self.alike)}

    def of_rows(self, shown: int, total: int) -> Marginalization:
        """Give what is said of a model of `total` rows, of which it is written with so many."""

        def more(count: int) -> int:
            return count // shown * total if count % shown == 0 else count

        variables = [
            replace(v, elements=more(v.elements), shape=tuple(map(more, v.shape)))
            for v in self.variables
        ]
        tables = [replace(t, rows=more(t.rows), values=more(t.values)) for t in self.tables]
        steps = [replace(s, elements=more(s.elements), entries=more(s.entries)) for s in self.steps]
        return replace(
            self, variables=tuple(variables), tables=tuple(tables), steps=tuple(steps), _alike=tuple
        )

    @property
    def values(self) -> int:
        """How many values of terms one evaluation of the log density computes: its cost."""
        return sum(table.values for table in self.tables)

    @property
    def line(self) -> str:
        """The whole in one line."""
        if not self.variables:
            return "no discrete variables to sum out"
        names = ", ".join(variable.text for variable in self.variables)
        line = f"summing out {names}: {self.values:,} values in an evaluation"
        if self.kinds <= MANY_KINDS:
            return line
        return (
            f"{line}, in {self.kinds:,} steps that are compiled one by one, which may take minutes "
            "(fewer where each element depends on few that are close to it in the variable's order)"
        )

    @property
    def text(self) -> str:
        """The whole as text: the line, the tables, the steps."""
        lines = [self.line]
        if self.variables:
            tables, steps = self._cells()
            lines += ["", *_aligned(TERMS, tables), "", *_aligned(STEPS, steps)]
        if self.alike:
            lines += ["", ALIKE, *(f"  {rows.text}" for rows in self.alike)]
        return "\n".join(lines)

    def _cells(self) -> tuple[list[tuple[str, ...]], list[tuple[str, ...]]]:
        """Write the numbers of both tables."""
        tables = [
            (table.term, ", ".join(table.variables), f"{table.rows:,}", f"{table.values:,}")
            for table in self.tables
        ]
        steps = [
            (str(i + 1), ", ".join(s.names), f"{s.elements:,}", s.method, f"{s.entries:,}")
            for i, s in enumerate(self.steps)
        ]
        return [*tables], [*steps]

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        html = f"<p>{escape(self.line)}</p>"
        if self.variables:
            tables, steps = self._cells()
            html += _html(TERMS, tables) + _html(STEPS, steps)
        if self.alike:
            each = "".join(f"<br>{escape(rows.text)}" for rows in self.alike)
            html += f"<p>{ALIKE}{each}</p>"
        return html


def describe(
    marginal: Any, limit: int, alike: Callable[[], tuple[AlikeRows, ...]] = tuple
) -> Marginalization:
    """Describe how a `Plan` sums out; of ``None``, that there is nothing to sum out.

    `alike` finds the terms whose rows are not all computed, once that is asked for.
    """
    if marginal is None:
        return Marginalization((), (), (), limit, _alike=alike)
    unknowns = marginal.unknowns
    states = [unknown.states for unknown in unknowns]
    variables = tuple(
        SummedVariable(u.name, u.states, u.size, u.size - u.hidden, u.shape) for u in unknowns
    )
    tables = []
    for layout in marginal.layouts:
        rows = int(np.prod(layout.shape, dtype=int))
        tables.append(
            TermTable(
                marginal.output_name(layout.summand.term),
                tuple(unknowns[v].name for v in layout.variables()),
                rows,
                evaluations(layout, states) * rows,
            )
        )
    steps = tuple(
        Step(tuple(step.names), step.elements, step.method, step.entries)
        for step in marginal.elimination.steps
    )
    return Marginalization(
        variables, tuple(tables), steps, limit, marginal.elimination.kinds, alike
    )


def _aligned(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(row[i]) for row in [head, *rows]) for i in range(len(head))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in [head, *rows]
    ]


def _html(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    def line(cells: Sequence[str], tag: str) -> str:
        style = "text-align:left;padding:2px 10px 2px 0"
        each = "".join(f'<{tag} style="{style}">{escape(cell)}</{tag}>' for cell in cells)
        return f"<tr style='background:none'>{each}</tr>"

    body = "".join(line(row, "td") for row in rows)
    return f"<table style='border:none'>{line(head, 'th')}{body}</table>"
