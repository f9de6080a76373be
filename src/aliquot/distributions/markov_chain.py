"""Markov chains over a finite number of states, and their stationary distribution."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from aliquot.arguments import is_whole_number
from aliquot.distributions.base import Distribution
from aliquot.distributions.categorical import SELECT_BY_MASK, entry_at
from aliquot.distributions.constraints import (
    Constraint,
    IntegerSequence,
    real_vector,
    simplex,
)
from aliquot.distributions.logarithms import log_power
from aliquot.distributions.parameters import as_parameter, as_shape, exactly_one, number_of_steps
from aliquot.distributions.state_table import StateTable, positions
from aliquot.errors import ParameterError, ShapeError


class MarkovChain(Distribution):
    r"""A sequence of states, each of which depends on the one before it.

    With S states numbered from 0, :math:`p(z_0) = \pi_{z_0}` and
    :math:`p(z_{t+1} = j \mid z_t = i) = P_{ij}`. Time is the last axis of the variable. With
    ``lag=L`` each state depends on the last L:
    :math:`p(z_t = j \mid z_{t-L} = i_1, \dots, z_{t-1} = i_L) = P_{i_1 \dots i_L j}`.

    Parameters
    ----------
    P : array or Expression, shape (..., S, S)
        Transition probabilities: row i holds the probabilities of the states that follow state i.
        With ``time_varying=True`` of shape (..., steps - lag, S, S), one matrix for each
        transition: ``P[..., t, :, :]`` leads to the state at step ``t + lag``, counted from 0. With
        ``lag=1`` ``P[..., t, :, :]`` is of the move from step t to step t + 1, so that a covariate
        of the step that a move leaves is ``x[:-1]``, and of the step that it reaches ``x[1:]``.
        With ``lag=L`` it ends in L + 1 axes of length S, the oldest state first and
        the new one last. Axes before those are a batch of chains. It sums to 1 along the last
        axis, and is not normalised here.
    init : array or Expression, shape (..., S), or "stationary"
        Probabilities of the first state; with ``lag=L`` of the first L states together, of a shape
        that ends in L axes of length S. ``"stationary"`` stands for the probabilities that `P`
        leaves as they are, of a chain that has been running for long; it needs ``lag=1`` and a `P`
        that does not vary over time. By default there is no such term: every start has weight one,
        as in Stan programs that begin with the first transition, and draws begin in a state that
        is drawn uniformly.
    steps : int, optional
        Number of states in the sequence, at least `lag`. By default from `shape`, else from a
        time-varying `P`.
    lag : int
        How many states before it a state depends on.
    time_varying : bool
        Whether `P` has an axis of transitions before those of the states. It is never guessed from
        a shape: without it, such an axis is a batch of chains.
    logit_P, logit_init : array or Expression
        In place of `P` and `init`: logarithms of unnormalised probabilities.
    shape : int or tuple of int, optional
        Ends in `steps`.

    Raises
    ------
    ParameterError
        Where known probabilities do not sum to 1, with the row and its sum; where `P` is not
        square, or `init` does not have a probability for each state.
    ShapeError
        Where the number of steps is not given, is given twice and not the same, or is below `lag`.

    References
    ----------
    L. R. Rabiner (1989), "A tutorial on hidden Markov models and selected applications in speech
    recognition", Proceedings of the IEEE 77(2), equations 1 to 3.

    Examples
    --------
    >>> import aliquot as aq
    >>> z = aq.MarkovChain.dist(P=[[0.9, 0.1], [0.2, 0.8]], init=[0.5, 0.5], steps=4)
    >>> z.shape
    (4,)
    >>> round(float(z.log_prob([0, 0, 1, 1])), 6)  # log(0.5 * 0.9 * 0.1 * 0.8)
    -3.324236
    """

    constraints = {
        "P": simplex,
        "logit_P": real_vector,
        "init": simplex,
        "logit_init": real_vector,
    }
    discrete = True
    event_dims = 1

    def __init__(
        self,
        P: Any = None,
        init: Any = None,
        *,
        steps: int | None = None,
        lag: int = 1,
        time_varying: bool = False,
        logit_P: Any = None,
        logit_init: Any = None,
        shape: Any = None,
    ) -> None:
        if not is_whole_number(lag) or lag < 1:
            raise ParameterError(
                f"{self.family}: lag must be a whole number, at least 1; got {lag!r}"
            )
        self.lag = int(lag)
        self.time_varying = bool(time_varying)
        name, value = exactly_one(self.family, P=P, logit_P=logit_P)
        table = as_parameter(self.family, name, value, None)
        check_transitions(self.family, name, table.shape, self.lag, self.time_varying)
        self.states = int(table.shape[-1])
        parameters = {name: table}
        self.stationary = isinstance(init, str)
        if isinstance(init, str):
            exactly_one(self.family, init=init, logit_init=logit_init)
            check_stationary(
                self.family, init, value=table, name=name, plain=not time_varying, lag=lag
            )
        elif init is not None or logit_init is not None:
            name, value = exactly_one(self.family, init=init, logit_init=logit_init)
            first = as_parameter(self.family, name, value, None)
            check_initial(self.family, name, first.shape, self.lag, self.states)
            # One axis for the first states together, along which it sums to 1.
            flat = (*first.shape[: first.ndim - self.lag], self.states**self.lag)
            parameters[name] = first if self.lag == 1 else first.reshape(flat)
        moves = table.shape[-2 - self.lag] if self.time_varying else None
        size = number_of_states(self.family, steps, shape, self.lag, moves)
        try:
            super().__init__(parameters, shape, event_shape=(size,))
        except ShapeError as error:
            extra = table.ndim - self.lag - 1
            if not self.time_varying and extra and table.shape[extra - 1] == size - self.lag:
                raise ShapeError(
                    f"{error}. If {next(iter(parameters))} holds one table for each transition, "
                    "say time_varying=True"
                ) from None
            raise

    @property
    def support(self) -> Constraint:
        return IntegerSequence(0, self.states - 1)

    def chain_positions(self) -> np.ndarray:
        """Give the flat positions of each chain's states, in time order: shape (chains, steps)."""
        return positions(self.shape).reshape(-1, self.shape[-1])

    def state_tables(self) -> list[StateTable]:
        """Give the tables of the first states and of the transitions, inside a traced function."""
        batch = len(self.shape) - 1
        where = positions(self.shape)
        steps, lag, states = self.shape[-1], self.lag, self.states
        tables = []
        first = self._log_initial()
        if first is not None:
            shape = (1,) * (batch + 1 - first.ndim) + first.shape[:-1] + (states,) * lag
            tables.append(StateTable(first.reshape(shape), where[..., :lag]))
        if steps > lag:
            moves = self._log_transitions()
            shape = (1,) * (batch + 2 - moves.ndim) + moves.shape[:-1] + (states,) * (lag + 1)
            windows = [where[..., k : steps - lag + k] for k in range(lag + 1)]
            tables.append(StateTable(moves.reshape(shape), np.stack(windows, axis=-1)))
        return tables

    def start(self) -> Any:
        """Give a probable sequence, inside a traced function: the best next state at each step."""
        return self._walk(self.shape, jnp.zeros, jnp.zeros)

    def _log_prob(self, x: Any) -> Any:
        steps, lag = self.shape[-1], self.lag
        window = [x[..., k : steps - lag + k] for k in range(lag + 1)]
        log_prob = jnp.sum(picked(self._log_transitions(), self._joint(window)), axis=-1)
        first = self._log_initial()
        if first is None:
            return log_prob
        return log_prob + entry_at(first, self._joint([x[..., k] for k in range(lag)]))

    def _sample(self, key: Any, shape: tuple[int, ...]) -> Any:
        first, second = jax.random.split(key)
        return self._walk(
            shape,
            lambda size: jax.random.gumbel(first, size),
            lambda size: jax.random.gumbel(second, size),
        )

    def _walk(self, shape: tuple[int, ...], first_noise: Any, noise: Any) -> Any:
        """Choose the largest log probability plus noise: of the first states, then step by step.

        With Gumbel noise it is a draw, without it the most probable next state.
        """
        batch, steps, lag, states = shape[:-1], shape[-1], self.lag, self.states
        log_first = self._log_initial()
        scores = first_noise((*batch, states**lag))
        past = jnp.argmax(scores if log_first is None else scores + log_first, axis=-1)
        head = jnp.stack([past // states**k % states for k in range(lag)][::-1], axis=-1)
        if steps == lag:
            return head
        moves = self._log_transitions()
        moves = moves.reshape(*moves.shape[:-1], states**lag, states)
        moves = jnp.moveaxis(moves, -3, 0)  # one table for all transitions, or each its own

        def step(past: Any, at: Any) -> Any:
            scores, own = at
            table = moves[0] if own is None else own
            table = jnp.broadcast_to(table, (*batch, *table.shape[-2:]))
            row = jnp.take_along_axis(table, past[..., None, None], axis=-2)[..., 0, :]
            new = jnp.argmax(row + scores, axis=-1)
            return (past * states + new) % states**lag, new

        scores = noise((steps - lag, *batch, states))
        _, rest = jax.lax.scan(step, past, (scores, moves if self.time_varying else None))
        return jnp.concatenate([head, jnp.moveaxis(rest, 0, -1)], axis=-1)

    def _log_transitions(self) -> Any:
        """Give log transition probabilities, the states in one axis: (..., transitions or 1, K)."""
        if "logit_P" in self.parameters:
            table = jax.nn.log_softmax(self.logit_P)
        else:
            table = log_power(self.P, 1)
        batch = table.shape[: table.ndim - self.lag - 1]
        time = () if self.time_varying else (1,)
        return table.reshape((*batch, *time, self.states ** (self.lag + 1)))

    def _log_initial(self) -> Any:
        """Give the log probabilities of the first states in one axis, ``None`` where absent."""
        if self.stationary:
            logits = "logit_P" in self.parameters
            return log_power(
                stationary_distribution(jax.nn.softmax(self.logit_P) if logits else self.P), 1
            )
        if "logit_init" in self.parameters:
            return jax.nn.log_softmax(self.logit_init)
        return log_power(self.init, 1) if "init" in self.parameters else None

    def _joint(self, states: list[Any]) -> Any:
        """Number the joint states of several elements, the first one slowest."""
        number = states[0].astype(int)
        for state in states[1:]:
            number = number * self.states + state.astype(int)
        return number

    def _batch_shape_of(self, name: str, value: Any) -> tuple[int, ...]:
        own = 1 if "init" in name else self.lag + 1 + self.time_varying
        return tuple(value.shape[: value.ndim - own])


def picked(table: Any, index: Any) -> Any:
    """Pick an entry for each transition: table (..., T or 1, K) and index (..., T).

    A long table that serves all transitions is not repeated along them.
    """
    if table.shape[-1] <= SELECT_BY_MASK or table.shape[-2] > 1:
        return entry_at(table, index)
    if table.ndim == 2:
        return table[0][index]
    batch = jnp.broadcast_shapes(table.shape[:-2], index.shape[:-1])
    rows = jnp.broadcast_to(table[..., 0, :], (*batch, table.shape[-1]))
    index = jnp.broadcast_to(index, (*batch, index.shape[-1]))
    return jnp.take_along_axis(rows, index, axis=-1)


def check_transitions(
    family: str, name: str, shape: tuple[int, ...], lag: int, time_varying: bool
) -> None:
    """Refuse transition tables that are not square, or lack an axis."""
    wanted = ", ".join(["..."] + ["transitions"] * time_varying + ["S"] * (lag + 1))
    square = len(set(shape[len(shape) - lag - 1 :])) == 1
    if len(shape) < lag + 1 + time_varying or not square:
        raise ParameterError(
            f"{family}: {name} must have shape ({wanted}), with S states and lag={lag}"
            f"{', time_varying=True' if time_varying else ''}; it has shape {shape}"
        )


def check_initial(family: str, name: str, shape: tuple[int, ...], lag: int, states: int) -> None:
    """Refuse initial probabilities that are not about the states that the transitions are about."""
    if len(shape) < lag or shape[len(shape) - lag :] != (states,) * lag:
        wanted = ", ".join(["..."] + [str(states)] * lag)
        about = "the first state" if lag == 1 else f"the first {lag} states together (lag={lag})"
        raise ParameterError(
            f"{family}: {name} must hold the probabilities of {about}, of shape ({wanted}), as "
            f"there are {states} states; it has shape {shape}"
        )


def check_stationary(
    family: str, init: str, *, name: str, value: Any, plain: bool, lag: int
) -> None:
    """Refuse another word than "stationary", and chains that have no one such distribution."""
    if init != "stationary":
        raise ParameterError(f'{family}: init must be probabilities or "stationary"; got {init!r}')
    if not plain or lag > 1:
        raise ParameterError(
            f'{family}: init="stationary" needs lag=1 and transitions that do not vary over time: '
            "give the probabilities of the first states"
        )
    if name == "P" and isinstance(value, np.ndarray):
        rank = np.linalg.matrix_rank(value - np.eye(value.shape[-1]))
        if np.any(rank < value.shape[-1] - 1):
            raise ParameterError(
                f"{family}: P has several stationary distributions, because some states are never "
                "reached from others: give init as probabilities"
            )


def number_of_states(family: str, steps: Any, shape: Any, lag: int, moves: int | None) -> int:
    """Work out how long a chain is from all that says it, which must agree."""
    said: dict[str, int] = {}
    if steps is not None:
        if not is_whole_number(steps):
            raise ShapeError(f"{family}: steps must be a whole number; got {steps!r}")
        said["steps"] = int(steps)
    if shape is not None and as_shape(shape):
        said["the last axis of its shape"] = as_shape(shape)[-1]
    if moves is not None:
        said[f"P, by its {moves} transitions,"] = moves + lag
    otherwise = "give steps, or a shape or dims that end in it"
    number = number_of_steps(family, said, otherwise=otherwise)
    if number < lag:
        raise ShapeError(
            f"{family}: a chain with lag={lag} has at least {lag} step{'s' * (lag > 1)}; "
            f"got {number}"
        )
    return number


def stationary_distribution(transitions: Any) -> Any:
    r"""Solve :math:`\pi P = \pi` for the probabilities :math:`\pi`, without subtractions.

    States are taken out of the chain one by one, the last first, and put back in reverse: every
    number is a sum of products of probabilities, so that no digits cancel and nothing becomes
    negative. It needs no factorisation from LAPACK, which would keep XLA from compiling a sampler's
    loop into one function on CPU. Of matrices (..., S, S) with several stationary distributions one
    is given. The algorithm is that of W. K. Grassmann, M. I. Taksar and D. P. Heyman (1985),
    "Regenerative analysis and steady state distributions for Markov chains", Operations Research
    33(5).
    """
    rest = jnp.asarray(transitions)
    arrivals = []
    for last in range(rest.shape[-1] - 1, 0, -1):
        leaving = rest[..., last, :last]
        total = jnp.sum(leaving, axis=-1)[..., None]
        arriving = rest[..., :last, last]
        # A state from which those before it are not reached keeps all there is.
        stuck = total == 0
        arrivals.append((arriving / jnp.where(stuck, 1.0, total), stuck))
        through = arrivals[-1][0][..., None] * leaving[..., None, :]
        rest = rest[..., :last, :last] + through
    weights = jnp.ones_like(rest[..., 0, :])
    for ratio, stuck in reversed(arrivals):
        new = jnp.sum(weights * ratio, axis=-1, keepdims=True)
        kept = jnp.where(stuck, jnp.zeros_like(weights), weights)
        weights = jnp.concatenate([kept, jnp.where(stuck, 1.0, new)], axis=-1)
    return weights / jnp.sum(weights, axis=-1, keepdims=True)
