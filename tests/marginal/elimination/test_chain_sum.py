"""Sums over chains and their derivatives, against the recursions in log space, lane by lane."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from aliquot.marginal.elimination import chain_sum
from aliquot.marginal.elimination.chain_sum import chain_log_sum
from aliquot.marginal.elimination.forward_backward import Form, log_sum
from aliquot.marginal.elimination.smoothing import LEAST_MOVE, Weights, is_safe
from aliquot.precision import float64
from aliquot.primitives import name_of
from aliquot.primitives.internals import every_equation
from tests.programs import quick

NEVER = -np.inf


def by_hand(start, moves, seen):
    """Give the log of the sum and its derivatives for one chain, by Rabiner's recursions.

    The shapes are (K,), (steps, K, K) and (steps, K).
    """
    over = np.logaddexp.reduce
    tables = moves + seen[:, None, :]
    ahead, back = [start], [np.zeros(len(start))]
    for table in tables:
        ahead.append(over(ahead[-1][:, None] + table, axis=0))
    for table in tables[::-1]:
        back.insert(0, over(table + back[0], axis=1))
    total = over(ahead[-1])
    if total == NEVER:
        return total, np.zeros_like(start), np.zeros_like(tables)
    joint = np.stack(ahead[:-1])[:, :, None] + tables + np.stack(back[1:])[:, None, :]
    return total, np.exp(start + back[0] - total), np.exp(joint - total)


def sum_of(find, start, moves, seen):
    """Give the log sums of lanes from weights of the shapes of `Weights`."""
    steps, states, lanes = seen.shape
    return find(Form((states,), 1, (), lanes, steps), start, [moves, seen[:, None]])


def check(weights, find=chain_log_sum):
    """Compare the sums and their gradients; where all is impossible, these need only be finite."""

    def both(weights):
        value, back = jax.vjp(lambda weights: sum_of(find, *weights), weights)
        return value, back(jnp.ones_like(value))[0], sum_of(find, *weights)

    with float64():
        value, gradient, alone = jax.device_get(quick(both)(tuple(map(jnp.asarray, weights))))
    start, moves, seen = weights
    full = np.broadcast_to(moves, (*seen.shape[:2], *seen.shape[1:]))
    each = [by_hand(start[:, i], full[..., i], seen[..., i]) for i in range(seen.shape[2])]
    totals, starts, pairs = (np.stack(list(part), axis=-1) for part in zip(*each, strict=True))
    np.testing.assert_allclose(value, totals, rtol=1e-12, atol=1e-10)
    np.testing.assert_allclose(alone, totals, rtol=1e-12, atol=1e-10)
    expected = [starts, pairs, pairs.sum(axis=1)]
    for axis in (0, 3):
        if moves.shape[axis] == 1:
            expected[1] = expected[1].sum(axis=axis, keepdims=True)
    for found, right in zip(gradient, expected, strict=True):
        assert np.all(np.isfinite(found))
        if np.all(totals > NEVER):
            np.testing.assert_allclose(found, right, rtol=1e-8, atol=1e-10)


def drawn(rng, steps, states, lanes, *, varying=False, own=False, scale=3.0):
    """Draw log weights; `own` says whether lanes have moves of their own."""
    shape = (steps if varying else 1, states, lanes if own else 1)
    moves = np.log(rng.dirichlet(np.ones(states), shape)).swapaxes(-1, -2)
    start = rng.normal(size=(states, lanes))
    return Weights(start, moves, rng.normal(size=(steps, states, lanes)) * scale)


@pytest.mark.parametrize("varying", [False, True])
@pytest.mark.parametrize("own", [False, True])
@pytest.mark.parametrize(
    ("steps", "states", "lanes"),
    [(1, 2, 1), (23, 3, 2), (24, 2, 1), (29, 2, 3), (103, 3, 1), (40, 5, 2), (30, 11, 1)],
)
def test_sums_and_gradients(rng, steps, states, lanes, varying, own):
    """Short and long, in blocks that come out even and that do not, few states and many."""
    weights = drawn(rng, steps, states, lanes, varying=varying, own=own)
    with float64():
        assert is_safe(Weights(*map(jnp.asarray, weights)))
    check(weights)


@pytest.mark.parametrize("lanes", [1, 12])
@pytest.mark.parametrize("scale", [30.0, 1e5])
def test_sharp_emissions(rng, lanes, scale):
    check(drawn(rng, 60, 3, lanes, scale=scale))


@pytest.mark.parametrize("own", [False, True])
def test_impossible_states(rng, own):
    """Unreachable states, states that are left for good, and states not allowed at times."""
    start, moves, seen = drawn(rng, 50, 3, 4, own=own, scale=40.0)
    start[2] = NEVER
    seen[rng.random(seen.shape) < 0.2] = NEVER
    check(Weights(start, moves, seen))
    moves[:, :, 2] = NEVER
    check(Weights(start, moves, seen))
    moves[:, 1, 0] = NEVER
    check(Weights(start, moves, np.where(seen == NEVER, -70.0, seen)))


@pytest.mark.parametrize("moves", [np.log(0.5), NEVER, LEAST_MOVE * 1.01, LEAST_MOVE * 0.99])
def test_an_unlikely_state_comes_back(moves):
    """What was 2,000 nats behind is ahead in the end, also where there is no other way to it."""
    seen = np.zeros((40, 2, 1))
    seen[5, 1], seen[30, 0] = -2_000.0, -5_000.0
    table = np.array([[np.log(0.5), moves], [moves, np.log(0.5)]])[None, :, :, None]
    check(Weights(np.zeros((2, 1)), table, seen))


@pytest.mark.parametrize("at", [0, 17, 39])
def test_everything_is_impossible(rng, at):
    start, moves, seen = drawn(rng, 40, 2, 2)
    seen[at, :, 0] = NEVER
    check(Weights(start, moves, seen))
    seen[at] = NEVER
    check(Weights(start, moves, seen))
    check(Weights(np.full_like(start, NEVER), moves, seen))


def test_weights_of_any_size(rng):
    """A constant added to a step's weights is added to the sum, and changes no probability."""
    start, moves, seen = drawn(rng, 40, 3, 1, varying=True)
    shift = 1e4 * rng.normal(size=(3, 40))
    check(
        Weights(start + 5e3, moves + shift[0][:, None, None, None], seen + shift[1][:, None, None])
    )


