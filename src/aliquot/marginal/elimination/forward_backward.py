"""The forward and backward recursions of chains, in log space, many chains side by side.

A chain's log weight is a sum over steps of tables over the states of the last ``lag`` steps and
the new one. Arrays have the axes of the steps' states first, oldest first (``width`` axes for each
step), then those of other variables that all steps share, then the chains. See Rabiner (1989), "A
tutorial on hidden Markov models", sections III A and B, for the recursions.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from aliquot.marginal.elimination.semiring import LOG_SUM, Semiring


class Form(NamedTuple):
    """What the axes of a chain's arrays are."""

    states: tuple[int, ...]  # the number of states of each of the axes of one step
    lag: int
    shared: tuple[int, ...]  # the number of states of each variable that all steps share
    chains: int
    moves: int  # how many steps there are after the first ``lag``

    @property
    def width(self) -> int:
        """The number of axes of one step."""
        return len(self.states)

    @property
    def memory(self) -> tuple[int, ...]:
        """The shape of what is carried from step to step."""
        return (*self.states * self.lag, *self.shared, self.chains)

    @property
    def window(self) -> tuple[int, ...]:
        """The shape of one step's table."""
        return (*self.states * (self.lag + 1), *self.shared, self.chains)

    @property
    def oldest(self) -> tuple[int, ...]:
        """The axes of the step that is left behind."""
        return tuple(range(self.width))

    @property
    def newest(self) -> tuple[int, ...]:
        """The axes of the new step."""
        return tuple(range(self.width * self.lag, self.width * (self.lag + 1)))


def forward(form: Form, start: Any, parts: Sequence[Any], semiring: Semiring) -> Any:
    """Carry the log weights forward.

    The result, (moves + 1, *memory), is for each time the log of the sum over all earlier states
    (in another semiring, what stands for the sum). `start`, of shape ``form.memory``, is the log
    weight of the first steps. The sum of the parts is the table of each later step: shape
    (moves, *window), each axis full or 1.
    """
    if _in_pairs(form) and semiring is LOG_SUM:
        return _forward_in_pairs(form, start, parts)
    _, later = _carry_forward(form, start, parts, semiring, keep=True)
    return jnp.concatenate([start[None], later])


def _carry_forward(
    form: Form, start: Any, parts: Sequence[Any], semiring: Semiring, *, keep: bool
) -> tuple[Any, Any]:
    def step(carried: Any, table: list[Any]) -> tuple[Any, Any]:
        joint = jnp.expand_dims(carried, form.newest) + _table(form, table)
        new = semiring.along(joint, form.oldest)
        return new, new if keep else None

    return _over_moves(form, step, start, parts, reverse=False)


def backward(form: Form, parts: Sequence[Any]) -> Any:
    """Carry the log weights backward.

    The result, (moves + 1, *memory), is for each time the log of the sum over all later states.
    """
    end = jnp.zeros(form.memory, jnp.result_type(float))
    if _in_pairs(form):
        return _backward_in_pairs(form, end, parts)

    def step(carried: Any, table: list[Any]) -> tuple[Any, Any]:
        joint = jnp.expand_dims(carried, form.oldest) + _table(form, table)
        new = LOG_SUM.along(joint, form.newest)
        return new, new

    _, earlier = _over_moves(form, step, end, parts, reverse=True)
    return jnp.concatenate([earlier, end[None]])


def log_sum(form: Form, start: Any, parts: Sequence[Any]) -> Any:
    """Compute the log of the sum over all states of the chains, shape (*shared, chains).

    Differentiated as it is: the way back multiplies by the shares that each log-sum-exp has kept,
    with no exponential. The posterior probabilities by a backward recursion in log space took twice
    as long, from 100 to 10,000 steps and from 2 to 8 states (CPU, float64).
    """
    if _in_pairs(form):
        matrices = _matrices(form, parts)
        while matrices.shape[0] > 1:
            even = matrices.shape[0] // 2 * 2
            halved = _log_product(matrices[0:even:2], matrices[1:even:2])
            matrices = jnp.concatenate([halved, matrices[even:]])
        joint = start.reshape(matrices.shape[1], 1, -1) + matrices[0]
        return LOG_SUM.along(joint, (0, 1)).reshape(*form.shared, form.chains)
    last, _ = _carry_forward(form, start, parts, LOG_SUM, keep=False)
    return LOG_SUM.along(last, tuple(range(form.width * form.lag)))


