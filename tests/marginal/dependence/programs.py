"""Random small programs on discrete variables, for the oracle."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from hypothesis import strategies as st
from jax import lax

from aliquot.precision import float64

MEANS = np.random.default_rng(11).normal(size=4)


def _generic(shape: tuple[int, ...]) -> np.ndarray:
    """Weights among which no sum of a few vanishes."""
    return np.random.default_rng(len(shape) + sum(shape)).normal(size=shape)


@st.composite
def movements(draw: st.DrawFn, shape: tuple[int, ...]) -> Callable[[Any], Any]:
    """Draw an operation that moves, repeats or leaves out elements of a value."""
    ndim = len(shape)
    choices = ["reshape", "transpose", "repeat", "where", "expand", "jit"]
    if ndim:
        choices += ["flip", "permute", "take", "slice", "join", "roll", "pad", "along", "place"]
    kind = draw(st.sampled_from(choices))
    axis = draw(st.integers(0, max(ndim - 1, 0)))
    seed = draw(st.integers(0, 99))
    rng = np.random.default_rng(seed)
    length = shape[axis] if ndim else 1
    match kind:
        case "reshape":
            new = draw(st.permutations(shape))
            return lambda x: x.reshape(new)
        case "transpose":
            order = draw(st.permutations(range(ndim)))
            return lambda x: x.transpose(order)
        case "repeat":
            return lambda x: jnp.broadcast_to(x, (2, *shape))
        case "where":
            mask = rng.random(shape) < 0.5
            return lambda x: jnp.where(mask, x, 1)
        case "expand":
            return lambda x: jnp.expand_dims(x, axis)
        case "jit":
            return jax.jit(lambda x: jnp.squeeze(x) if x.shape else x[None])
        case "flip":
            return lambda x: jnp.flip(x, axis)
        case "permute":
            order = rng.permutation(length)
            return lambda x: jnp.take(x, order, axis)
        case "take":
            index = rng.integers(0, length, (2, 2))
            return lambda x: jnp.take(x, index, axis)
        case "slice":
            start = int(rng.integers(0, length))
            return lambda x: lax.slice_in_dim(x, start, length, axis=axis)
        case "join":
            return lambda x: jnp.concatenate([x, jnp.flip(x, axis)], axis)
        case "roll":
            return lambda x: jnp.roll(x, seed, axis)
        case "pad":
            config = [(1, 0, 1) if k == axis else (0, 0, 0) for k in range(ndim)]
            return lambda x: lax.pad(x, jnp.ones((), x.dtype), config)
        case "along":
            index = rng.integers(0, length, shape)
            return lambda x: jnp.take_along_axis(x, index, axis)
        case _:
            target = rng.permutation(length + 1)[:length]
            wider = tuple(n + (k == axis) for k, n in enumerate(shape))
            where = (slice(None),) * axis + (target,)
            return lambda x: jnp.ones(wider, x.dtype).at[where].set(x)


def unsound_if_guessed(kind: str, x: Any) -> Any:
    """Apply an operation that mixes elements."""
    last = x.shape[-1] if x.shape else 1
    flat = x.reshape(-1)
    return {
        "sort": lambda: jnp.sort(x, -1) if x.shape else x,
        "cumsum": lambda: jnp.cumsum(x, -1) if x.shape else x,
        "reverse cumsum": lambda: lax.cumsum(x, 0, reverse=True) if x.shape else x,
        "max": lambda: x.max(0) if x.shape else x,
        "argmax": lambda: jnp.argmax(flat),
        "self": lambda: flat[jnp.abs(flat).astype(int) % flat.size].reshape(x.shape),
        "slice": lambda: lax.dynamic_slice(flat, (flat[0].astype(int),), (max(flat.size - 1, 1),)),
        "set": lambda: flat.at[jnp.abs(flat[-1]).astype(int)].set(7),
        "branch": lambda: lax.cond(flat[0] > 0, lambda: x * 2, lambda: jnp.flip(x)),
        "square": lambda: x.reshape(-1, last) @ x.reshape(-1, last).T,
        "softmax": lambda: jax.nn.softmax(x * 1.0, -1) if x.shape else x,
        "top": lambda: lax.top_k(x, 1)[0] if x.shape else x,
        "scan": lambda: lax.scan(lambda c, v: (c + v, c * v), flat[0] * 0, flat)[1],
    }[kind]()


MIXING = [
    "sort",
    "cumsum",
    "reverse cumsum",
    "max",
    "argmax",
    "self",
    "slice",
    "set",
    "branch",
    "square",
    "softmax",
    "top",
    "scan",
]

LARGEST = 60


@st.composite
def programs(
    draw: st.DrawFn, mixing: bool
) -> tuple[Callable[..., Any], tuple[np.ndarray, ...], list[str]]:
    """Draw a program of one or two discrete variables; its result is an array."""
    shapes = draw(
        st.lists(
            st.sampled_from([(), (1,), (3,), (4,), (2, 2), (3, 3), (1, 3), (2, 1, 2)]),
            min_size=1,
            max_size=2,
        )
    )
    steps: list[Callable[[list[Any]], Any]] = []
    values = [jax.ShapeDtypeStruct(shape, np.dtype(int)) for shape in shapes]
    names: list[str] = []

    def push(name: str, step: Callable[[list[Any]], Any]) -> None:
        with float64():
            result = jax.eval_shape(lambda *xs: step(list(xs)), *values)
        if 0 < np.prod(result.shape) <= LARGEST:
            steps.append(step)
            values.append(result)
            names.append(name)

    for _ in range(draw(st.integers(2, 6))):
        source = draw(st.integers(0, len(values) - 1))
        value = values[source]
        kinds = ["move", "move", "look up", "add", "sum", "dot"] + ["mix"] * (2 * mixing)
        kind = draw(st.sampled_from(kinds))
        if kind == "move":
            move = draw(movements(value.shape))
            push(kind, lambda v, s=source, f=move: f(v[s]))
        elif kind == "look up" and value.dtype.kind == "i":
            push(kind, lambda v, s=source: jnp.asarray(MEANS)[v[s]])
        elif kind == "add":
            other = draw(st.integers(0, len(values) - 1))
            try:
                np.broadcast_shapes(value.shape, values[other].shape)
            except ValueError:
                continue
            scale = 1.0 + draw(st.integers(1, 9)) * np.pi
            push(kind, lambda v, s=source, o=other, c=scale: v[s] * c + v[o])
        elif kind == "sum" and value.shape:
            axis = draw(st.integers(0, len(value.shape) - 1))
            weights = _generic(value.shape)
            push(kind, lambda v, s=source, a=axis, w=weights: (v[s] * w).sum(a))
        elif kind == "dot" and value.shape:
            weights = _generic((value.shape[-1], 2))
            push(kind, lambda v, s=source, w=weights: v[s] @ w)
        elif kind == "mix":
            mix = draw(st.sampled_from(MIXING))
            push(mix, lambda v, s=source, m=mix: unsound_if_guessed(m, v[s]))

    def program(*discrete: Any) -> Any:
        reached = list(discrete)
        for step in steps:
            reached.append(step(reached))
        return reached[-1] * 1.0

    return program, tuple(np.zeros(shape, int) for shape in shapes), names
