"""Chains summed out in probabilities: filtered forwards and smoothed backwards.

What is carried forwards is p(state | all so far), rescaled in every step by a power of two, which
takes neither a division nor a logarithm. On the way back p(state | everything) is made of that::

    predicted[t, j] = sum_i filtered[t-1, i] T[i, j]      filtered[t, j] ~ predicted[t, j] E[t, j]
    smoothed[t-1, i] = filtered[t-1, i] sum_j T[i, j] smoothed[t, j] / predicted[t, j]

(Kim 1994, "Dynamic linear models with Markov-switching", equations 2.14 and 2.20). A step waits for
the one before it. So where chains are few, time is cut into *blocks* that go side by side: first
their products, then the chain whose steps are blocks, then what is inside of blocks, given that.

Arrays end in (states, lanes), those of moves in (from, to, lanes). Lanes are chains, and blocks of
them; where there is one, it stands for all. Nothing here is to be differentiated.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from jax import lax

# Numbers below 2**-1022 are lost. Where no move has less than 2**-200 of the most likely one's
# share, that matters to nothing: what goes through a lost state weighs at most 2**-1022 / 2**-400
# of what goes through the most likely one in its place, by two other moves.
LEAST_MOVE = 200 * float(np.log(0.5))
# Sums over so few states are written out: XLA does not vectorise over a short axis.
FEW_STATES = 8
# Below so many lanes blocks are made, of about so many steps.
FEW_LANES = 8
# Products of blocks take as many times the work as there are states.
MOST_STATES_OF_BLOCKS = 4
LEAST_STEPS_OF_BLOCKS = 24

_EXPONENT_BITS = np.int64(0x7FF << 52)
_LARGEST_POWER = np.int64(0x7FE << 52)
_BIAS = 1023
_LOG_2 = float(np.log(2.0))


class Weights(NamedTuple):
    """The log weights of chains, side by side."""

    start: Any  # (K, lanes)
    moves: Any  # (1 or steps, K, K, 1 or lanes)
    seen: Any  # (steps, K, lanes): of the state after each move


class Smoothed(NamedTuple):
    """The log of the sum over all paths, and the probabilities that are its derivatives."""

    log_sum: Any  # (lanes,)
    start: Any  # (K, lanes)
    moves: Any  # (1 or steps, K, K, lanes); 1: the sum over all steps
    seen: Any  # (steps, K, lanes)


class _Filtered(NamedTuple):
    end: Any  # (K, lanes): filtered, after the last step
    before: Any  # (steps, K, lanes): filtered, before each step
    exponent: Any  # (1, lanes): of the power of two that was taken out


class _Smooth(NamedTuple):
    start: Any  # (K, lanes)
    seen: Any  # (steps, K, lanes)
    ratios: Any  # (steps, K, lanes): smoothed over predicted
    products: Any  # (K, K, lanes): filtered times ratios, summed over the steps; None if not asked


def is_safe(weights: Weights) -> Any:
    """Say whether nothing that matters is too small a number: no move is nearly impossible."""
    least = _extreme(lax.min, weights.moves - _top(weights.moves, (1, 2)), (1, 2))
    return jnp.min(least) >= LEAST_MOVE


def smoothed(weights: Weights) -> Smoothed:
    """Sum out chains whose weights are safe; zeros where all paths are impossible."""
    steps, states, lanes = weights.seen.shape
    start, log_start = _exp(weights.start, (0,))
    length = _block_length(steps, states, lanes)
    if length:
        return _in_blocks(start, log_start[0], weights, length)
    moves, seen, log_scale = _factors(weights.moves, weights.seen)
    filtered = _filter(start, moves, seen)
    last, log_sum = _at_the_end(filtered, log_start[0] + log_scale)
    back = _smooth(last, moves, filtered.before, summed=moves.shape[0] == 1)
    return Smoothed(log_sum, back.start, _pairs(moves, filtered.before, back), back.seen)


def _in_blocks(start: Any, log_start: Any, weights: Weights, length: int) -> Smoothed:
    """Do it in blocks of so many steps. What is over comes first, as blocks of one step."""
    steps, states, lanes = weights.seen.shape
    blocks = steps // length
    over = steps - blocks * length
    table, constant = weights.moves, weights.moves.shape[0] == 1
    if not constant:
        table = jnp.broadcast_to(table, (*table.shape[:-1], lanes))
    early_moves, early_seen, log_early = _factors(
        table if constant else table[:over], weights.seen[:over]
    )
    moves, seen, log_late = _factors(
        _cut(table, blocks, length), _cut(weights.seen, blocks, length)
    )
    product, exponent = _product(moves, seen)
    of_blocks = product.reshape(states, states, blocks, lanes).transpose(2, 0, 1, 3)
    singles = jnp.broadcast_to(early_moves * early_seen[:, None], (over, *of_blocks.shape[1:]))
    chain = jnp.concatenate([singles, of_blocks])
    log_scale = (log_late + _LOG_2 * exponent).reshape(blocks, lanes).sum(axis=0) + log_early
    outer = _filter(start, chain, None)
    last, log_sum = _at_the_end(outer, log_start + log_scale)
    ends = _smooth(last, chain, outer.before, summed=False)
    inner = _filter(_side_by_side(outer.before[over:]), moves, seen)
    back = _smooth(_side_by_side(ends.seen[over:]), moves, inner.before, summed=constant)
    pairs = _pairs(moves, inner.before, back)
    if constant:
        pairs = pairs.reshape(1, states, states, blocks, lanes).sum(axis=3)
    else:
        pairs = _joined(pairs, blocks)
    seen_late = _joined(back.seen, blocks)
    if over:
        ratios = ends.ratios[:over] * early_seen
        first = outer.before[:over, :, None] * ratios[:, None] * early_moves
        if constant:
            pairs = pairs + first.sum(axis=0, keepdims=True)
        else:
            pairs = jnp.concatenate([first, pairs])
        seen_late = jnp.concatenate([ends.seen[:over], seen_late])
    return Smoothed(log_sum, ends.start, pairs, seen_late)


def _block_length(steps: int, states: int, lanes: int) -> int:
    """Choose how many steps make a block; 0 for none."""
    if lanes >= FEW_LANES or states > MOST_STATES_OF_BLOCKS or steps < LEAST_STEPS_OF_BLOCKS:
        return 0
    near = int(np.sqrt(steps))
    # Few are over.
    return min(range(near, max(near - near // 3, 2) - 1, -1), key=lambda length: steps % length)


def _factors(moves: Any, seen: Any) -> tuple[Any, Any, Any]:
    """Give moves and what is seen with 1 for the largest of each step, and the log of the rest."""
    likely, log_moves = _exp(moves, (1, 2))
    possible, log_seen = _exp(seen, (1,))
    log_scale = jnp.sum(log_seen + log_moves[:, 0], axis=(0, 1))
    return likely, possible, log_scale


def _exp(log_weights: Any, axes: tuple[int, ...]) -> tuple[Any, Any]:
    """Take the exponential with 1 for the largest along axes, and give the log of that."""
    top = _top(log_weights, axes)
    return jnp.exp(log_weights - top), top


def _top(log_weights: Any, axes: tuple[int, ...]) -> Any:
    """Give the largest along axes, which stay, and 0 where that is ``-inf``."""
    top = _extreme(lax.max, log_weights, axes)
    return jnp.where(top == -jnp.inf, 0.0, top)


def _extreme(operation: Any, array: Any, axes: tuple[int, ...]) -> Any:
    """Reduce in halves: for a reduction of many numbers XLA calls a library."""
    for axis in axes:
        while (count := array.shape[axis]) > 1:
            half = (count + 1) // 2  # the middle one may be in both
            low = lax.slice_in_dim(array, 0, half, axis=axis)
            array = operation(low, lax.slice_in_dim(array, count - half, count, axis=axis))
    return array


def _filter(start: Any, moves: Any, seen: Any | None) -> _Filtered:
    def step(carried: Any, each: Any) -> Any:
        before, exponent = carried
        move, likely = each
        predicted = _moved(before, moves[0] if move is None else move)
        after, more = _scaled(predicted if likely is None else predicted * likely)
        return (after, exponent + more), before

    varying = moves if seen is None or moves.shape[0] > 1 else None
    first = _scaled(start)
    (end, exponent), before = lax.scan(step, first, (varying, seen))
    return _Filtered(end, before, exponent)


def _product(moves: Any, seen: Any) -> tuple[Any, Any]:
    """Multiply the steps: (from, to, lanes), rescaled, and the exponents taken out, (lanes,)."""
    _, states, lanes = seen.shape
    identity = jnp.broadcast_to(jnp.eye(states)[:, :, None], (states, states, lanes))

    def step(carried: Any, each: Any) -> Any:
        rows, exponent = carried
        move, likely = each
        rows, more = _scaled(_moved(rows, moves[0] if move is None else move) * likely)
        return (rows, exponent + more), None

    first = identity, jnp.zeros((states, 1, lanes), jnp.int64)
    (rows, exponent), _ = lax.scan(step, first, (moves if moves.shape[0] > 1 else None, seen))
    most = jnp.max(exponent, axis=0)
    down = lax.max(exponent - most + _BIAS, np.int64(0))
    return rows * lax.bitcast_convert_type(down << 52, jnp.float64), most[0]


def _smooth(last: Any, moves: Any, before: Any, *, summed: bool) -> _Smooth:
    def step(carried: Any, each: Any) -> Any:
        after, products = carried
        move, filtered = each
        move = moves[0] if move is None else move
        predicted = _moved(filtered, move)
        # What is not predicted is not smoothed to either.
        ratio = after * (1.0 / jnp.where(predicted == 0.0, 1.0, predicted))
        here = filtered * _moved_back(ratio, move)
        if summed:
            products = products + filtered[:, None] * ratio[None]
        return (here, products), (after, ratio)

    nothing = jnp.zeros((last.shape[0], *last.shape)) if summed else None
    varying = moves if moves.shape[0] > 1 else None
    (start, products), (seen, ratios) = lax.scan(
        step, (last, nothing), (varying, before), reverse=True
    )
    return _Smooth(start, seen, ratios, products)


def _pairs(moves: Any, before: Any, back: _Smooth) -> Any:
    """Give the probabilities of moves: (1, K, K, lanes) in sum, or (steps, K, K, lanes)."""
    if back.products is not None:
        return back.products[None] * moves
    return before[:, :, None] * back.ratios[:, None] * moves


def _at_the_end(filtered: _Filtered, log_scale: Any) -> tuple[Any, Any]:
    """Give p(last state | everything), and the log of the sum over all paths."""
    total = jnp.sum(filtered.end, axis=0)
    none = total == 0.0
    total = jnp.where(none, 1.0, total)
    last = filtered.end / total
    log_sum = jnp.log(total) + _LOG_2 * filtered.exponent[0] + log_scale
    return last, jnp.where(none, -jnp.inf, log_sum)


def _moved(rows: Any, move: Any) -> Any:
    """Sum over the state before: (..., K, lanes) and (K, K, lanes) to (..., K, lanes)."""
    states = move.shape[0]
    if states > FEW_STATES:
        return jnp.sum(rows[..., :, None, :] * move, axis=-3)
    return sum(rows[..., i, None, :] * move[i] for i in range(states))


def _moved_back(ratio: Any, move: Any) -> Any:
    """Sum over the state after: (K, lanes) and (K, K, lanes) to (K, lanes)."""
    states = move.shape[1]
    if states > FEW_STATES:
        return jnp.sum(move * ratio, axis=1)
    return sum(move[:, j] * ratio[j] for j in range(states))


def _scaled(rows: Any) -> tuple[Any, Any]:
    """Divide (..., K, lanes) by the power of two below the sum over states; give its exponent."""
    total = jnp.sum(rows, axis=-2, keepdims=True)
    bits = lax.bitcast_convert_type(total, jnp.int64) & _EXPONENT_BITS
    scale = lax.bitcast_convert_type(_LARGEST_POWER - bits, jnp.float64)
    return rows * scale, (bits >> 52) - _BIAS


def _cut(array: Any, blocks: int, length: int) -> Any:
    """Put blocks of steps side by side: (steps, ..., lanes) to (length, ..., blocks * lanes).

    The last steps make the blocks. What is the same in all steps and lanes stays as it is.
    """
    if array.shape[0] == 1:
        if array.shape[-1] == 1:
            return array
        return jnp.tile(array, blocks)
    late = array[-blocks * length :].reshape(blocks, length, *array.shape[1:])
    return jnp.moveaxis(late, 0, -2).reshape(length, *array.shape[1:-1], -1)


def _joined(array: Any, blocks: int) -> Any:
    """Undo that: (length, ..., blocks * lanes) to (steps, ..., lanes)."""
    apart = array.reshape(*array.shape[:-1], blocks, -1)
    return jnp.moveaxis(apart, -2, 0).reshape(-1, *array.shape[1:-1], apart.shape[-1])


def _side_by_side(of_blocks: Any) -> Any:
    """Make lanes of blocks: (blocks, K, lanes) to (K, blocks * lanes)."""
    return jnp.moveaxis(of_blocks, 0, -2).reshape(of_blocks.shape[1], -1)
