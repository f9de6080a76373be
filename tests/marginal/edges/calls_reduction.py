"""Calls of what joins elements along axes: sums, running sums, sorting, products, matrices."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import lax

from tests.marginal.edges.call import Call, makes
from tests.marginal.edges.operands import Draw, Operand


@makes("reduce_sum", "reduce_max", "reduce_min", "reduce_prod")
def _reduced(draw: Draw, name: str) -> Call:
    shape = draw.lengths(1, 3)
    axes = draw.some(len(shape), draw.one(0, 1, 1, 1))
    if draw.each(False, True):
        x = draw.whole(-3, 3, *shape, dtype=draw.one(np.int64, np.int8))
    else:
        x = draw.between(0.5, 2, *shape) if name == "reduce_prod" else draw.reals(*shape)
    exact = name == "reduce_sum" and x.values.dtype.kind == "f"
    return Call(lambda x: getattr(lax, name)(x, axes), (x,), f"along {axes}", exact)


@makes("reduce_and", "reduce_or", "reduce_xor")
def _bits(draw: Draw, name: str) -> Call:
    shape = draw.lengths(1, 3)
    axes = draw.some(len(shape), draw.one(0, 1, 1, 1))
    dtype = draw.each(bool, np.int8)
    x = draw.among((0, 1, 1, 2, 7, -1) if dtype is np.int8 else (False, True), dtype, *shape)
    return Call(lambda x: getattr(lax, name)(x, axes), (x,), f"along {axes}")


@makes("argmax", "argmin")
def _where(draw: Draw, name: str) -> Call:
    shape = draw.lengths(1, 3)
    axis = draw.integer(0, len(shape) - 1)
    dtype = draw.one(np.int32, np.int8)
    function = getattr(lax, name)
    return Call(lambda x: function(x, axis, dtype), (draw.reals(*shape),), f"along {axis}")


@makes("reduce")
def _by_function(draw: Draw, _: str) -> Call:
    """A reduction by a function of the user's, of one operand or two, from given beginnings."""
    shape = draw.lengths(1, 3)
    axes = draw.some(len(shape), 1)
    count = draw.each(2, 1)
    values = [draw.reals(*shape) for _ in range(count)]
    first = [draw.reals(source="known") for _ in range(count)]

    def step(one: Any, other: Any) -> Any:
        larger = one[0] > other[0]
        return [jnp.where(larger, a, b) for a, b in zip(one, other, strict=True)]

    def apply(*operands: Any) -> Any:
        return lax.reduce(operands[:count], operands[count:], step, axes)

    return Call(apply, (*values, *first), f"{count} along {axes}", smooth=False)


@makes("cumsum", "cumprod", "cummax", "cummin", "cumlogsumexp")
def _running(draw: Draw, name: str) -> Call:
    shape = draw.lengths(1, 3)
    axis, back = draw.integer(0, len(shape) - 1), draw.each(False, True)
    x = draw.between(0.5, 2, *shape) if name == "cumprod" else draw.reals(*shape)
    return Call(lambda x: getattr(lax, name)(x, axis, back), (x,), f"along {axis}, reverse {back}")


@makes("sort")
def _sort(draw: Draw, _: str) -> Call:
    """Several operands that go along with one key or two."""
    shape = draw.lengths(1, 2)
    axis = draw.integer(0, len(shape) - 1)
    shape = (*shape[:axis], draw.integer(3, 4), *shape[axis + 1 :])
    keys = draw.each(2, 1)
    # Where the first key has ties, the second one says where the third operand goes.
    first = draw.whole(0, 1, *shape, sums=False, compact=False) if keys == 2 else draw.reals(*shape)
    second = draw.reals(*shape, source="discrete", compact=False)
    third = draw.reals(*shape, source=draw.one("known", "discrete"), compact=False)
    parts = [first, second, third]
    count = draw.integer(max(2, keys + 1), 3)

    def apply(*xs: Any) -> Any:
        return lax.sort(xs, dimension=axis, num_keys=keys)

    return Call(apply, tuple(parts[:count]), f"{count} along {axis} by {keys}", smooth=False)


@makes("top_k")
def _top(draw: Draw, _: str) -> Call:
    shape = tuple(draw.integer(2, 4) for _ in range(draw.integer(2, 3)))
    axis = draw.each(0, len(shape) - 1)
    k = draw.integer(1, shape[axis])
    x = draw.reals(*shape, compact=draw.chance(0.2))
    return Call(lambda x: lax.top_k(x, k, axis=axis), (x,), f"{k} along {axis}")


@makes("approx_top_k")
def _nearly_top(draw: Draw, _: str) -> Call:
    shape = draw.shape(1, 3)
    axis = draw.each(*range(len(shape)))
    x = draw.reals(*shape, compact=draw.chance(0.2))
    return Call(lambda x: lax.approx_max_k(x, shape[axis], axis), (x,), f"{axis}", smooth=False)


@makes("fft")
def _fft(draw: Draw, _: str) -> Call:
    shape = tuple(draw.integer(2, 4) for _ in range(draw.integer(2, 3)))
    kind = draw.one("fft", "ifft", "rfft")
    count = draw.each(2, 1)

    def apply(x: Any) -> Any:
        found = lax.fft(x if kind == "rfft" else x + 0j, kind, shape[-count:])
        return lax.real(found), lax.imag(found)

    x = draw.reals(*shape, compact=draw.chance(0.2))
    return Call(apply, (x,), f"{kind} of the last {count}")


