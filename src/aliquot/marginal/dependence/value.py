"""What is known about a value of the program before it runs, and how an operation is called."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

from aliquot.marginal.dependence.lazy import Lazy
from aliquot.marginal.dependence.slots import Dependence


@dataclass(frozen=True)
class Value:
    """A value of the program, as the rules see it.

    Attributes
    ----------
    shape : tuple of int
    dependence : tuple of Slot, or Mixed
    known : Lazy, optional
        The value itself, if it depends on known inputs alone.
    columns : tuple of (Lazy or None), optional
        Of a value put together along its last axis from pieces of length 1: each piece's value.
    """

    shape: tuple[int, ...]
    dependence: Dependence
    known: Lazy | None = None
    columns: tuple[Lazy | None, ...] | None = None

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)


Rule = Callable[[Any, Sequence[Value]], Sequence[Dependence]]
"""From an equation and its operands to what each of its results depends on."""

_IN_WORDS = {
    "approx_top_k": "jax.lax.approx_top_k",
    "argmax": "np.argmax",
    "argmin": "np.argmin",
    "cholesky": "np.linalg.cholesky",
    "concatenate": "np.concatenate",
    "cond": "a branch (jax.lax.cond)",
    "conv_general_dilated": "a convolution",
    "cumlogsumexp": "a running log-sum-exp",
    "cummax": "a running maximum",
    "cummin": "a running minimum",
    "cumprod": "np.cumprod",
    "cumsum": "np.cumsum",
    "custom_linear_solve": "np.linalg.solve",
    "dot_general": "a matrix product",
    "dynamic_slice": "indexing, at a place not known beforehand,",
    "dynamic_update_slice": "assignment, at a place not known beforehand,",
    "eigh": "np.linalg.eigh",
    "fft": "np.fft.fft",
    "gather": "indexing, at places not known beforehand,",
    "reduce_and": "np.all",
    "reduce_max": "np.max",
    "reduce_min": "np.min",
    "reduce_or": "np.any",
    "reduce_prod": "np.prod",
    "reduce_sum": "np.sum",
    "scan": "a loop (jax.lax.scan)",
    "scatter": "assignment at an index",
    "scatter-add": "addition at an index",
    "select_n": "np.where",
    "sort": "np.sort",
    "top_k": "jax.lax.top_k",
    "triangular_solve": "a triangular solve",
    "while": "a loop (jax.lax.while_loop)",
}


def reason(equation: Any, operands: Sequence[Value]) -> str:
    """Say in a user's words what an equation does, and to how many values."""
    name = equation.primitive.name
    count = max((prod(v.shape) for v in operands if v.dependence != ()), default=0)
    return f"{_IN_WORDS.get(name, f'the operation {name!r}')} of {count} values"
