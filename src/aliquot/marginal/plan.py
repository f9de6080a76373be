"""The plan by which a model's discrete unknowns are summed out, made once for a model.

A model's line becomes a node; the terms that depend on an unknown become a jaxpr, a jaxpr summands
that depend on few elements each, a summand rows of a table, a table a step of an elimination::

    unknowns, terms       what is summed out, of what
        | trace           one jaxpr, whose outputs are the terms
        | dependence      summands of the terms, and what each depends on
        | layout          rows of each summand, and the elements that each row is about
        | elimination     the steps that sum the elements out
    Plan
        | assignments     the summands, evaluated for the states of their elements
        | tables          the values as tables over joint states
    Evaluated             asked for the log of the sum, probabilities, draws, ...
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import copy
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from aliquot.distributions.base import Distribution
from aliquot.expression import Evaluation, Expression
from aliquot.marginal import refusal
from aliquot.marginal.assignments import Evaluator
from aliquot.marginal.dependence import Mixed, Reference, Summand, TermAnalysis, analyse
from aliquot.marginal.elimination import Elimination, Factor, TooLarge, Variable, plan
from aliquot.marginal.evaluated import Evaluated
from aliquot.marginal.layout import Layout, evaluations, lay_out
from aliquot.marginal.tables import SummandValues, evidence_table
from aliquot.marginal.terms import Term, leaves_below
from aliquot.marginal.unknowns import Unknown, same_states
from aliquot.model.variables import CountedRows, Data
from aliquot.precision import float64
from aliquot.primitives.internals import shape_of, struct


class Plan:
    """How the log of a sum of products is computed, over all joint states of discrete unknowns.

    The terms are those that depend on some of the unknowns, their own probabilities left out. No
    table may have more than `largest` entries. ``fill_in(distribution, values)`` gives the
    distribution with its parameters as arrays, and where they are in their ranges, broadcasting
    against its batch shape; ``None`` for that where it is certain. A `ModelError` is raised where
    something cannot be summed out: the error names it, and says why and what would work.

    `name` is what the sum is called among the terms of the log density. `inputs` are what the terms
    need besides the unknowns, and `positions` has the input of the traced computation that holds
    each unknown. `constants` are the summands that depend on no unknown; there is one of the
    layouts for each of the others. With other values of the data that are `consulted` the plan has
    to be made anew.
    """

    def __init__(
        self,
        unknowns: Sequence[Unknown],
        terms: Sequence[Term],
        largest: int,
        fill_in: Callable[[Distribution, Evaluation], tuple[Distribution, Any]],
    ) -> None:
        self.unknowns = list(unknowns)
        self.terms = list(terms)
        self.largest = largest
        self.name = f"sum over {', '.join(unknown.name for unknown in unknowns)}"
        self._fill_in = fill_in
        nodes = [unknown.node for unknown in unknowns]
        sources = [u.distribution for u in unknowns] + [term.sources for term in terms]
        self.inputs = leaves_below(sources, nodes)
        # Outputs that are tables of an unknown's states: its number, and its rows' elements.
        self._state_tables: dict[int, tuple[int, np.ndarray]] = {}
        self._output_names: list[str] = []
        with float64():
            closed = jax.make_jaxpr(self._trace)(*map(struct, [*self.inputs, *nodes]))
        self.positions = {i: len(self.inputs) + i for i in range(len(unknowns))}
        known = {
            position: (lambda leaf=leaf: np.asarray(leaf.value))
            for position, leaf in enumerate(self.inputs)
            if isinstance(leaf, Data) and not isinstance(leaf, CountedRows) and not leaf.on_disk
        }
        self.analysis: TermAnalysis = analyse(
            closed,
            discrete={position: i for i, position in self.positions.items()},
            known=known,
            whole=tuple(self._state_tables),
        )
        self._decided = {
            position: np.array(self.inputs[position].value) for position in self.analysis.consulted
        }
        self._states = list(map(_states, self.unknowns))
        self.constants: list[Summand] = []
        self.layouts: list[Layout] = []
        for summand in self.analysis.summands:
            self._lay_out(summand)
        self._evidence = {
            i: evidence_table(u) for i, u in enumerate(unknowns) if u.evidence is not None
        }
        self.elimination = self._planned()

    def evaluate(self, values: Evaluation) -> Evaluated:
        """Evaluate all terms in all states, inside a traced function.

        `values` holds the values of every continuous variable and of the data.
        """
        summands = SummandValues(self.unknowns, self.positions, self._evaluator(values))
        constants: dict[int, Any] = {}

        def add(output: int, value: Any) -> None:
            constants[output] = constants.get(output, jnp.zeros(())) + value

        for summand in self.constants:
            add(summand.term, summands.total(summand))
        tables = []
        for layout in self.layouts:
            for group, table in zip(layout.groups, summands.tables(layout), strict=True):
                if group.classes:
                    tables.append(table)
                else:
                    rows = jnp.broadcast_to(table.as_array(), (len(group.elements),))
                    add(layout.summand.term, jnp.sum(rows))
        return Evaluated(self, summands, constants, [*tables, *self._evidence.values()])

    @property
    def consulted(self) -> dict[Any, np.ndarray]:
        """The data whose values decided which row depends on what, as they were."""
        return {self.inputs[position]: was for position, was in self._decided.items()}

    def holds(self) -> bool:
        """Say whether what depends on what, and all states, are what they were when it was made."""
        return same_states(self.unknowns) and self._consults(self.inputs)

    def released(self) -> Plan:
        """Give the same plan without its model: it can be kept for others, which `of` makes."""
        bare = copy(self)
        bare.unknowns, bare.terms, bare.inputs = [], [], []
        return bare

    def of(self, unknowns: Sequence[Unknown], terms: Sequence[Term]) -> Plan | None:
        """Give the plan of another model that is the same but for its data.

        The result is None where these decide otherwise what depends on what.
        """
        if list(map(_states, unknowns)) != self._states:
            return None
        sources = [u.distribution for u in unknowns] + [term.sources for term in terms]
        inputs = leaves_below(sources, [unknown.node for unknown in unknowns])
        if not self._consults(inputs):
            return None
        fresh = copy(self)
        fresh.unknowns, fresh.terms, fresh.inputs = list(unknowns), list(terms), inputs
        return fresh

    def _consults(self, inputs: Sequence[Any]) -> bool:
        """Say whether the values that decided are the same."""
        values = ((inputs[position].value, was) for position, was in self._decided.items())
        return all(value is not None and np.array_equal(value, was) for value, was in values)

    def evidence_factors(self) -> list[tuple[int, int]]:
        """List each partly observed unknown: its number, and that of the factor that says so."""
        first = sum(len(_factors(layout)) for layout in self.layouts)
        return [(number, first + i) for i, number in enumerate(self._evidence)]

    def first_factor(self, layout: Layout) -> int:
        """Give the number of a layout's first factor."""
        before = self.layouts[: next(i for i, o in enumerate(self.layouts) if o is layout)]
        return sum(len(_factors(other)) for other in before)

    def output_name(self, output: int) -> str:
        """Give the name of the variable or potential that a term belongs to."""
        return self._output_names[output]

    def output(self, output: int) -> Any:
        """Give the atom of the computation that is a term."""
        return self.analysis.program.jaxpr.outvars[output]

    def _evaluator(self, values: Evaluation) -> Evaluator:
        """Make what evaluates the terms at given values.

        Indices that decided what depends on what are given as they were then: the evaluation can
        then read what they pick without a gather.
        """
        fixed = {leaf: was for leaf, was in self.consulted.items() if was.dtype.kind in "bui"}
        arrays = [
            fixed[leaf] if leaf in fixed else jnp.asarray(values(leaf)) for leaf in self.inputs
        ]
        return Evaluator(self.analysis.program, [*arrays, *([None] * len(self.unknowns))])

    def _trace(self, *arrays: Any) -> list[Any]:
        """Compute all terms: the unknowns' own probabilities, then the others."""
        nodes: list[Expression] = [*self.inputs, *(u.node for u in self.unknowns)]
        values = Evaluation(dict(zip(nodes, arrays, strict=True)))
        outputs: list[Any] = []
        self._state_tables.clear()
        self._output_names.clear()
        for number, unknown in enumerate(self.unknowns):
            distribution, valid = self._fill_in(unknown.distribution, values)
            tables = distribution.state_tables()
            if tables is None:
                probability = distribution.checked_log_prob(values(unknown.node))
                probability = jnp.broadcast_to(probability, unknown.distribution.batch_shape)
                outputs.append(_where(valid, probability, 0))
                self._output_names.append(unknown.name)
                continue
            for table in tables:
                self._state_tables[len(outputs)] = number, table.elements
                # The axes of elements are the batch's, and steps of a sequence after them.
                steps = table.elements.ndim - 1 - len(unknown.distribution.batch_shape)
                width = steps + table.elements.shape[-1]
                outputs.append(_where(valid, table.log_prob, width))
                self._output_names.append(unknown.name)
        self.first_term = len(outputs)
        for term in self.terms:
            outputs.append(term.compute(values))
            self._output_names.append(term.name)
        return outputs

    def _lay_out(self, summand: Summand) -> None:
        states = self._state_tables.get(summand.term)
        if isinstance(summand.dependence, Mixed):
            name = self._output_names[summand.term]
            raise refusal.mixed(name, summand.dependence, self.unknowns)
        if states is None and not summand.dependence:
            self.constants.append(summand)
            return
        shape = shape_of(summand.var)
        references = list(summand.dependence)
        tabulated: list[Reference] = []
        if states is not None:
            variable, elements = states
            width = elements.shape[-1]
            references = _without_last_axes(references, width)
            shape = np.broadcast_shapes(shape[: len(shape) - width], elements.shape[:-1])
            tabulated = [Reference(variable, elements[..., j]) for j in range(width)]
        sizes, counts = zip(*((u.size, u.states) for u in self.unknowns), strict=True)
        layout = lay_out(summand, shape, references, tabulated, sizes, counts)
        entries = evaluations(layout, counts) * layout.count
        if entries > self.largest:
            involved = dict.fromkeys(layout.variables())
            most = max(len(group.classes) for group in layout.groups)
            raise refusal.too_large(
                (self.unknowns[v].name for v in involved),
                entries,
                self.largest,
                (
                    f"single values depend on {most} elements together"
                    if most > 1
                    else f"{layout.count:,} rows are looked at in every state"
                ),
                term=self._output_names[summand.term],
            )
        self.layouts.append(layout)

    def _planned(self) -> Elimination:
        offsets = np.cumsum([0] + [u.size for u in self.unknowns])
        factors = [factor for layout in self.layouts for factor in _factors(layout)]
        factors += [
            Factor(np.arange(self.unknowns[i].size)[:, None] + offsets[i]) for i in self._evidence
        ]
        try:
            return plan([_variable(u) for u in self.unknowns], factors, largest=self.largest)
        except TooLarge as error:
            raise refusal.too_large(
                error.names, error.entries, self.largest, error.reason
            ) from None