@pytest.mark.parametrize("impossible", [False, True])
@pytest.mark.parametrize("steps", [10, 40])
def test_second_derivatives(rng, steps, impossible):
    """Forwards over backwards, and backwards twice: as by the recursion in log space."""
    start, moves, seen = drawn(rng, steps, 3, 2)
    if impossible:
        moves[0, 0, 2] = moves[0, 1, 0] = NEVER
    direction = [rng.normal(size=array.shape) for array in (start, moves, seen)]

    def curved(find, towards):
        def height(x):
            weights = [w + x * d for w, d in zip((start, moves, seen), towards, strict=True)]
            return jnp.sum(jnp.sin(sum_of(find, *weights) / 30))

        slope = jax.grad(height)
        product = jax.jvp(jax.value_and_grad(height), (0.3,), (1.0,))[1]
        return (height(0.3), slope(0.3), *product, jax.grad(slope)(0.3), jax.hessian(height)(0.3))

    with float64():
        found, expected = jax.device_get(
            quick(lambda d: (curved(chain_log_sum, d), curved(log_sum, d)))(direction)
        )
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)


def test_many_at_a_time(rng):
    """Vectorised, each is what it is by itself, whether it is safe or not."""
    start, moves, seen = drawn(rng, 30, 2, 1)
    tables = np.stack([moves, moves.copy()])
    tables[1, 0, 0, 1] = NEVER
    with float64():

        def height(table):
            return sum_of(chain_log_sum, start, table, seen)[0]

        both = jax.value_and_grad(height)
        program = quick(lambda tables: (jax.vmap(both)(tables), [both(table) for table in tables]))
        (values, gradients), each = jax.device_get(program(tables))
    np.testing.assert_allclose(values, [value for value, _ in each], rtol=1e-13)
    np.testing.assert_allclose(gradients, [slope for _, slope in each], rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("impossible", [False, True])
def test_on_an_accelerator(rng, monkeypatch, impossible):
    """There the recursion in log space is used, in few launches."""
    monkeypatch.setattr(jax, "default_backend", lambda: "gpu")
    start, moves, seen = drawn(rng, 40, 2, 2)
    if impossible:
        moves[0, 0, 1] = NEVER
    check(Weights(start, moves, seen))


@pytest.mark.parametrize(("steps", "states", "lanes"), [(99, 2, 1), (1_999, 3, 1), (99, 2, 20)])
def test_nothing_is_called(rng, monkeypatch, steps, states, lanes):
    """No dot, scatter or call of a library, or a chain's program is not one native function."""
    monkeypatch.setattr(chain_sum, "is_safe", lambda weights: jnp.max(weights.start) < 9.0)
    weights = drawn(rng, steps, states, lanes)

    def both(weights):
        return jax.value_and_grad(lambda w: jnp.sum(sum_of(chain_log_sum, *w)))(weights)

    with float64():
        arguments = tuple(map(jnp.asarray, weights))
        names = {name_of(e) for e in every_equation(jax.make_jaxpr(both)(arguments))}
        assert not {name for name in names if "scatter" in name or "dot" in name}
        text = jax.jit(both).lower(arguments).compile().as_text()
    assert "custom-call" not in text
    assert "__ynn_fusion" not in text