@makes("dot_general")
def _dot(draw: Draw, _: str) -> Call:
    """Axes that go together, that are summed and that are left, each in any place."""
    batch = [draw.one(1, 2, 2, 3) for _ in range(draw.integer(0, 2))]
    summed = [draw.one(1, 2, 2, 3) for _ in range(draw.one(0, 1, 2, 2))]
    alone, dtype = draw.each(True, False), draw.each(float, float, np.int8)
    wide = np.int32 if dtype is np.int8 and draw.each(True, False) else None
    operands, sides = [], []
    sources = draw.one(("discrete", "input"), ("known", "discrete")) if alone else (None, None)
    for source in sources:
        free = [draw.integer(1, 3) for _ in range(draw.integer(0, 1))]
        lengths = [*batch, *summed, *free]
        order = draw.order(len(lengths))
        places = [order.index(k) for k in range(len(lengths))]
        sides.append((places[len(batch) : len(batch) + len(summed)], places[: len(batch)]))
        shape = [lengths[k] for k in order]
        operands.append(
            draw.reals(*shape, source=source)
            if dtype is float
            else draw.whole(-90, 90, *shape, dtype=dtype, source=source)
        )
    numbers = tuple(zip(*sides, strict=True))

    def apply(x: Any, y: Any) -> Any:
        return lax.dot_general(x, y, numbers, preferred_element_type=wide)

    # A sum over an axis along which both are the same may vanish in whole numbers alone.
    return Call(apply, tuple(operands), f"{numbers}, {np.dtype(dtype)} to {wide}", dtype is float)


@makes("conv_general_dilated")
def _convolution(draw: Draw, _: str) -> Call:
    """Steps, gaps, groups, negative padding, and axes in any order."""
    ndim = draw.integer(1, 2)
    groups, batches = draw.each((1, 1), (1, 2), (2, 1))
    rows, features = draw.integer(1, 2) * batches, draw.integer(1, 2)
    lengths = [draw.integer(2, 4) for _ in range(ndim)]
    sizes = [draw.integer(1, 2) for _ in range(ndim)]
    out = draw.integer(1, 2) * groups * batches
    steps, gaps, wide = ([draw.integer(1, 2) for _ in range(ndim)] for _ in range(3))
    padding = []
    for n, size, gap, dilated in zip(lengths, sizes, gaps, wide, strict=True):
        room = (n - 1) * gap + 1 - ((size - 1) * dilated + 1)  # for what is cut away
        low = draw.integer(-1 if room > 0 else max(0, -room), 2 + max(0, -room))
        high = draw.integer(-1 if room + low > 0 else max(0, -room - low), 2)
        padding.append((low, max(high, -room - low)))
    of_operand, of_kernel, of_result = (draw.order(ndim + 2) for _ in range(3))

    def arranged(shape: list[int], order: tuple[int, ...]) -> list[int]:
        found = [0] * len(shape)
        for n, place in zip(shape, order, strict=True):
            found[place] = n
        return found

    numbers = lax.ConvDimensionNumbers(of_operand, of_kernel, of_result)
    source = draw.one("discrete", "discrete", "discrete", "input")
    shape = arranged([rows, features * groups, *lengths], of_operand)
    operand = draw.reals(*shape, source=source)
    kernel = draw.reals(*arranged([out, features, *sizes], of_kernel))

    def apply(x: Any, w: Any) -> Any:
        return lax.conv_general_dilated(x, w, steps, padding, gaps, wide, numbers, groups, batches)

    text = (
        f"steps {steps}, padding {padding}, gaps {gaps} and {wide}, {numbers}, {groups}, {batches}"
    )
    return Call(apply, (operand, kernel), text)


def _matrix(draw: Draw, rows: int, columns: int) -> Operand:
    """Draw a batch of matrices, of which each element depends on something of its own."""
    return draw.reals(*draw.shape(0, 1, longest=2), rows, columns, compact=False)


def _positive(x: Any) -> Any:
    """Make matrices positive definite."""
    return jnp.eye(2) * 3 + jnp.matmul(x, jnp.swapaxes(x, -1, -2))


@makes("cholesky", "eigh", "lu", "qr", "svd", "eig", "householder_product")
def _decomposed(draw: Draw, name: str) -> Call:
    primitive = {
        "cholesky": lambda x: jnp.linalg.cholesky(_positive(x), symmetrize_input=False),
        "eigh": lambda x: jnp.linalg.eigvalsh(_positive(x), symmetrize_input=False),
        "lu": lambda x: lax.linalg.lu(x + 3 * jnp.eye(2))[0],
        "qr": lambda x: jnp.linalg.qr(x, mode="r"),
        "svd": lambda x: jnp.linalg.svd(x, compute_uv=False),
        "eig": lambda x: abs(jnp.linalg.eigvals(_positive(x))).sum(-1),
        "householder_product": lambda x: lax.linalg.householder_product(x, x[..., 0]),
    }
    return Call(primitive[name], (_matrix(draw, 2, 2),), smooth=False)


@makes("triangular_solve")
def _solved(draw: Draw, _: str) -> Call:
    batch = draw.shape(0, 1, longest=2)
    count = draw.integer(1, 2)
    left, lower, turned = draw.chance(), draw.chance(), draw.chance()
    shape = (2, count) if left else (count, 2)

    def apply(a: Any, b: Any) -> Any:
        return lax.linalg.triangular_solve(
            a + 4 * jnp.eye(2), b, left_side=left, lower=lower, transpose_a=turned
        )

    operands = draw.reals(*batch, 2, 2), draw.reals(*batch, *shape, source="discrete")
    return Call(apply, operands, f"left {left}, lower {lower}, transposed {turned}")
