"""An operation that the host computes, between compiled programs.

A program that holds it is not given to XLA as a whole: `compilation.hosted` runs what comes before
and after it, and loops around it, itself. A callback from within a program would wait in one of
XLA's threads for other programs, which need these threads.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax.interpreters import batching, mlir

from aliquot.primitives.internals import Primitive, every_equation

on_host_p = Primitive("aliquot_on_host")


def on_host(function: Callable[..., np.ndarray], shape: tuple[int, ...], *operands: Any) -> Any:
    """Call a function of the host on values, inside a traced function.

    ``function(*arrays)`` takes arrays of float64 with one leading axis, of cases, and gives one of
    shape (cases, *shape). It is pure. Cases are what `jax.vmap` makes; else there is one.
    """
    ranks = tuple(jnp.ndim(operand) for operand in operands)
    return on_host_p.bind(*operands, function=function, shape=shape, ranks=ranks)


def has_host_calls(jaxpr: Any) -> bool:
    """Say whether a jaxpr holds such an operation, at any depth."""
    return any(equation.primitive is on_host_p for equation in every_equation(jaxpr))


def _shape(*operands: Any, function: Any, shape: Any, ranks: Any) -> Any:
    batch = operands[0].shape[: operands[0].ndim - ranks[0]]
    return operands[0].update(shape=(*batch, *shape), dtype=np.dtype(np.float64))


def compute(*operands: Any, function: Any, shape: Any, ranks: Sequence[int]) -> np.ndarray:
    """Compute it now."""
    arrays = [np.asarray(operand) for operand in operands]
    batch = arrays[0].shape[: arrays[0].ndim - ranks[0]]
    cases = [
        array.reshape((prod(batch), *array.shape[array.ndim - n :]))
        for array, n in zip(arrays, ranks, strict=True)
    ]
    return np.asarray(function(*cases), dtype=np.float64).reshape((*batch, *shape))


def _batch(operands: Any, axes: Any, *, function: Any, shape: Any, ranks: Any) -> tuple[Any, int]:
    size = next(
        operand.shape[axis]
        for operand, axis in zip(operands, axes, strict=True)
        if axis is not None
    )
    moved = [
        jnp.broadcast_to(operand, (size, *operand.shape))
        if axis is None
        else jnp.moveaxis(operand, axis, 0)
        for operand, axis in zip(operands, axes, strict=True)
    ]
    return on_host_p.bind(*moved, function=function, shape=shape, ranks=ranks), 0


def _refuse(*_: Any, **__: Any) -> Any:
    raise NotImplementedError(
        "this function goes through rows on a disk, which a program of XLA's cannot do from "
        "within: call it without jax.jit. jax.grad, jax.value_and_grad and jax.vmap work"
    )


on_host_p.def_impl(compute)
mlir.register_lowering(on_host_p, _refuse)
on_host_p.def_abstract_eval(_shape)
batching.primitive_batchers[on_host_p] = _batch
