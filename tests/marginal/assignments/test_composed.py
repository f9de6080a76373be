"""Computations that hypothesis puts together."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.marginal.assignments.oracle import check, mixed_states, numbered, uniform_states

N, K = 4, 4  # equal lengths: an axis taken for another would not show in a shape
TABLE = np.random.default_rng(5).normal(size=(K, K))
ROWS = np.random.default_rng(6).normal(size=(N,))

MOVES = {
    "reversed": lambda x, table: x[::-1],
    "transposed": lambda x, table: x.T,
    "shifted": lambda x, table: jnp.concatenate([x[1:], x[:1]]),
    "permuted": lambda x, table: x[np.array([2, 0, 3, 1])],
    "scaled": lambda x, table: x * ROWS,
    "outer": lambda x, table: x[:, None] + x if x.ndim == 1 else x,
    "first axis": lambda x, table: x[:, 0] if x.ndim == 2 else x,
    "summed": lambda x, table: x.sum(0) + ROWS if x.ndim == 2 else x - x.sum(),
    "table": lambda x, table: x @ table,
    "cumulated": lambda x, table: jnp.cumsum(x, axis=0),
    "folded": lambda x, table: x.reshape(2, -1).T.reshape(x.shape),
    "largest": lambda x, table: jnp.maximum(x, table[0]),
    "curved": lambda x, table: jnp.tanh(x),
    "looked up": lambda x, table: table[:, jnp.where(x > 0, 1, 2)].sum(0),
}
INDICES = {
    "z": lambda z, x: z,
    "reversed": lambda z, x: z[::-1],
    "both": lambda z, x: (z + x) % K,
    "other": lambda z, x: x,
    "permuted": lambda z, x: z[np.array([2, 0, 3, 1])],
    "shifted": lambda z, x: jnp.concatenate([z[:1], x[:-1]]),
    "known": lambda z, x: np.arange(N),
    "compared": lambda z, x: (z > x).astype(int),
}
PICKS = {
    "rows": lambda table, i, j: table[i],
    "columns": lambda table, i, j: table[:, i],
    "items": lambda table, i, j: table[i, j],
    "item of row": lambda table, i, j: jnp.take_along_axis(table[i], j[:, None], axis=1)[:, 0],
    "scaled": lambda table, i, j: table[0] * i + j,
}
names = st.sampled_from


@pytest.mark.slow
@given(
    pick=names(sorted(PICKS)),
    indices=st.tuples(names(sorted(INDICES)), names(sorted(INDICES))),
    moves=st.lists(names(sorted(MOVES)), max_size=4),
    mixed=st.booleans(),
    seed=st.integers(0, 3),
)
@settings(
    max_examples=16,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
def test_composed(pick, indices, moves, mixed, seed):
    def function(table, z, x):
        first, second = (INDICES[name](z, x) for name in indices)
        value = PICKS[pick](table, first, jnp.asarray(second))
        for move in moves:
            value = MOVES[move](value, table)
        return value

    two = [numbered(N, K), numbered(N, 3)]
    states = mixed_states(two, seed) if mixed else uniform_states(two)
    check(function, (TABLE,), two, states, 2)
