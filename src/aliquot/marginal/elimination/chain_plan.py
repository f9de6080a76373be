"""Which elements form chains along time, and which of these go together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from aliquot.marginal.elimination.components import components
from aliquot.marginal.elimination.live import Live
from aliquot.marginal.elimination.numbering import Numbering, Scope

# A path of fewer elements is summed out element by element.
SHORTEST_PATH = 9
# A window of more joint states than this is looked for only where a chain is stated.
MOST_STATES_OF_BAND = 4_096


@dataclass(frozen=True)
class Chains:
    """Elements in the order of time."""

    blocks: tuple[int, ...]  # the blocks that they belong to
    elements: np.ndarray  # (chains, steps, width): several elements may make up one step's state
    states: tuple[int, ...]  # of each of the elements of one step, the most of any step
    lag: int  # how many steps back a step reaches at least

    def only(self, which: np.ndarray) -> Chains:
        """Keep some of the chains."""
        return Chains(self.blocks, self.elements[which], self.states, self.lag)

    def without(self, steps: Sequence[int]) -> Chains:
        """Leave out some of the steps."""
        elements = np.delete(self.elements, list(steps), axis=1)
        return Chains(self.blocks, elements, self.states, self.lag)


def coupled(
    held: Sequence[Chains], live: Mapping[Scope, Live], numbering: Numbering
) -> list[Chains]:
    """Make chains that share factors into one, whose state at a step is that of all of them.

    Each of the chains that are held is of one block. Those that become alike are side by side in
    the result. It has none where no two share a factor, and none of those whose lengths differ.
    """
    blocks = {chains.blocks[0] for chains in held}
    owner = [i for i, chains in enumerate(held) for _ in chains.elements]
    if len(owner) < 2:
        return []
    rows = [row for chains in held for row in chains.elements[:, :, 0]]
    number = np.full(numbering.count, -1, np.int64)
    for i, row in enumerate(rows):
        number[row] = i
    edges = [np.empty((0, 2), np.int64)]
    for scope, factor in live.items():
        columns = [column for column, block in enumerate(scope) if block in blocks]
        for first, second in combinations(columns, 2):
            pair = number[factor.elements[:, [first, second]]]
            apart = (pair[:, 0] != pair[:, 1]) & (pair >= 0).all(axis=1)
            if apart.any():
                edges.append(np.unique(pair[apart], axis=0))
    found = np.concatenate(edges)
    if not found.size:
        return []
    alike: dict[tuple[int, ...], list[np.ndarray]] = {}
    for members in components(found, len(owner)):
        if len({rows[i].size for i in members}) == 1:
            kind = (rows[members[0]].size, *(owner[i] for i in members))
            alike.setdefault(kind, []).append(np.stack([rows[i] for i in members], axis=-1))
    result = []
    for kind, elements in alike.items():
        each = [held[i] for i in kind[1:]]
        result.append(
            Chains(
                tuple(dict.fromkeys(chains.blocks[0] for chains in each)),
                np.stack(elements),
                tuple(chains.states[0] for chains in each),
                max(chains.lag for chains in each),
            )
        )
    return result


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
        return Chains((block,), start + order[:, :, None], (stated.states,), lag)
    if stated.size < SHORTEST_PATH:
        return None
    pairs = [np.empty((0, 2), np.int64)]
    for scope, factor in live.items():
        columns = [column for column, of_block in enumerate(scope) if of_block == block]
        pairs.extend(factor.elements[:, each] - start for each in combinations(columns, 2))
    edges = np.concatenate(pairs)
    if not edges.size:
        return None
    found = paths(edges, stated.size)
    if found is None:
        found = bands(edges, stated.size, stated.states)
    return (
        None if found is None else Chains((block,), start + found[:, :, None], (stated.states,), 1)
    )


def bands(pairs: np.ndarray, size: int, states: int) -> np.ndarray | None:
    """Order elements along time, if pairs of them are never far apart in the order they have.

    The pairs have shape (pairs, 2), the order (chains, steps). It is None for chains of unequal
    length, for those that are short beside the reach of their pairs, and for windows of too many
    joint states.
    """
    edges = np.unique(np.sort(pairs, axis=1), axis=0)
    found = components(edges, size)
    steps = len(found[0])
    if any(len(members) != steps for members in found):
        return None
    order = np.stack(found)
    place = np.empty(size, np.int64)
    place[order] = np.arange(steps)
    reach = int(np.max(place[edges[:, 1]] - place[edges[:, 0]]))
    wide = states ** (reach + 1) > MOST_STATES_OF_BAND
    return None if wide or steps < SHORTEST_PATH or steps < 3 * reach else order


def paths(pairs: np.ndarray, size: int) -> np.ndarray | None:
    """Order elements along disjoint paths of the same length, if that is what pairs of them make.

    The pairs have shape (pairs, 2), the order (paths, steps).
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
