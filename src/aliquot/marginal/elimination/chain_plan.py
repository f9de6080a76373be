"""Which elements form chains along time, and which factors fit into their windows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from aliquot.marginal.elimination.chain import Chain, TimedReading
from aliquot.marginal.elimination.forward_backward import Form
from aliquot.marginal.elimination.merge import Live
from aliquot.marginal.elimination.numbering import Numbering, Scope, groups_of_rows
from aliquot.marginal.elimination.row_map import RowMap

# A path of fewer elements is summed out element by element.
SHORTEST_PATH = 9
MOST_SHARED = 6


@dataclass(frozen=True)
class Chains:
    """Elements in the order of time.

    Attributes
    ----------
    blocks : tuple of int
    elements : np.ndarray
        Shape (chains, steps, blocks).
    lag : int
    """

    blocks: tuple[int, ...]
    elements: np.ndarray
    lag: int

    def beside(self, others: Sequence[Chains]) -> Chains | None:
        """Make the blocks' chains into one whose state is that of all, if they are as long."""
        each = [self, *others]
        if any(other.elements.shape[:2] != self.elements.shape[:2] for other in others):
            return None
        return Chains(
            tuple(block for chains in each for block in chains.blocks),
            np.concatenate([chains.elements for chains in each], axis=2),
            max(chains.lag for chains in each),
        )


def chains_of(block: int, live: Mapping[Scope, Live], numbering: Numbering) -> Chains | None:
    """Give the chains of a block: those that are stated, or else paths that its factors make."""
    stated = numbering.blocks[block]
    start = int(numbering.starts[block])
    if stated.states < 2:
        return None
    if stated.chain is not None:
        order = np.asarray(stated.chain, np.int64)
        if order.ndim != 2 or not np.array_equal(np.sort(order, axis=None), np.arange(stated.size)):
            raise ValueError(f"the chains of {stated.name} do not have each of its elements once")
        steps = order.shape[1]
        lag = max(1, min(stated.lag, steps - 1))
        return Chains((block,), start + order[:, :, None], lag)
    if stated.size < SHORTEST_PATH:
        return None
    pairs = []
    for scope, factor in live.items():
        slots = [slot for slot, of_block in enumerate(scope) if of_block == block]
        if len(slots) > 2:
            return None
        if len(slots) == 2:
            pairs.append(factor.elements[:, slots] - start)
    found = paths(np.concatenate(pairs), stated.size) if pairs else None
    return None if found is None else Chains((block,), start + found[:, :, None], 1)


