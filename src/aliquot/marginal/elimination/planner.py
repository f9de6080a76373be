"""A plan in the making: elements go one after the other, many at once or along chains."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from aliquot.marginal.elimination.batch import Batch, batches
from aliquot.marginal.elimination.chain_plan import Chains, chains_of, coupled
from aliquot.marginal.elimination.components import parts_of
from aliquot.marginal.elimination.elimination import Elimination
from aliquot.marginal.elimination.live import Live, Rows, rows_of_factor
from aliquot.marginal.elimination.merge import Merge, merge_plan
from aliquot.marginal.elimination.numbering import Numbering, Scope
from aliquot.marginal.elimination.order import independent, log_entries, one_by_one
from aliquot.marginal.elimination.records import Factor, StepRecord, TooLarge, Variable
from aliquot.marginal.elimination.row_map import RowMap
from aliquot.marginal.elimination.sequence import in_sequence
from aliquot.marginal.elimination.step import EliminationStep, Reading
from aliquot.marginal.elimination.window import Window, chain_step, fitted

# One element at a time is planned in Python loops, and makes as many steps as there are elements.
MOST_ONE_BY_ONE = 400
# In a block of more elements than this, tables one state larger are taken along in the same step.
MANY_ELEMENTS = 64
# What is connected may go in sequence with tables of up to so many entries.
MOST_IN_SEQUENCE = 200_000
# How many times larger tables may be for the sake of few steps.
MUCH_LESS = 64
_TIE = 1e-9


class Planner:
    """The state of a plan in the making: which factors are there, and the steps so far."""

    def __init__(self, blocks: Sequence[Variable], factors: Sequence[Factor], largest: int) -> None:
        for block in blocks:
            if block.states < 1:
                raise ValueError(f"{block.name} has no states")
        self.numbering = Numbering(blocks)
        self.largest = largest
        self.steps: list[EliminationStep] = []
        self.records: list[StepRecord] = []
        self.live: dict[Scope, Live] = {}
        # Numbers that belong to no element any more, and an element that each of them came from.
        self.constants: list[tuple[Rows, np.ndarray]] = []
        self.registers = 0
        self.by_rows = 0
        self.too_wide: TooLarge | None = None
        self.refused: TooLarge | None = None
        self.held: dict[int, Chains] = {}
        self._weights: dict[int, tuple[dict[Scope, Live], np.ndarray]] = {}
        self._windows: dict[tuple[Any, ...], tuple[dict[Scope, Live], Window | None]] = {}
        self.left = np.ones(self.numbering.count, bool)
        self.scopes = [self.numbering.scope_of(f, i) for i, f in enumerate(factors)]
        self.rows = [factor.elements.shape[0] for factor in factors]
        self.parts = parts_of(factors, self.numbering.count)
        self._start(factors)

    def _start(self, factors: Sequence[Factor]) -> None:
        """Merge the factors as they are given, with room for a weight on each state."""
        numbering = self.numbering
        parts: dict[Scope, list[Rows]] = {}
        for scope, factor in zip(self.scopes, factors, strict=True):
            # An element with one state is not unknown.
            kept = [column for column, block in enumerate(scope) if numbering.states[block] > 1]
            elements = np.asarray(factor.elements[:, kept], np.int64)
            _check_distinct(elements, self.registers)
            new = rows_of_factor(self.new_register(), elements)
            if not kept:
                first = factor.elements[:, 0] if scope else np.full(len(elements), -1)
                self.constants.append((new[0], first))
                continue
            parts.setdefault(tuple(sorted(scope[column] for column in kept)), []).extend(new)
        for number, block in enumerate(numbering.blocks):
            register = self.new_register()
            elements = numbering.elements_of(number)
            if block.states == 1:
                self.left[elements] = False
            elif block.size:
                rows = np.arange(block.size)
                weights = Rows(register, block.size, rows, elements[:, None], (0,))
                parts[(number,)] = [weights, *parts.get((number,), [])]
        for scope, of_scope in parts.items():
            self.add(scope, of_scope)

    def attempt(self, way: Callable[[], Elimination]) -> Elimination | None:
        """Plan in one of the ways below; None where a table would be too large: see `refused`."""
        try:
            return way()
        except TooLarge as error:
            self.refused = error
            return None

    def new_register(self) -> int:
        """Give the number of a new register."""
        self.registers += 1
        return self.registers - 1

    def add(self, scope: Scope, parts: list[Rows]) -> None:
        """Add rows to the live factor over the same blocks."""
        if scope in self.live:
            old = self.live.pop(scope)
            axes = tuple(range(len(scope)))
            parts = [Rows(old.register, old.size, old.rows, old.elements, axes), *parts]
        codes = [self.numbering.codes(part.elements) for part in parts]
        merge, live = merge_plan(parts, codes, self.registers, self.numbering.states_of(scope))
        if merge is not None:
            self.new_register()
            self.steps.append(merge)
        self.live[scope] = live

    def finish(self) -> Elimination:
        """Add up what is left: one log weight, or several."""
        readings = tuple(
            Reading(part.register, (), RowMap(part.rows, np.zeros_like(part.rows), part.size, 1))
            for part, _ in self.constants
        )
        target = self.new_register()
        self.steps.append(Merge(readings, target, ()))
        return Elimination(
            self.numbering,
            self.scopes,
            self.rows,
            self.steps,
            self.records,
            self.registers,
            self.by_rows,
            self.parts,
            [element for _, element in self.constants],
        )

    def many_at_once(self, *, sequences: bool = False) -> Elimination:
        """Sum out as many elements of a block at a time as can be, and chains along time.

        The next are those with the smallest table. Chains wait until nothing but their own factors
        and a few shared elements are left of them; those that share factors may become one. With
        `sequences`, elements of which only a few could go at a time become chains of their own.
        """
        self.held = {
            block: chains
            for block in range(len(self.numbering.blocks))
            if (chains := chains_of(block, self.live, self.numbering)) is not None
        }
        while self.left.any():
            found = self._lightest_block()
            held = list(self.held.values())
            along = self._lightest_chains([*held, *coupled(held, self.live, self.numbering)])
            if along is not None and self._is_too_wide(along):
                self.held.clear()
            elif along is not None and (found is None or along.log_entries <= found[0] + _TIE):
                self.sum_along(along)
            elif found is not None and (found[0] <= np.log(self.largest) or not self.held):
                self._sum_out_lightest(*found[1:], sequences=sequences)
            else:
                self.held.clear()
        return self.finish()

    def _sum_out_lightest(self, block: int, weights: np.ndarray, *, sequences: bool) -> None:
        start = self.numbering.starts[block]
        lowest = weights.min()
        slack = np.log(self.numbering.states[block]) if weights.size > MANY_ELEMENTS else 0.0
        light = weights <= min(lowest + slack, max(np.log(self.largest), lowest)) + _TIE
        candidates = start + np.flatnonzero(light)
        chosen = independent(candidates, weights[light], block, self.live, self.numbering)
        if sequences:
            found = self._sequence(chosen)
            if found is not None:
                self.sum_along(found)
                return
        entries = float(np.sum(np.exp(np.minimum(weights[chosen - start], 700.0))))
        self._check(entries, chosen)
        self.sum_out(chosen)

    def _sequence(self, chosen: np.ndarray) -> Window | None:
        """Give all that is left as a chain, unless half of it could go at once by rows."""
        waiting = [c.elements.reshape(-1) for c in self.held.values()]
        free = self.left.copy()
        free[np.concatenate([np.empty(0, np.int64), *waiting])] = False
        elements = np.flatnonzero(free)
        if 2 * chosen.size >= elements.size > 2:
            return None
        chains = in_sequence(elements, self.live, self.numbering)
        found = (
            None if chains is None else fitted(chains, self._about(chains.blocks), self.numbering)
        )
        if found is None or found.entries > min(self.largest, MOST_IN_SEQUENCE):
            return None
        return found

    def _lightest_chains(self, candidates: Sequence[Chains]) -> Window | None:
        """Give the chains with the smallest table of those that can be summed out along time."""
        windows = [found for chains in candidates if (found := self._window(chains)) is not None]
        return min(windows, key=lambda each: each.log_entries, default=None)

    def _window(self, chains: Chains) -> Window | None:
        """Give `fitted`, kept as long as the factors about the blocks are the same."""
        mine = self._about(chains.blocks)
        key = (chains.elements.shape, chains.elements[:, 0].tobytes())
        kept = self._windows.get(key)
        if kept is None or not _same(kept[0], mine):
            kept = mine, fitted(chains, mine, self.numbering)
            self._windows[key] = kept
        return kept[1]

    def _is_too_wide(self, found: Window) -> bool:
        """Say whether a few long factors make a window so wide that other orders are far better."""
        names = [self.numbering.blocks[block].name for block in found.chains.blocks]
        if found.form.lag <= found.chains.lag or found.entries <= MOST_IN_SEQUENCE:
            return False
        if found.entries > self.largest:
            self.too_wide = TooLarge(
                names,
                found.entries,
                f"the likelihood reaches over windows of {found.form.lag + 1} steps, whose states "
                "are summed out together",
            )
            return True
        elements = np.flatnonzero(self.left)
        if elements.size > MOST_ONE_BY_ONE:
            return False
        _, entries, _ = one_by_one(elements, self.live, self.numbering, by_fill=True)
        return MUCH_LESS * entries * elements.size < found.entries

    def sum_along(self, found: Window) -> None:
        """Sum out chains by the forward recursion."""
        chains = found.chains
        if found.entries > self.largest:
            shared = found.shared[0] if found.shared.size else np.empty(0, np.int64)
            self._refuse(found.entries, np.concatenate([chains.elements[0, 0], shared]))
        step = chain_step(found, self._about(chains.blocks), self.numbering, self.new_register())
        self.steps.append(step)
        elements = chains.elements.reshape(-1)
        self.forget(elements)
        for block in chains.blocks:
            if block in self.held:
                rest = self.left[self.held[block].elements[:, :, 0]].all(axis=1)
                if rest.any():
                    self.held[block] = self.held[block].only(np.flatnonzero(rest))
                else:
                    del self.held[block]
        scope = tuple(int(block) for block in self.numbering.block_of(found.shared[0]))
        count, axes = found.form.chains, tuple(range(len(scope)))
        part = Rows(step.target, count, np.arange(count), found.shared, axes)
        if scope:
            self.add(scope, [part])
        else:
            self.constants.append((part, chains.elements.reshape(count, -1)[:, 0]))
        states = int(np.prod(found.form.states))
        self.record(chains.blocks, elements.size, states, "chain", round(found.entries))

    def _about(self, blocks: Sequence[int]) -> dict[Scope, Live]:
        """Give the live factors about any of some blocks."""
        return {
            scope: live for scope, live in self.live.items() if not set(scope).isdisjoint(blocks)
        }

    def one_at_a_time(self) -> Elimination:
        """Sum out single elements, in the better of two orders."""
        elements = np.flatnonzero(self.left)
        orders = [
            one_by_one(elements, self.live, self.numbering, by_fill=by_fill)
            for by_fill in (False, True)
        ]
        order, entries, clique = min(orders, key=lambda found: found[1])
        if entries > self.largest:
            self._refuse(entries, np.array(sorted(clique)))
        for element in order:
            self.sum_out(np.array([element]))
        return self.finish()

    def _lightest_block(self) -> tuple[float, int, np.ndarray] | None:
        """Give the block with the smallest table for an element, and those of all its elements."""
        found = []
        for block in range(len(self.numbering.blocks)):
            left = self.left[self.numbering.elements_of(block)]
            if block not in self.held and left.any():
                weights = np.where(left, self._log_entries(block), np.inf)
                found.append((round(float(weights.min()), 9), block, weights))
        return min(found, key=lambda each: each[:2], default=None)

    def _log_entries(self, block: int) -> np.ndarray:
        """Give `log_entries`, kept as long as the factors about the block are the same."""
        mine = self._about([block])
        kept = self._weights.get(block)
        if kept is None or not _same(kept[0], mine):
            kept = mine, log_entries(block, mine, self.numbering)
            self._weights[block] = kept
        return kept[1]

    def sum_out(self, chosen: np.ndarray) -> None:
        """Sum out elements of one block, no two of which are neighbours."""
        numbering = self.numbering
        messages: dict[Scope, list[Rows]] = {}
        largest = 0
        for elements, neighbours, readings in batches(chosen, self.live, numbering):
            rows = np.arange(elements.size)
            block = int(numbering.block_of(elements[:1])[0])
            scope = tuple(int(b) for b in numbering.block_of(neighbours[0]))
            states = numbering.states_of((block, *scope))
            target = self.new_register()
            self.by_rows += 1
            read = []
            for of_scope, axes, which in readings:
                live = self.live[of_scope]
                row_map = RowMap(live.rows[which], rows, live.size, elements.size)
                read.append(Reading(live.register, axes, row_map))
            self.steps.append(Batch(elements, neighbours, tuple(read), states, target))
            axes = tuple(range(len(scope)))
            part = Rows(target, elements.size, rows, neighbours, axes)
            if scope:
                messages.setdefault(scope, []).append(part)
            else:
                self.constants.append((part, elements))
            largest = max(largest, int(np.prod(states)) * elements.size)
        self.forget(chosen)
        for scope, parts in messages.items():
            self.add(scope, parts)
        block = int(numbering.block_of(chosen[:1])[0])
        self.record((block,), chosen.size, int(numbering.states[block]), "rows", largest)

    def record(
        self, blocks: Sequence[int], elements: int, states: int, method: str, entries: int
    ) -> None:
        """Note a step; steps of the same kind on the same blocks become one."""
        names = tuple(self.numbering.blocks[block].name for block in blocks)
        if self.records:
            last = self.records[-1]
            if last.names == names and last.method == method and last.states == states:
                elements += last.elements
                entries = max(entries, last.entries)
                self.records.pop()
        self.records.append(StepRecord(names, elements, states, method, entries))

    def forget(self, elements: np.ndarray) -> None:
        """Drop the rows about elements that have been summed out."""
        gone = np.zeros(self.numbering.count, bool)
        gone[elements] = True
        blocks = {int(b) for b in np.unique(self.numbering.block_of(elements))}
        for scope in list(self.live):
            if blocks.isdisjoint(scope):
                continue
            live = self.live.pop(scope)
            stay = ~gone[live.elements].any(axis=1)
            if stay.all():
                self.live[scope] = live
            elif stay.any():
                self.live[scope] = live.only(np.flatnonzero(stay))
        self.left[elements] = False

    def _check(self, entries: float, chosen: np.ndarray) -> None:
        if entries <= self.largest:
            return
        about = {int(b) for b in np.unique(self.numbering.block_of(chosen))}
        for scope, live in self.live.items():
            if about & set(scope) and np.isin(live.elements, chosen[:1]).any():
                about |= set(scope)
        starts = self.numbering.starts[sorted(about)]
        self._refuse(entries, starts)

    def _refuse(self, entries: float, elements: np.ndarray) -> None:
        blocks = np.unique(self.numbering.block_of(elements))
        names = [self.numbering.blocks[block].name for block in blocks]
        raise TooLarge(
            names,
            entries,
            "even in the best order that was found, one step combines too many states and rows of "
            f"{_listed(names)}",
        )


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + " and " + names[-1]


def _same(before: Mapping[Scope, Live], now: Mapping[Scope, Live]) -> bool:
    return before.keys() == now.keys() and all(before[scope] is now[scope] for scope in now)


def _check_distinct(elements: np.ndarray, number: int) -> None:
    columns = elements.shape[1]
    for a in range(columns):
        for b in range(a + 1, columns):
            if np.any(elements[:, a] == elements[:, b]):
                raise ValueError(f"factor {number} has a row with the same element in two slots")
