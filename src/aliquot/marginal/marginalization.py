"""What is summed out of a model, and how: for a person to read and a program to look at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np

from aliquot.marginal.layout import evaluations

TERMS = ("term", "over the states of", "rows", "values")
# Past so many steps that are compiled one by one, it is said how many they are.
MANY_KINDS = 12
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
        if not self.variables:
            return self.line
        tables, steps = self._cells()
        return "\n".join(
            [
                self.line,
                "",
                *_aligned(TERMS, tables),
                "",
                *_aligned(STEPS, steps),
            ]
        )

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
        if not self.variables:
            return f"<p>{escape(self.line)}</p>"
        tables, steps = self._cells()
        return f"<p>{escape(self.line)}</p>" + _html(TERMS, tables) + _html(STEPS, steps)


def describe(marginal: Any, limit: int) -> Marginalization:
    """Describe how a `Plan` sums out; of ``None``, that there is nothing to sum out."""
    if marginal is None:
        return Marginalization((), (), (), limit)
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
    return Marginalization(variables, tuple(tables), steps, limit, marginal.elimination.kinds)


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
