"""A linear map of rows by static indices whose transpose is a gather too, and never a scatter.

Differentiating an indexed read gives a scatter, which XLA runs one launch at a time on a CPU. Where
both directions are known beforehand, each can read: an output is the sum of the inputs listed
for it. JAX has no operation with a given transpose that can be vectorised, so this is one.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.interpreters import ad, batching, mlir
from numpy.typing import NDArray

from aliquot.precision import float64
from aliquot.primitives.internals import ClosedJaxpr, Primitive, struct

_gather_sum_p = Primitive("aliquot_gather_sum")


def gather_sum(
    rows: Any, readers: Any, read_by: Any, *, padded: bool = True, padded_back: bool = True
) -> Any:
    """Compute ``out[..., t] = sum_j rows[..., readers[j, t]]``.

    The rows have shape (..., sources). `readers`, (J, targets), has the sources that each target
    adds up; ``sources`` stands for none. `read_by`, (L, sources), is the same relation the other
    way round; ``targets`` stands for none. `padded` and `padded_back` say whether they have a none
    anywhere.
    """
    return _gather_sum_p.bind(rows, readers, read_by, padded=padded, padded_back=padded_back)


def places_of(numbers: NDArray[Any], count: int) -> NDArray[np.int64]:
    """List where each number from 0 to `count` - 1 stands, shape (most, count).

    The length of `numbers` stands for nowhere.

    >>> places_of(np.array([1, 0, 1]), 2).tolist()
    [[1, 0], [3, 2]]
    """
    order = np.argsort(numbers, kind="stable")
    counts = np.bincount(numbers, minlength=count)
    rank = np.arange(numbers.size) - (np.cumsum(counts) - counts)[numbers[order]]
    places = np.full((max(int(counts.max(initial=0)), 1), count), numbers.size, np.int64)
    places[rank, numbers[order]] = order
    return places


def written_out(equation: Any) -> ClosedJaxpr | None:
    """Give what an equation is lowered as, if it is of this operation."""
    if equation.primitive is not _gather_sum_p:
        return None
    compute = partial(_compute, **equation.params)
    with float64():
        return jax.make_jaxpr(compute)(*map(struct, equation.invars))


def _compute(rows: Any, readers: Any, read_by: Any, *, padded: bool, padded_back: bool) -> Any:
    rows = jnp.asarray(rows)
    sources = rows.shape[-1]
    total: Any = None
    for j in range(readers.shape[0]):
        read = rows.at[..., readers[j]].get(mode="clip")
        read = jnp.where(readers[j] < sources, read, 0.0) if padded else read
        total = read if j == 0 else total + read
    return total


def _shape(rows: Any, readers: Any, read_by: Any, **how: bool) -> Any:
    return rows.update(shape=(*rows.shape[:-1], readers.shape[1]))


def _jvp(primals: Any, tangents: Any, **how: bool) -> tuple[Any, Any]:
    rows, readers, read_by = primals
    out = gather_sum(rows, readers, read_by, **how)
    dot = tangents[0]
    if isinstance(dot, ad.Zero):
        return out, ad.Zero(jax.typeof(out).to_tangent_aval())
    return out, gather_sum(dot, readers, read_by, **how)


def _transpose(
    cotangent: Any, rows: Any, readers: Any, read_by: Any, *, padded: bool, padded_back: bool
) -> tuple[Any, None, None]:
    if isinstance(cotangent, ad.Zero):
        return ad.Zero(rows.aval), None, None
    back = gather_sum(cotangent, read_by, readers, padded=padded_back, padded_back=padded)
    return back, None, None


def _batch(operands: Any, axes: Any, **how: bool) -> tuple[Any, int]:
    rows, readers, read_by = operands
    if axes[1] is not None or axes[2] is not None:
        raise NotImplementedError("the indices of gather_sum cannot differ within a batch")
    return gather_sum(jnp.moveaxis(rows, axes[0], 0), readers, read_by, **how), 0


_gather_sum_p.def_impl(_compute)
_gather_sum_p.def_abstract_eval(_shape)
ad.primitive_jvps[_gather_sum_p] = _jvp
ad.primitive_transposes[_gather_sum_p] = _transpose
batching.primitive_batchers[_gather_sum_p] = _batch
mlir.register_lowering(_gather_sum_p, mlir.lower_fun(_compute, multiple_results=False))
