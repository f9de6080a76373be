"""The log probabilities of all states of a discrete variable's elements, as tables.

A family that can write down what it says of every state at once spares whoever sums a variable out
an evaluation for each state: a categorical variable's table is the logarithm of its `p`.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np


class StateTable(NamedTuple):
    """Log probabilities over the joint states of m elements, for many groups of m elements.

    The tables of a distribution add up to its log probability. State number k of an element is
    the value ``support.lower + k``.
    """

    log_prob: Any  # (*B', K1, ..., Km): B' has as many axes as B, and broadcasts to it
    elements: np.ndarray  # (*B, m): flat positions in the variable of each group's elements


def positions(shape: tuple[int, ...]) -> np.ndarray:
    """Give the flat position of each element of an array of a shape."""
    return np.arange(int(np.prod(shape, dtype=int))).reshape(shape)


def table_of_elements(log_prob: Any, shape: tuple[int, ...]) -> list[StateTable]:
    """Make the one table of a family with independent elements, of log probabilities (..., K)."""
    log_prob = jnp.asarray(log_prob)
    absent = len(shape) + 1 - log_prob.ndim
    padded = log_prob.reshape((1,) * absent + log_prob.shape)
    return [StateTable(padded, positions(shape)[..., None])]
