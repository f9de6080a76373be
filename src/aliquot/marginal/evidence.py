"""Entries of a discrete variable that were observed: in the state that was seen, in no other."""

from __future__ import annotations

from typing import Any

import numpy as np

from aliquot.marginal.unknowns import Unknown


def evidence_table(unknown: Unknown, few: int) -> Any:
    """Give the log-weights of every element's states: 0 where possible, ``-inf`` where not.

    Parameters
    ----------
    unknown : Unknown
    few : int
        Up to so many states the table is an object array of one array for each state.

    Returns
    -------
    table, shape (states,) of arrays (size,), or (states, size)
    """
    assert unknown.evidence is not None
    states = np.arange(unknown.states)[:, None]
    possible = (unknown.evidence < 0) | (unknown.evidence == states)
    table = np.where(possible, 0.0, -np.inf)
    if unknown.states > few:
        return table
    cells = np.empty(unknown.states, dtype=object)
    for state in range(unknown.states):
        cells[state] = table[state]
    return cells
