"""From blocks and factors to the steps that sum them out: the ways to do it, and which to take."""

from __future__ import annotations

from collections.abc import Sequence

from aliquot.marginal.elimination.elimination import Elimination
from aliquot.marginal.elimination.planner import MOST_ONE_BY_ONE, Planner
from aliquot.marginal.elimination.records import Factor, Variable

# More steps than this by rows take long to compile: what is connected may then go in sequence.
MANY_STEPS = 4


def plan(blocks: Sequence[Variable], factors: Sequence[Factor], *, largest: int) -> Elimination:
    """Decide how to sum out discrete variables.

    The joint log weight of the blocks is the sum of the factors. A table may have `largest`
    entries, those of all elements of one step together. `TooLarge` is raised where no order is
    found that keeps within it, and a `ValueError` for a factor whose elements are not as `Factor`
    says.

    >>> import numpy as np
    >>> z = np.arange(4)[:, None]
    >>> elimination = plan([Variable("z", 4, 2)], [Factor(z), Factor(z)], largest=1_000)
    >>> elimination.steps
    (StepRecord(names=('z',), elements=4, states=2, method='rows', entries=8),)
    """
    rows = Planner(blocks, factors, largest)
    by_rows = rows.attempt(rows.many_at_once)
    if by_rows is not None and rows.by_rows <= MANY_STEPS:
        return by_rows
    turns = Planner(blocks, factors, largest)
    in_turn = turns.attempt(lambda: turns.many_at_once(sequences=True))
    if in_turn is not None and (by_rows is None or 2 * turns.by_rows <= rows.by_rows):
        return in_turn
    if by_rows is not None:
        return by_rows
    few = sum(block.size for block in blocks if block.states > 1) <= MOST_ONE_BY_ONE
    last = Planner(blocks, factors, largest)
    found = last.attempt(last.one_at_a_time) if few else None
    if found is not None:
        return found
    refused = rows.too_wide or last.refused or rows.refused
    assert refused is not None
    raise refused
