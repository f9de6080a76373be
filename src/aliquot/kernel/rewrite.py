"""A pure function, rewritten so that XLA makes fast code of it on a CPU."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax

from aliquot.elementary import PRIMITIVES
from aliquot.kernel.blocks import evaluate_blocked, many_rows
from aliquot.kernel.keep import LEAST as LEAST_KEPT
from aliquot.kernel.keep import evaluate_kept
from aliquot.kernel.substitute import evaluate, largest


def rewritten(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that computes the same, faster where it runs on a CPU.

    Elementary functions of float64 are replaced by those of the part `elementary`, what several
    loops need is computed once, and totals over very many rows are taken block by block.

    The given function is already differentiated, where derivatives are wanted: the result has none.
    It is traced each time that the result is called, so call that inside what is compiled.

    >>> import jax
    >>> import jax.numpy as jnp
    >>> from aliquot.precision import float64
    >>> with float64():
    ...     fast = jax.jit(rewritten(jax.value_and_grad(lambda x: jnp.sum(jnp.exp(x)))))
    ...     value, gradient = fast(jnp.zeros(3))
    >>> float(value), gradient.tolist()
    (3.0, [1.0, 1.0, 1.0])
    """

    def fast(*arguments: Any) -> Any:
        if jax.default_backend() != "cpu":
            return function(*arguments)
        leaves, structure = jax.tree.flatten(arguments)
        results: list[Any] = []

        def listed(*leaves: Any) -> list[Any]:
            result = function(*jax.tree.unflatten(structure, leaves))
            out, shape = jax.tree.flatten(result)
            results[:] = [shape]
            return out

        def trace(evaluated: Callable[..., list[Any]]) -> Any:
            return jax.make_jaxpr(evaluated)(*leaves)

        closed = trace(listed)
        if largest(closed) < LEAST_KEPT:
            return jax.tree.unflatten(results[0], evaluate(closed, {}, *leaves))
        plain = trace(lambda *leaves: evaluate(closed, {}, *leaves))
        rows = many_rows(plain)
        if not rows:
            return jax.tree.unflatten(results[0], evaluate_kept(plain, PRIMITIVES, leaves))
        kept = trace(lambda *leaves: evaluate_kept(plain, PRIMITIVES, leaves))
        for size in rows[1:]:
            kept = trace(lambda *leaves, kept=kept, size=size: evaluate_blocked(kept, size, leaves))
        return jax.tree.unflatten(results[0], evaluate_blocked(kept, rows[0], leaves))

    return fast
