"""Recursions along the steps of a hidden Markov model whose emissions are given."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy.special import log_softmax, logsumexp


def log_chain(
    draws: Mapping[str, np.ndarray], covariates: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Compute log probabilities of first states and of moves, as `predictive` reads them.

    Parameters
    ----------
    draws : mapping from str to array
        Of the variables of `aliquot.builders.hidden_markov`, draws first: ``P``, ``start`` unless
        the chain is stationary, ``slope`` with covariates.
    covariates : array, shape (sequences, steps, covariates), optional
    """
    P = draws["P"]
    start = draws["start"] if "start" in draws else stationary(P)
    with np.errstate(divide="ignore"):  # a probability of 0 is impossible, and no error
        first, moves = np.log(start), np.log(P)[:, None, None]
    if covariates is not None:
        slope = draws["slope"] - draws["slope"].mean(axis=2, keepdims=True)
        moves = moves + np.einsum("stp,dijp->dstij", covariates[:, 1:], slope)
        moves = log_softmax(moves, axis=-1)
    return first, moves


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
        joint = before + emissions[:, :, step]
        found[:, :, step] = logsumexp(joint, axis=-1)
        if step + 1 < steps:
            after = joint - found[:, :, step, None]
            move = moves[:, :, min(step, moves.shape[2] - 1)]
            before = logsumexp(after[..., :, None] + move, axis=-2)
    return found


def most_probable_path(
    start: np.ndarray, moves: np.ndarray, emissions: np.ndarray
) -> tuple[np.ndarray, float]:
    """Find the most probable path of one sequence, (steps,), and its log joint density.

    Arguments are those of `predictive` without draws and sequences; moves may be of more steps.
    Viterbi's algorithm (Rabiner 1989, equations 32 to 35). `aliquot.recover` would also maximise
    over missing answers, and over the states of a chain that is longer than its sequence.
    """
    steps, states = emissions.shape
    came_from = np.zeros((steps, states), int)
    best = start + emissions[0]
    for step in range(1, steps):
        scores = best[:, None] + moves[min(step, len(moves)) - 1]
        came_from[step] = scores.argmax(axis=0)
        best = scores.max(axis=0) + emissions[step]
    path = np.empty(steps, int)
    path[-1] = best.argmax()
    for step in range(steps - 1, 0, -1):
        path[step - 1] = came_from[step, path[step]]
    return path, float(best.max())


def stationary(transitions: np.ndarray) -> np.ndarray:
    """Solve p P = p for each of (draws, K, K) matrices of positive numbers: (draws, K)."""
    states = transitions.shape[-1]
    equations = np.eye(states) - np.swapaxes(transitions, -1, -2) + 1.0
    return np.linalg.solve(equations, np.ones((len(transitions), states, 1)))[..., 0]
