"""The forward recursion of hidden Markov models, for many draws and sequences at once."""

from __future__ import annotations

import numpy as np
from scipy.special import logsumexp


def predictive(start: np.ndarray, moves: np.ndarray, emissions: np.ndarray) -> np.ndarray:
    """Compute the log density of each step given those before it: (draws, sequences, steps).

    Parameters
    ----------
    start : array, shape (draws, K)
        Log probabilities of the first state.
    moves : array, shape (draws, sequences or 1, steps - 1 or 1, K, K)
        Log transition probabilities, row t of the move into step t + 1.
    emissions : array, shape (draws, sequences, steps, K)
        Log density of what was seen at each step, in each state.

    Notes
    -----
    With ``a`` the log probabilities of the states before a step is seen, its density is the sum of
    ``exp(a + emissions)`` over the states (Rabiner 1989, section III, scaled).
    """
    draws, sequences, steps, _ = emissions.shape
    found = np.empty((draws, sequences, steps))
    before = start[:, None, :]
    for step in range(steps):
        if step:
            move = moves[:, :, min(step, moves.shape[2]) - 1]
            before = logsumexp(after[..., :, None] + move, axis=-2)
        joint = before + emissions[:, :, step]
        total = logsumexp(joint, axis=-1)
        found[:, :, step] = total
        after = joint - total[..., None]
    return found


def stationary(transitions: np.ndarray) -> np.ndarray:
    """Solve p P = p for each of (draws, K, K) matrices of positive numbers: (draws, K)."""
    states = transitions.shape[-1]
    equations = np.eye(states) - np.swapaxes(transitions, -1, -2) + 1.0
    return np.linalg.solve(equations, np.ones((len(transitions), states, 1)))[..., 0]