def _states(unknown: Unknown) -> tuple[Any, ...]:
    """Give what a plan takes from an unknown: its name, its states, what was seen of it."""
    seen = None if unknown.evidence is None else unknown.evidence.tobytes()
    return unknown.name, unknown.lowest, unknown.states, seen


def _factors(layout: Layout) -> list[Factor]:
    """Give the factors that a layout becomes: one for each group of rows about some elements."""
    return [Factor(group.elements) for group in layout.groups if group.classes]


def _where(valid: Any, log_prob: Any, width: int) -> Any:
    """Put ``-inf`` where parameters are out of range; a table ends in `width` axes of its own."""
    if valid is None:
        return log_prob
    return jnp.where(jnp.expand_dims(valid, tuple(range(-width, 0))), log_prob, -jnp.inf)


def _variable(unknown: Unknown) -> Variable:
    positions = getattr(unknown.distribution, "chain_positions", None)
    chain = None if positions is None else positions()
    lag = getattr(unknown.distribution, "lag", 1)
    return Variable(unknown.name, unknown.size, unknown.states, chain, lag)


def _without_last_axes(references: Sequence[Reference], width: int) -> list[Reference]:
    """Take the last axes off: what any entry of a row's table depends on, its row does."""
    result: dict[tuple[int, bytes], Reference] = {}
    for variable, index in references:
        flat = index.reshape((*index.shape[: index.ndim - width], -1))
        for j in range(flat.shape[-1]):
            entry = np.ascontiguousarray(flat[..., j])
            result.setdefault((variable, entry.tobytes()), Reference(variable, entry))
    return list(result.values())
