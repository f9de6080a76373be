"""Elements of a small network one after the other: a chain whose windows hold what is connected.

A network of few elements, each with neighbours of its own, would be summed out in about as many
steps as it has elements, each of them a piece of the program. In an order in which neighbours are
close it is a chain, and all steps are one.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations

import numpy as np

from aliquot.marginal.elimination.chain_plan import Chains
from aliquot.marginal.elimination.components import components, narrow
from aliquot.marginal.elimination.live import Live
from aliquot.marginal.elimination.numbering import Numbering, Scope

# Ordering goes through the elements in Python loops.
MOST_ORDERED = 20_000


def in_sequence(
    elements: np.ndarray, live: Mapping[Scope, Live], numbering: Numbering
) -> Chains | None:
    """Order elements that share factors, of any blocks.

    The elements are ascending. Connected parts of one size are put side by side, else one after the
    other. The result is None where no two elements share a factor, or they are too many to order.
    """
    if elements.size > MOST_ORDERED:
        return None
    place = np.full(numbering.count, -1, np.int64)
    place[elements] = np.arange(elements.size)
    edges = [np.empty((0, 2), np.int64)]
    for factor in live.values():
        rows = place[factor.elements]
        for columns in combinations(range(rows.shape[1]), 2):
            pair = rows[:, columns]
            edges.append(pair[(pair >= 0).all(axis=1)])
    pairs = np.unique(np.sort(np.concatenate(edges), axis=1), axis=0)
    if not pairs.size:
        return None
    beside: list[list[int]] = [[] for _ in range(elements.size)]
    for first, second in pairs.tolist():
        beside[first].append(second)
        beside[second].append(first)
    parts = [part.tolist() for part in components(pairs, elements.size) if part.size > 1]
    orders = [narrow(part, beside) for part in parts]
    if len({len(order) for order in orders}) > 1:
        orders = [[element for order in orders for element in order]]
    chosen = elements[np.array(orders)]
    blocks = numbering.block_of(chosen)
    names = tuple(int(block) for block in np.unique(blocks))
    return Chains(names, chosen[:, :, None], (int(numbering.states[blocks].max()),), 1)
