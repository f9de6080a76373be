"""The windows of chains: how far back their factors reach, and what all steps share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from aliquot.marginal.elimination.chain import ChainStep, TimedReading
from aliquot.marginal.elimination.chain_plan import Chains
from aliquot.marginal.elimination.forward_backward import Form
from aliquot.marginal.elimination.live import Live
from aliquot.marginal.elimination.numbering import Numbering, Scope, groups_of_rows
from aliquot.marginal.elimination.row_map import RowMap

MOST_SHARED = 6
_TIE = 1e-9


@dataclass(frozen=True)
class Window:
    """How the factors of some chains fit into their windows."""

    chains: Chains
    shared: np.ndarray  # (chains, shared): elements that all steps of a chain share
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


def fitted(chains: Chains, live: Mapping[Scope, Live], numbering: Numbering) -> Window | None:
    """Fit the factors of chains into windows.

    A window is as long as the factor that reaches furthest back. Where it is only a few steps that
    others reach back to (the first one, say), the window is short, and these are shared. The result
    is None where a factor is about several of the chains, or they share too much.
    """
    times = _times(chains, live, numbering)
    if times is None:
        return None
    found = None
    for cut in _cuts(chains, times):
        other = _fitted(chains.without(cut) if cut else chains, live, numbering)
        if other is not None and (found is None or other.log_entries < found.log_entries - _TIE):
            found = other
    return found


def _times(
    chains: Chains, live: Mapping[Scope, Live], numbering: Numbering
) -> list[np.ndarray] | None:
    """Give the steps that each row is about, (rows, columns), and -1 where it is of no chain.

    None where a row is about several chains.
    """
    chain_of, step_of, _ = _places(chains, numbering)
    found = []
    for factor in live.values():
        of_chain = chain_of[factor.elements]
        inside = of_chain >= 0
        first = of_chain.max(axis=1)
        if np.any(inside & (of_chain != first[:, None])):
            return None
        mine = first >= 0
        found.append(step_of[factor.elements[mine]])
    return found


def _reach(times: np.ndarray) -> np.ndarray:
    """Give how many steps each row spans."""
    large = np.iinfo(np.int64).max
    lowest = np.where(times < 0, large, times).min(axis=1)
    return np.maximum(times.max(axis=1) - lowest, 0)


def _cuts(chains: Chains, times: list[np.ndarray]) -> Iterator[list[int]]:
    """Give sets of steps to leave out of the chains: none, and those without which rows are short.

    The longest rows go first, one reach after the other.
    """
    yield []
    reaches = [_reach(each) for each in times]
    wide = [each[far > chains.lag] for each, far in zip(times, reaches, strict=True) if each.size]
    steps = chains.elements.shape[1]
    for reach in np.unique(np.concatenate([[chains.lag], *reaches]))[:-1]:
        if reach < chains.lag:
            continue
        cut: list[int] = []
        while len(cut) <= min(MOST_SHARED, steps - 2):
            count = np.zeros(steps, np.int64)
            for each in wide:
                kept = np.where(np.isin(each, cut), -1, each)
                far = kept[_reach(kept) > reach]
                count += np.bincount(far[far >= 0], minlength=steps)
            if not count.any():
                yield cut
                break
            cut.append(int(np.argmax(count)))


def _fitted(chains: Chains, live: Mapping[Scope, Live], numbering: Numbering) -> Window | None:
    """Give the windows that all factors fit into, unless the chains share too much."""
    count, steps, _ = chains.elements.shape
    chain_of, step_of, _ = _places(chains, numbering)
    codes = [np.empty(0, np.int64)]
    reach = 0
    for factor in live.values():
        of_chain = chain_of[factor.elements]
        mine = of_chain.max(axis=1) >= 0
        elements, of_chain = factor.elements[mine], of_chain[mine]
        if not elements.size:
            continue
        reach = max(reach, int(_reach(step_of[elements]).max()))
        outside = of_chain < 0
        if outside.any():
            owner = np.broadcast_to(of_chain.max(axis=1)[:, None], outside.shape)
            codes.append(np.unique(owner[outside] * numbering.count + elements[outside]))
    pairs = np.unique(np.concatenate(codes))
    owner, element = np.divmod(pairs, numbering.count)
    number = np.bincount(owner, minlength=count)
    if number.min() != number.max() or number[0] > MOST_SHARED:
        return None
    shared = element.reshape(count, int(number[0]))
    blocks = numbering.block_of(shared)
    if np.any(blocks != blocks[:1]):
        return None
    stated = max(1, min(chains.lag, steps - 1))
    lag = max(stated, reach)
    # Longer windows begin with steps before the first one: all steps are then alike.
    uneven = np.any(numbering.states[numbering.block_of(chains.elements)] != chains.states)
    moves = steps if lag > stated or uneven else max(steps - lag, 0)
    own = numbering.states_of(tuple(int(block) for block in blocks[0]))
    return Window(chains, shared, Form(chains.states, lag, own, count, moves))


def chain_step(
    found: Window, live: Mapping[Scope, Live], numbering: Numbering, target: int
) -> ChainStep:
    """Make the step that sums out the chains in their windows."""
    chains, form = found.chains, found.form
    lag, width, steps = form.lag, form.width, chains.elements.shape[1]
    begins = lag if form.moves < steps else 0  # the step of the first move
    chain_of, step_of, place_of = _places(chains, numbering)
    first: list[TimedReading] = []
    later: list[TimedReading] = []
    for factor in live.values():
        inside = chain_of[factor.elements] >= 0
        mine = inside.any(axis=1)
        if not mine.any():
            continue
        elements, inside, rows = factor.elements[mine], inside[mine], factor.rows[mine]
        times = np.where(inside, step_of[elements], -1)
        newest = times.max(axis=1)
        of_chain = chain_of[elements].max(axis=1)
        # Where each column is: how many steps back and at which place in the step, or which shared
        # element.
        place = (newest[:, None] - times) * width + place_of[elements]
        for column in range(elements.shape[1]):
            out = np.flatnonzero(~inside[:, column])
            if not out.size:
                continue
            same = found.shared[of_chain[out]] == elements[out, column][:, None]
            place[out, column] = -1 - np.argmax(same, axis=1)
        late = newest >= begins
        # Each of the first steps has axes of its own; the later ones have the window's.
        place_and_time = np.column_stack([place, np.where(late, -1, newest)])
        for group in groups_of_rows(place_and_time):
            *places, time = (int(number) for number in place_and_time[group[0]])
            last = lag if time < 0 else time
            axes = []
            for number in places:
                if number >= 0:
                    back, within = divmod(number, width)
                    axes.append((last - back) * width + within)
                else:
                    axes.append((lag + 1 if time < 0 else lag) * width - 1 - number)
            moves = form.moves if time < 0 else 0
            to = of_chain[group]
            if moves:
                to = to + (newest[group] - begins) * form.chains
            row_map = RowMap(rows[group], to, factor.size, form.chains * max(moves, 1))
            reading = TimedReading(factor.register, tuple(axes), row_map, moves)
            (later if time < 0 else first).append(reading)
    states = numbering.states[numbering.block_of(chains.elements)]
    return ChainStep(
        chains.elements,
        found.shared,
        form,
        tuple(first),
        tuple(later),
        _absent(states, form),
        target,
    )


def _absent(states: np.ndarray, form: Form) -> np.ndarray | None:
    """Give ``-inf`` for states that a step's elements do not have, (steps, *states, chains)."""
    if np.all(states == form.states):
        return None
    mask = np.zeros((states.shape[1], *form.states, states.shape[0]))
    for place, count in enumerate(form.states):
        shape = [1] * mask.ndim
        shape[1 + place] = count
        here = states[:, :, place].T.reshape((-1, *(1,) * form.width, states.shape[0]))
        mask = np.where(np.arange(count).reshape(shape) < here, mask, -np.inf)
    return mask


def _places(chains: Chains, numbering: Numbering) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Give the chain, the step and the place within the step of each element, -1 for the others."""
    count, steps, width = chains.elements.shape
    found = np.full((3, numbering.count), -1, np.int64)
    found[0, chains.elements] = np.arange(count)[:, None, None]
    found[1, chains.elements] = np.arange(steps)[None, :, None]
    found[2, chains.elements] = np.arange(width)
    return found[0], found[1], found[2]
