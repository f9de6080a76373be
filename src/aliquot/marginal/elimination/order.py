"""Which elements to sum out next: those whose joint table with their neighbours is smallest."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from aliquot.marginal.elimination.live import Live
from aliquot.marginal.elimination.numbering import Numbering, Scope

_SEED = 20_260_101


def log_entries(block: int, live: Mapping[Scope, Live], numbering: Numbering) -> np.ndarray:
    """Give the log of the entries of the table over each element of a block and its neighbours."""
    size = numbering.blocks[block].size
    log_states = np.log(numbering.states.astype(float))
    pairs: list[np.ndarray] = []
    for scope, factor in live.items():
        for column, of_block in enumerate(scope):
            if of_block != block:
                continue
            element = factor.elements[:, column] - numbering.starts[block]
            pairs.extend(
                element * numbering.count + factor.elements[:, other]
                for other in range(len(scope))
                if other != column
            )
    result = np.full(size, log_states[block])
    if pairs:
        codes = np.unique(np.concatenate(pairs))
        element, neighbour = np.divmod(codes, numbering.count)
        weights = log_states[numbering.block_of(neighbour)]
        result = result + np.bincount(element, weights=weights, minlength=size)
    return result


def independent(
    candidates: np.ndarray,
    weights: np.ndarray,
    block: int,
    live: Mapping[Scope, Live],
    numbering: Numbering,
) -> np.ndarray:
    """Choose elements of one block of which no two share a factor, the lightest first.

    There is a weight for each candidate. Both candidates and chosen ones are ascending. The choice
    is maximal: each other candidate is a neighbour of one of these. Only where every other element
    can be taken at once, the weights do not count, and the choice need not be maximal.
    """
    start = int(numbering.starts[block])
    place = np.full(numbering.blocks[block].size, -1, np.int64)
    place[candidates - start] = np.arange(candidates.size)
    first, second = _edges(place, start, block, live)
    if first.size == 0:
        return candidates
    for parity in (1, 0):
        half = (candidates - start) % 2 == parity
        # Every other element can be read by a slice.
        if 3 * half.sum() >= candidates.size and not np.any(half[first] & half[second]):
            return candidates[half]
    chance = np.random.default_rng(_SEED).random(candidates.size)
    rank = np.empty(candidates.size, np.int64)
    rank[np.lexsort((chance, np.round(weights, 9)))] = np.arange(candidates.size)
    undecided = np.ones(candidates.size, bool)
    chosen = np.zeros(candidates.size, bool)
    while undecided.any():
        open_edges = undecided[first] & undecided[second]
        first, second = first[open_edges], second[open_edges]
        later = np.where(rank[first] > rank[second], first, second)
        winners = undecided.copy()
        winners[later] = False
        chosen |= winners
        undecided &= ~winners
        undecided[second[winners[first]]] = False
        undecided[first[winners[second]]] = False
    return candidates[chosen]


def _edges(
    place: np.ndarray, start: int, block: int, live: Mapping[Scope, Live]
) -> tuple[np.ndarray, np.ndarray]:
    """Give the pairs of candidates that share a factor."""
    first, second = [], []
    for scope, factor in live.items():
        columns = [column for column, of_block in enumerate(scope) if of_block == block]
        for i, a in enumerate(columns):
            for b in columns[i + 1 :]:
                one = place[factor.elements[:, a] - start]
                two = place[factor.elements[:, b] - start]
                both = (one >= 0) & (two >= 0)
                first.append(one[both])
                second.append(two[both])
    if not first:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    return np.concatenate(first), np.concatenate(second)


def one_by_one(
    elements: np.ndarray, live: Mapping[Scope, Live], numbering: Numbering, *, by_fill: bool
) -> tuple[list[int], float, set[int]]:
    """Order single elements greedily.

    With `by_fill` the next element is the one that makes the fewest new neighbours, else the one
    with the smallest table. Besides the order, the number of entries of the largest table is given,
    and the elements that it is about.
    """
    beside: dict[int, set[int]] = {int(e): set() for e in elements}
    for factor in live.values():
        for row in factor.elements.tolist():
            for e in row:
                beside[e].update(row)
    for e, others in beside.items():
        others.discard(e)
    states = numbering.states[numbering.block_of(np.asarray(elements))]
    log_states = dict(zip(map(int, elements), np.log(states.astype(float)).tolist(), strict=True))

    def weight(e: int) -> float:
        return log_states[e] + sum(log_states[o] for o in beside[e])

    def fill(e: int) -> int:
        return sum(len(beside[e] - beside[o]) - 1 for o in beside[e])

    scores = {e: (fill(e), weight(e)) if by_fill else (weight(e), 0.0) for e in beside}
    order, largest, clique = [], -np.inf, set[int]()
    while beside:
        e = min(scores, key=scores.__getitem__)
        if weight(e) > largest:
            largest, clique = weight(e), {e, *beside[e]}
        order.append(e)
        others = beside.pop(e)
        del scores[e]
        changed = set(others)
        for o in others:
            beside[o] |= others
            beside[o] -= {o, e}
            changed |= beside[o] if by_fill else set()
        for o in changed:
            scores[o] = (fill(o), weight(o)) if by_fill else (weight(o), 0.0)
    return order, float(np.exp(min(largest, 700.0))), clique