def backtrack(form: Form, carried: Any, parts: Sequence[Any], shared: Any, key: Any | None) -> Any:
    """Set the states from the last step back to the first, each given those after it.

    What is carried at a time is a table over a *window*: the joint state of the last ``lag`` steps,
    counted as one number, the oldest step first. One step back, the window loses its newest step,
    which is known, and gains an older one, which is chosen::

        later     [t-2  t-1  t ]        known
        window         [t-2  t-1]  t    the move's table is over these three
        earlier   [t-3  t-2  t-1]       t-3 is chosen, by what is carried at t-1 and by that table

    `carried` is from `forward`, and the parts are as for it. `shared`, (chains,), is the joint
    state of what all steps of a chain share. Without a key the states are the most probable ones,
    with a key they are random. The result, (moves + lag, chains), is the number of each step's
    joint state.
    """
    per_step = int(np.prod(form.states))
    windows = per_step**form.lag
    last_noise, noise = _noise(form, key, windows, per_step)
    constant, varying = _constant_and_varying(parts)

    def given_shared(array: Any) -> Any:
        """Take the states of the shared variables as they are: (states of steps, chains)."""
        full = jnp.broadcast_to(array, (*array.shape[:-1], form.chains))
        flat = full.reshape(-1, int(np.prod(form.shared)), form.chains)
        return _at(flat, shared)

    def back(window: Any, each: Any) -> tuple[Any, Any]:
        before, tables, noise_here = each
        table = given_shared(_table(form, [*constant, *tables]))
        known = window // per_step  # the newest step is dropped
        scores = _at(given_shared(before).reshape(per_step, -1, form.chains), known)
        scores = scores + _at(table.reshape(per_step, windows, form.chains), window)
        oldest = jnp.argmax(scores + noise_here, axis=0)
        return oldest * (windows // per_step) + known, oldest

    last = jnp.argmax(given_shared(carried[-1]) + last_noise, axis=0)
    _, early = jax.lax.scan(back, last, (carried[:-1], varying, noise), reverse=True)
    late = [last // per_step**power % per_step for power in reversed(range(form.lag))]
    return jnp.concatenate([early, jnp.stack(late)])


def _at(table: Any, states: Any) -> Any:
    """Read (K, states, chains) in one state for each chain: (K, chains)."""
    return jnp.take_along_axis(table, states[None, None, :], axis=1)[:, 0, :]


def _noise(form: Form, key: Any | None, windows: int, per_step: int) -> tuple[Any, Any]:
    """Draw what makes the largest score a random state: for the last window, and for each move."""
    shapes = [(windows, form.chains), (form.moves, per_step, form.chains)]
    if key is None:
        last, moves = (jnp.zeros(shape) for shape in shapes)
    else:
        dtype = jnp.result_type(float)
        pairs = zip(jax.random.split(key), shapes, strict=True)
        last, moves = (jax.random.gumbel(each, shape, dtype) for each, shape in pairs)
    return last, moves


def _constant_and_varying(parts: Sequence[Any]) -> tuple[list[Any], list[Any]]:
    """Tell what is the same for all moves, which is not repeated, from what is not."""
    constant = [part[0] for part in parts if part.shape[0] == 1]
    return constant, [part for part in parts if part.shape[0] != 1]


def _table(form: Form, parts: Sequence[Any]) -> Any:
    """Add up the parts of one step's table."""
    table = sum(parts) if parts else jnp.zeros(())
    return jnp.broadcast_to(table, form.window)


def _over_moves(form: Form, step: Any, start: Any, parts: Sequence[Any], *, reverse: bool) -> Any:
    """Scan over the moves; a part that is the same for all is not repeated."""
    constant, varying = _constant_and_varying(parts)

    def move(carried: Any, tables: list[Any]) -> Any:
        return step(carried, [*constant, *tables])

    return jax.lax.scan(move, start, varying, length=form.moves, reverse=reverse)


# Where a launch costs as much as a step of thousands of chains, products of matrices of log weights
# in pairs need only log(steps) launches, at the price of states**3 for states**2.
MOST_STATES_IN_PAIRS = 16


def _in_pairs(form: Form) -> bool:
    if jax.default_backend() == "cpu" or form.lag != 1 or form.moves < 32:
        return False
    return int(np.prod(form.states)) <= MOST_STATES_IN_PAIRS


def _matrices(form: Form, parts: Sequence[Any]) -> Any:
    """Give the tables of all moves, (moves, from, to, shared and chains)."""
    table = sum(parts) if parts else jnp.zeros(())
    table = jnp.broadcast_to(table, (form.moves, *form.window))
    count = int(np.prod(form.states))
    return table.reshape(form.moves, count, count, -1)


def _log_product(first: Any, second: Any) -> Any:
    return LOG_SUM.along(first[..., :, :, None, :] + second[..., None, :, :, :], (first.ndim - 2,))


def _forward_in_pairs(form: Form, start: Any, parts: Sequence[Any]) -> Any:
    products = jax.lax.associative_scan(_log_product, _matrices(form, parts))
    count = products.shape[1]
    later = LOG_SUM.along(start.reshape(1, count, 1, -1) + products, (1,))
    return jnp.concatenate([start[None], later.reshape(form.moves, *form.memory)])


def _backward_in_pairs(form: Form, end: Any, parts: Sequence[Any]) -> Any:
    def product(later: Any, earlier: Any) -> Any:
        return _log_product(earlier, later)

    products = jax.lax.associative_scan(product, _matrices(form, parts), reverse=True)
    earlier = LOG_SUM.along(products, (2,))
    return jnp.concatenate([earlier.reshape(form.moves, *form.memory), end[None]])
