"""A model's discrete unknowns, summed out of the terms that depend on them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from aliquot.distributions.base import Distribution
from aliquot.expression import Evaluation, Expression
from aliquot.marginal import refusal
from aliquot.marginal.assignments import Evaluator
from aliquot.marginal.dependence import Analysis, Mixed, Piece, Slot, analyse
from aliquot.marginal.elimination import Block, Elimination, Factor, TooLarge, plan
from aliquot.marginal.evidence import evidence_table
from aliquot.marginal.layout import Layout, evaluations, lay_out_piece
from aliquot.marginal.leave_one_out import leave_one_out
from aliquot.marginal.tables import FEW, Table, piece_tables, stand_ins, weighted
from aliquot.marginal.terms import Term, leaves_below
from aliquot.marginal.unknowns import Unknown, same_states
from aliquot.model.variables import Data
from aliquot.precision import float64


@dataclass(frozen=True)
class Evaluated:
    """The terms of a sum at given values of everything that is not summed out.

    Attributes
    ----------
    evaluator : Evaluator
    alone : dict from int to scalar
        Of each term, by its number, what depends on no unknown.
    tables : list of table
        One for each factor.
    """

    evaluator: Evaluator
    alone: dict[int, Any]
    tables: list[Table]


class Marginal:
    """The log of a sum, over all joint states of the discrete unknowns, of a product of terms.

    Parameters
    ----------
    unknowns : sequence of Unknown
    terms : sequence of Term
        Those that depend on some of them, their own probabilities left out.
    largest : int
        The most entries that any table may have.
    fill_in : callable
        ``fill_in(distribution, values)``: the distribution with its parameters as arrays, and where
        they are in their ranges, broadcasting against its batch shape; ``None`` for that where it
        is certain.

    Attributes
    ----------
    name : str
        What the sum is called among the terms of the log density.
    elimination : Elimination
    consulted : dict from Data to numpy.ndarray
        The data whose values decided which row depends on what, as they were: with other values
        it has to be made anew.

    Raises
    ------
    ModelError
        Where something cannot be summed out: names it, says why and what would work.
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
        # Outputs that are tables of an unknown's own states: its number, its rows' elements.
        self._own: dict[int, tuple[int, np.ndarray]] = {}
        self._output_names: list[str] = []
        with float64():
            closed = jax.make_jaxpr(self._trace)(*map(_struct, [*self.inputs, *nodes]))
        self.positions = {i: len(self.inputs) + i for i in range(len(unknowns))}
        known = {
            position: (lambda leaf=leaf: np.asarray(leaf.value))
            for position, leaf in enumerate(self.inputs)
            if isinstance(leaf, Data)
        }
        self.analysis: Analysis = analyse(
            closed,
            discrete={position: i for i, position in self.positions.items()},
            known=known,
            whole=tuple(self._own),
        )
        self.consulted = {
            self.inputs[position]: np.array(self.inputs[position].value)
            for position in self.analysis.consulted
        }
        self.free_pieces: list[Piece] = []
        self.layouts: list[Layout] = []
        for piece in self.analysis.pieces:
            self._lay_out(piece)
        self.factors = [
            Factor(part.elements) for layout in self.layouts for part in layout.parts if part.lanes
        ]
        evidence = [evidence_table(u, FEW) for u in unknowns if u.evidence is not None]
        offsets = np.cumsum([0] + [u.size for u in unknowns])
        self._evidence: list[Table] = evidence
        self.factors += [
            Factor(np.arange(u.size)[:, None] + offsets[i])
            for i, u in enumerate(unknowns)
            if u.evidence is not None
        ]
        self.elimination = self._plan()

    def evaluate(self, values: Evaluation) -> Evaluated:
        """Evaluate all terms in all states, inside a traced function.

        Parameters
        ----------
        values : Evaluation
            Holds the values of every continuous variable and of the data.
        """
        evaluator = self._evaluator(values)
        given = stand_ins(self.unknowns, self.positions, 0)
        alone: dict[int, Any] = {}

        def add(output: int, value: Any) -> None:
            alone[output] = alone.get(output, jnp.zeros(())) + value

        for piece in self.free_pieces:
            value = evaluator.at(piece.var, given, 0)
            total = jnp.sum(jnp.broadcast_to(value, tuple(piece.var.aval.shape)))
            add(piece.term, weighted(piece, total, evaluator, given))
        tables: list[Table] = []
        for layout in self.layouts:
            made = piece_tables(layout, self.unknowns, self.positions, evaluator)
            for part, table in zip(layout.parts, made, strict=True):
                if part.lanes:
                    tables.append(table)
                else:
                    rows = jnp.broadcast_to(table, (len(part.elements),))
                    add(layout.piece.term, jnp.sum(rows))
        return Evaluated(evaluator, alone, tables + self._evidence)

    def log_sum(self, at: Evaluated) -> Any:
        """Compute the log of the sum, a scalar."""
        return sum(at.alone.values(), jnp.zeros(())) + self.elimination.log_sum(at.tables)

    def pointwise(self, at: Evaluated) -> dict[str, Any]:
        """Compute log p(y_i | everything continuous, all other y) for each observation.

        Returns
        -------
        dict from str to array
            For the observed variables that depend on an unknown.

        Raises
        ------
        ModelError
            For events that depend on many unknowns in one number, several of them in one variable.
        """
        return leave_one_out(self, at)

    def probabilities(self, at: Evaluated) -> list[Any]:
        """Compute each unknown's posterior probabilities, shape (*shape, states)."""
        found = self.elimination.probabilities(at.tables)
        return [p.reshape((*u.shape, u.states)) for p, u in zip(found, self.unknowns, strict=True)]

    def draw(self, at: Evaluated, key: Any) -> list[Any]:
        """Draw all unknowns from their joint posterior, each of its shape, in its own values."""
        return self._as_values(self.elimination.draw(at.tables, key))

    def most_probable(self, at: Evaluated) -> tuple[list[Any], Any]:
        """Find the joint state of greatest probability, and its log density with all terms."""
        found, best = self.elimination.most_probable(at.tables)
        return self._as_values(found), sum(at.alone.values(), jnp.zeros(())) + best

    def holds(self) -> bool:
        """Say whether what depends on what, and all states, are what they were when it was made."""
        return same_states(self.unknowns) and all(
            leaf.value is not None and np.array_equal(leaf.value, was)
            for leaf, was in self.consulted.items()
        )

    def evidence_factors(self) -> list[tuple[int, Table, int]]:
        """List each partly observed unknown: its number, its evidence, that factor's number."""
        numbers = [i for i, u in enumerate(self.unknowns) if u.evidence is not None]
        first = len(self.factors) - len(numbers)
        return [(n, self._evidence[j], first + j) for j, n in enumerate(numbers)]

    def first_factor(self, layout: Layout) -> int:
        """Give the number of a layout's first factor."""
        before = self.layouts[: next(i for i, o in enumerate(self.layouts) if o is layout)]
        return sum(1 for other in before for part in other.parts if part.lanes)

    def output_name(self, output: int) -> str:
        """Give the name of the variable or potential that a term belongs to."""
        return self._output_names[output]

    def output_shape(self, output: int) -> tuple[int, ...]:
        """Give the shape of a term's value."""
        return tuple(self.analysis.jaxpr.jaxpr.outvars[output].aval.shape)

    def _as_values(self, states: Sequence[Any]) -> list[Any]:
        return [
            (state.reshape(u.shape) + u.lowest).astype(u.distribution.dtype)
            for state, u in zip(states, self.unknowns, strict=True)
        ]

    def _evaluator(self, values: Evaluation) -> Evaluator:
        """Make what evaluates the terms at given values.

        Indices that decided what depends on what are given as they were then: the evaluation can
        then read what they pick without a gather.
        """
        fixed = {leaf: was for leaf, was in self.consulted.items() if was.dtype.kind in "bui"}
        arrays = [
            fixed[leaf] if leaf in fixed else jnp.asarray(values(leaf)) for leaf in self.inputs
        ]
        return Evaluator(self.analysis.jaxpr, [*arrays, *([None] * len(self.unknowns))])

    def _trace(self, *arrays: Any) -> list[Any]:
        """Compute all terms: the unknowns' own probabilities, then the others."""
        nodes: list[Expression] = [*self.inputs, *(u.node for u in self.unknowns)]
        values = Evaluation(dict(zip(nodes, arrays, strict=True)))
        outputs: list[Any] = []
        self._own.clear()
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
                self._own[len(outputs)] = number, table.elements
                outputs.append(_where(valid, table.log_prob, table.elements.shape[-1]))
                self._output_names.append(unknown.name)
        self.first_term = len(outputs)
        for term in self.terms:
            outputs.append(term.compute(values))
            self._output_names.append(term.name)
        return outputs

    def _lay_out(self, piece: Piece) -> None:
        own = self._own.get(piece.term)
        if isinstance(piece.dependence, Mixed):
            raise refusal.mixed(self._output_names[piece.term], piece.dependence, self.unknowns)
        if own is None and not piece.dependence:
            self.free_pieces.append(piece)
            return
        shape = tuple(piece.var.aval.shape)
        slots = list(piece.dependence)
        own_slots: list[Slot] = []
        if own is not None:
            variable, elements = own
            width = elements.shape[-1]
            slots = _without_own_axes(slots, width)
            shape = np.broadcast_shapes(shape[: len(shape) - width], elements.shape[:-1])
            own_slots = [Slot(variable, elements[..., j]) for j in range(width)]
        sizes, states = zip(*((u.size, u.states) for u in self.unknowns), strict=True)
        layout = lay_out_piece(piece, shape, slots, own_slots, sizes, states)
        entries = evaluations(layout, states) * layout.count
        if entries > self.largest:
            involved = dict.fromkeys(layout.variables())
            most = max(len(part.lanes) for part in layout.parts)
            raise refusal.too_large(
                (self.unknowns[v].name for v in involved),
                entries,
                self.largest,
                (
                    f"single values depend on {most} elements together"
                    if most > 1
                    else f"{layout.count:,} rows are looked at in every state"
                ),
                term=self._output_names[piece.term],
            )
        self.layouts.append(layout)

    def _plan(self) -> Elimination:
        try:
            return plan([_block(u) for u in self.unknowns], self.factors, largest=self.largest)
        except TooLarge as error:
            raise refusal.too_large(
                error.names, error.entries, self.largest, error.reason
            ) from None