def paths(pairs: np.ndarray, size: int) -> np.ndarray | None:
    """Order elements along disjoint paths of the same length, if that is what pairs of them make.

    Parameters
    ----------
    pairs : int array, shape (pairs, 2)
    size : int

    Returns
    -------
    int array, shape (paths, steps), or None
    """
    edges = np.unique(np.sort(pairs, axis=1), axis=0)
    degree = np.bincount(edges.reshape(-1), minlength=size)
    ends = np.flatnonzero(degree == 1)
    count = ends.size // 2
    if degree.min() < 1 or degree.max() > 2 or not count or size % count:
        return None
    beside = np.full((size, 2), -1, np.int64)
    both = np.concatenate([edges, edges[:, ::-1]])
    both = both[np.argsort(both[:, 0], kind="stable")]
    second = np.concatenate([[False], both[1:, 0] == both[:-1, 0]])
    beside[both[:, 0], second.astype(int)] = both[:, 1]
    before, here = np.full(ends.size, -1), ends
    walk = [here]
    for _ in range(size // count - 1):
        onward = np.where(beside[here, 0] == before, beside[here, 1], beside[here, 0])
        if np.any(onward < 0):
            return None
        before, here = here, onward
        walk.append(here)
    if np.any(degree[here] != 1):
        return None
    found = np.stack(walk, axis=1)
    return found[found[:, 0] < found[:, -1]]


@dataclass(frozen=True)
class View:
    """How the factors of some chains fit into their windows.

    Attributes
    ----------
    chains : Chains
    shared : np.ndarray
        Elements that all steps of a chain share, shape (chains, shared).
    form : Form
    """

    chains: Chains
    shared: np.ndarray
    form: Form

    @property
    def log_entries(self) -> float:
        """The log of the number of entries of one step's table for one chain."""
        return float(np.sum(np.log(np.array(self.form.window[:-1], float))))

    @property
    def entries(self) -> float:
        """The number of entries of the tables of all steps."""
        steps = self.chains.elements.shape[0] * self.chains.elements.shape[1]
        return float(np.exp(min(self.log_entries, 700.0))) * steps


def view(chains: Chains, live: Mapping[Scope, Live], numbering: Numbering) -> View | None:
    """Say whether each factor is about a window of one chain, and elements that its steps share."""
    count, steps, _ = chains.elements.shape
    chain_of, step_of = _places(chains, numbering)
    codes = [np.empty(0, np.int64)]
    for scope, factor in live.items():
        inside = [slot for slot, block in enumerate(scope) if block in chains.blocks]
        if not inside:
            continue
        of_chain = chain_of[factor.elements[:, inside]]
        times = step_of[factor.elements[:, inside]]
        if np.any(of_chain != of_chain[:, :1]):
            return None
        if np.any(times.max(axis=1) - times.min(axis=1) > chains.lag):
            return None
        for slot in range(len(scope)):
            if slot not in inside:
                code = of_chain[:, 0] * numbering.count + factor.elements[:, slot]
                codes.append(np.unique(code))
    pairs = np.unique(np.concatenate(codes))
    of_chain, element = np.divmod(pairs, numbering.count)
    number = np.bincount(of_chain, minlength=count)
    if number.min() != number.max() or number[0] > MOST_SHARED:
        return None
    shared = element.reshape(count, int(number[0]))
    blocks = numbering.block_of(shared)
    if np.any(blocks != blocks[:1]):
        return None
    form = Form(
        numbering.states_of(chains.blocks),
        chains.lag,
        numbering.states_of(tuple(int(b) for b in blocks[0])),
        count,
        max(steps - chains.lag, 0),
    )
    return View(chains, shared, form)


def chain_step(found: View, live: Mapping[Scope, Live], numbering: Numbering, target: int) -> Chain:
    """Make the operation that sums out the chains of a view."""
    chains, form = found.chains, found.form
    lag, width = chains.lag, form.width
    chain_of, step_of = _places(chains, numbering)
    first: list[TimedReading] = []
    later: list[TimedReading] = []
    for scope, factor in live.items():
        inside = [slot for slot, block in enumerate(scope) if block in chains.blocks]
        if not inside:
            continue
        times = step_of[factor.elements]
        newest = times[:, inside].max(axis=1)
        of_chain = chain_of[factor.elements[:, inside[0]]]
        # Where each slot is: how many steps back, or which of the shared elements.
        kind = np.empty(factor.elements.shape, np.int64)
        for slot in range(len(scope)):
            if slot in inside:
                kind[:, slot] = newest - times[:, slot]
            else:
                same = found.shared[of_chain] == factor.elements[:, slot][:, None]
                kind[:, slot] = np.argmax(same, axis=1)
        late = newest >= lag
        # Each of the first steps has axes of its own; the later ones have the window's.
        kind_and_time = np.column_stack([kind, np.where(late, -1, newest)])
        for group in groups_of_rows(kind_and_time):
            time = int(kind_and_time[group[0], -1])
            last = lag if time < 0 else time
            axes = []
            for slot, block in enumerate(scope):
                place = int(kind[group[0], slot])
                if slot in inside:
                    axes.append((last - place) * width + chains.blocks.index(block))
                else:
                    axes.append((lag + 1 if time < 0 else lag) * width + place)
            times_here = form.moves if time < 0 else 0
            rows = of_chain[group] + (
                (newest[group] - lag) * form.chains if time < 0 else np.zeros_like(group)
            )
            row_map = RowMap(
                factor.rows[group], rows, factor.size, form.chains * max(times_here, 1)
            )
            reading = TimedReading(factor.slot, tuple(axes), row_map, times_here)
            (later if time < 0 else first).append(reading)
    return Chain(chains.elements, found.shared, form, tuple(first), tuple(later), target)


def _places(chains: Chains, numbering: Numbering) -> tuple[np.ndarray, np.ndarray]:
    """Give the chain and the step of each element."""
    count, steps, _ = chains.elements.shape
    chain_of = np.full(numbering.count, -1, np.int64)
    step_of = np.full(numbering.count, -1, np.int64)
    chain_of[chains.elements] = np.arange(count)[:, None, None]
    step_of[chains.elements] = np.arange(steps)[None, :, None]
    return chain_of, step_of
