"""Calls of operations that move elements: negative padding, steps, axes of length 0 and 1."""

from __future__ import annotations

from typing import Any

import numpy as np
from jax import lax

from tests.marginal.edges.call import Call, makes
from tests.marginal.edges.operands import Draw, Operand


def _value(draw: Draw, shape: tuple[int, ...]) -> Operand:
    """Draw what is moved: real numbers or small integers."""
    if draw.chance(0.3):
        return draw.whole(-100, 100, *shape, source="discrete", dtype=draw.one(np.int64, np.int8))
    return draw.reals(*shape, source="discrete")


@makes("broadcast_in_dim")
def _broadcast(draw: Draw, _: str) -> Call:
    shape = draw.lengths(0, 2)
    ndim = len(shape) + draw.each(1, 2, 0)
    axes = sorted(draw.order(ndim)[: len(shape)])
    target = [draw.integer(0 if draw.chance(0.1) else 1, 3) for _ in range(ndim)]
    for axis, n in zip(axes, shape, strict=True):
        target[axis] = n if n > 1 or draw.chance() else draw.integer(1, 3)
    return Call(
        lambda x: lax.broadcast_in_dim(x, target, axes),
        (_value(draw, shape),),
        f"to {target} along {axes}",
        exact=True,
    )


@makes("reshape")
def _reshape(draw: Draw, _: str) -> Call:
    turned = draw.each(False, True)
    shape = draw.one((2, 3), (6,), (4, 1, 3), (2, 2, 3), (12,), (3, 1), (1,), (), (2, 0), (2, 6))
    size = int(np.prod(shape, dtype=int))
    ways = {
        0: [(0,), (0, 3)],
        1: [(), (1,), (1, 1)],
        3: [(3,), (1, 3)],
        6: [(3, 2), (6, 1), (1, 6)],
    }
    ways[12] = [(3, 4), (2, 1, 6), (12,), (4, 3), (3, 2, 2), (6, 2)]
    new = draw.one(*ways[size])
    order = draw.order(len(shape)) if len(shape) > 1 and turned else None
    return Call(
        lambda x: lax.reshape(x, new, dimensions=order),
        (_value(draw, shape),),
        f"to {new}, axes {order}",
        exact=True,
    )


@makes("transpose")
def _transpose(draw: Draw, _: str) -> Call:
    shape = tuple(draw.one(1, 2, 2, 3) for _ in range(draw.each(3, 4, 2)))
    order = draw.order(len(shape))
    return Call(lambda x: lax.transpose(x, order), (_value(draw, shape),), f"{order}", exact=True)


@makes("rev")
def _rev(draw: Draw, _: str) -> Call:
    shape = draw.lengths(2, 3)
    axes = draw.some(len(shape), draw.each(2, 1))
    return Call(lambda x: lax.rev(x, axes), (_value(draw, shape),), f"{axes}", exact=True)


@makes("squeeze")
def _squeeze(draw: Draw, _: str) -> Call:
    shape = tuple(n if draw.chance() else 1 for n in draw.shape(2, 4, longest=3))
    ones = [axis for axis, n in enumerate(shape) if n == 1]
    axes = tuple(ones[k] for k in draw.some(len(ones), 1))
    return Call(lambda x: lax.squeeze(x, axes), (_value(draw, shape),), f"{axes}", exact=True)


@makes("slice")
def _slice(draw: Draw, _: str) -> Call:
    stepped, few = draw.each(True, False), draw.each(1, 0)
    shape = (5, *draw.lengths(0, 1))
    starts = [draw.integer(0, few * (n - 1) // 2) for n in shape]
    stops = [draw.one(n, draw.integer(start, n)) for start, n in zip(starts, shape, strict=True)]
    steps = [draw.one(1, 2, 2, 3) for _ in shape] if stepped else None
    return Call(
        lambda x: lax.slice(x, starts, stops, steps),
        (_value(draw, shape),),
        f"{starts} to {stops} by {steps}",
        exact=True,
    )


@makes("pad")
def _pad(draw: Draw, _: str) -> Call:
    """Room around and between elements, or less of it than there was."""
    shape = draw.lengths(1, 2)
    config, below = [], draw.each(-2, 1)
    for n in shape:
        between = draw.integer(0, 2)
        whole = n + between * (n - 1)
        low = max(-whole, draw.one(0, below))
        config.append((low, draw.integer(-min(2, whole, whole + low), 2), between))
    kind = draw.one("discrete", "input", "known")
    value = draw.reals(*shape, source=draw.one("discrete", "discrete", "input"))
    return Call(
        lambda x, p: lax.pad(x, p, config),
        (value, draw.reals(source=kind)),
        f"{config}",
        exact=True,
    )


@makes("concatenate")
def _concatenate(draw: Draw, _: str) -> Call:
    shape = draw.lengths(1, 2)
    axis = draw.integer(0, len(shape) - 1)
    lengths = [draw.integer(0, 3) for _ in range(draw.integer(2, 4))]
    parts = [draw.reals(*shape[:axis], n, *shape[axis + 1 :]) for n in lengths]
    return Call(
        lambda *xs: lax.concatenate(xs, axis), tuple(parts), f"{lengths} along {axis}", exact=True
    )


@makes("stack")
def _stack(draw: Draw, _: str) -> Call:
    again = draw.each(False, False, True)
    shape = draw.lengths(0, 2)
    axis = draw.integer(0, len(shape))
    parts = [draw.reals(*shape) for _ in range(draw.integer(2, 3))]
    if again:
        return Call(lambda x: lax.stack([x, x], axis), (parts[0],), f"{axis}, twice", exact=True)
    return Call(lambda *xs: lax.stack(xs, axis), tuple(parts), f"along {axis}", exact=True)


@makes("unstack")
def _unstack(draw: Draw, _: str) -> Call:
    shape = draw.lengths(1, 2)
    axis = draw.integer(0, len(shape) - 1)
    return Call(lambda x: lax.unstack(x, axis), (_value(draw, shape),), f"along {axis}", exact=True)


@makes("split")
def _split(draw: Draw, _: str) -> Call:
    shape = (*draw.lengths(0, 1), draw.integer(3, 5), *draw.lengths(0, 1))
    axis = draw.one(*(k for k, n in enumerate(shape) if n == max(shape)))
    first = draw.each(1, 0)
    second = draw.integer(1, shape[axis] - first)
    sizes = first, second, shape[axis] - first - second
    return Call(
        lambda x: lax.split(x, sizes, axis),
        (_value(draw, shape),),
        f"{sizes} along {axis}",
        exact=True,
    )


@makes("tile")
def _tile(draw: Draw, _: str) -> Call:
    shape = draw.lengths(1, 2)
    times = [draw.integer(1, 3) for _ in shape]
    return Call(lambda x: lax.tile(x, times), (_value(draw, shape),), f"{times}", exact=True)


@makes("iota")
def _iota(draw: Draw, _: str) -> Call:
    """A count along an axis: known, and added to what is not."""
    shape = draw.lengths(2, 3)
    axis = draw.integer(0, len(shape) - 1)
    dtype = draw.one(np.int8, float)

    def apply(x: Any) -> Any:
        return x + lax.broadcasted_iota(dtype, shape, axis).astype(float)

    return Call(apply, (draw.reals(*shape),), f"along {axis} of {shape}", exact=True)