def _where(valid: Any, log_prob: Any, width: int) -> Any:
    """Put ``-inf`` where parameters are out of range; the last axes of a table are its states."""
    if valid is None:
        return log_prob
    return jnp.where(jnp.expand_dims(valid, tuple(range(-width, 0))), log_prob, -jnp.inf)


def _struct(leaf: Any) -> jax.ShapeDtypeStruct:
    return jax.ShapeDtypeStruct(leaf.shape, leaf.dtype)


def _block(unknown: Unknown) -> Block:
    positions = getattr(unknown.distribution, "chain_positions", None)
    chain = None if positions is None else positions()
    lag = getattr(unknown.distribution, "lag", 1)
    return Block(unknown.name, unknown.size, unknown.states, chain, lag)


def _without_own_axes(slots: Sequence[Slot], width: int) -> list[Slot]:
    """Take the last axes off: what any entry of a row's table depends on, its row does."""
    result: dict[tuple[int, bytes], Slot] = {}
    for slot in slots:
        lead = slot.index.shape[: slot.index.ndim - width]
        flat = slot.index.reshape((*lead, -1))
        for j in range(flat.shape[-1]):
            index = np.ascontiguousarray(flat[..., j])
            result.setdefault((slot.variable, index.tobytes()), Slot(slot.variable, index))
    return list(result.values())
