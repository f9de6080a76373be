"""Computing nodes inside a traced function."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from aliquot.alike.nodes import (
    Counted,
    Elementwise,
    Given,
    Joined,
    KnownNumbers,
    Node,
    Products,
    Reduced,
    ResultOf,
    Taken,
    Whole,
    WithDerivative,
)
from aliquot.alike.partition import Index
from aliquot.primitives.gather_sum import gather_sum, places_of
from aliquot.primitives.internals import bind

# Finite numbers in place of infinite ones in a product with counts, in which 0 * inf is NaN.
_BEYOND = 1e300
# A gather whose derivative is one, too, may read so many numbers that are not there.
_PADDING = 4096
# It is so many operations of the program, one for each that a number is read by.
_MOST_READS = 64


class Emitter:
    """Computes nodes, each once.

    `whole` gives a variable of the program, `given` the operands of a function with a derivative of
    its own, by their places, and `tangents` theirs, which come next. The first are not asked for
    where the others are given.
    """

    def __init__(
        self, whole: Callable[[Any], Any], given: Sequence[Any] = (), tangents: Sequence[Any] = ()
    ) -> None:
        self._whole = whole
        self._given = [*given, *tangents]
        self._operands = len(given)
        self._moving: set[Node] = set()  # what depends on a tangent, and has to be linear in it
        self._made: dict[Node, Any] = {}
        self._functions: dict[WithDerivative, Any] = {}
        self._arrays: dict[Any, Any] = {}

    def __call__(self, node: Node) -> Any:
        """Compute a node, shape (size,)."""
        waiting = [node]
        while waiting:
            top = waiting[-1]
            missing = [each for each in top.operands if each not in self._made]
            if missing and top not in self._made:
                waiting += missing
                continue
            waiting.pop()
            if top not in self._made:
                if not self._moving.isdisjoint(top.operands) or (
                    isinstance(top, Given) and top.place >= self._operands
                ):
                    self._moving.add(top)
                self._made[top] = self._compute(top)
        return self._made[node]

    def take(self, taken: Taken) -> Any:
        """Compute some elements of a node."""
        self(taken.node)
        return self._taken(taken)

    def _taken(self, taken: Taken) -> Any:
        if isinstance(taken.node, KnownNumbers):
            values = taken.node.values
            return self._once(values if taken.at is None else values[taken.at])
        values = self._made[taken.node]
        return values if taken.at is None else picked(values, taken.at, self._once)

    def spread(self, node: Node, at: Index) -> Any:
        """Give each element its number, in the shape of `at`."""
        return picked(self(node), at.reshape(-1), self._once).reshape(at.shape)

    def _once(self, array: Any) -> Any:
        """Give one array for all with the same numbers: a program has each constant once."""
        key = array.shape, array.dtype.str, array.tobytes()
        return self._arrays.setdefault(key, array)

    def _compute(self, node: Node) -> Any:
        match node:
            case KnownNumbers():
                return self._once(node.values)
            case Whole():
                return jnp.reshape(self._whole(node.var), (-1,))
            case Given():
                return self._given[node.place]
            case Elementwise():
                shape = (node.size,)
                operands = [_spread(self._taken(each), shape) for each in node.taken]
                return bind(node.equation, operands)[0]
            case Joined():
                return jnp.concatenate([self._made[part] for part in node.parts])
            case Counted():
                counts = self._once(node.counts)
                if node in self._moving:
                    return counts @ self._taken(node.taken)
                return counted(self._taken(node.taken), counts)
            case Reduced():
                table = self.spread(node.node, node.at)
                return bind(node.equation, [table], node.equation.params | {"axes": (1,)})[0]
            case Products():
                pairs = (node.left, node.left_at), (node.right, node.right_at)
                sides = [self.spread(*pair) for pair in pairs]
                numbers = (((1,), (1,)), ((), ()))
                params = node.equation.params | {"dimension_numbers": numbers}
                return bind(node.equation, sides, params)[0].reshape(-1)
            case ResultOf():
                return self._results(node.function)[node.place]
        raise TypeError(f"a node of type {type(node).__name__} is not known")

    def _results(self, function: WithDerivative) -> Any:
        if function not in self._functions:
            operands = [jnp.asarray(self._made[node]) for node in function.given]
            self._functions[function] = _with_derivative(function)(*operands)
        return self._functions[function]


def _with_derivative(function: WithDerivative) -> Callable[..., Any]:
    @jax.custom_jvp
    def compute(*given: Any) -> Any:
        emitter = Emitter(_unasked, given)
        return tuple(jnp.asarray(emitter.take(each)) for each in function.results)

    @compute.defjvp
    def derivative(primals: Any, tangents: Any) -> Any:
        emitter = Emitter(_unasked, primals, tangents)
        again, moved = function.derivative()
        results = tuple(jnp.asarray(emitter.take(each)) for each in again)
        return results, tuple(
            jnp.zeros_like(result) if each is None else jnp.asarray(emitter.take(each))
            for each, result in zip(moved, results, strict=True)
        )

    return compute


def _unasked(var: Any) -> Any:
    raise RuntimeError(f"{var} is not a value inside a function with a derivative of its own")


def _spread(values: Any, shape: tuple[int, ...]) -> Any:
    if values.shape == shape:
        return values
    return (
        np.broadcast_to(values, shape)
        if isinstance(values, np.ndarray)
        else lax.broadcast(lax.reshape(values, ()), shape)
    )


def counted(values: Any, counts: Any) -> Any:
    """Sum numbers by counts of shape (sums, numbers): those of which there are none do not count.

    An infinite number is in those sums alone that have it.
    """
    if counts.shape[0] == 1:
        weighted = values if np.all(counts == 1) else values * counts[0]
        return jnp.sum(weighted)[None]
    if counts.shape[1] == 1:
        return counts[:, 0] * values
    total = counts @ jnp.clip(values, -_BEYOND, _BEYOND)
    within = jnp.where(total <= -_BEYOND / 10, -jnp.inf, total)
    return jnp.where(total >= _BEYOND / 10, jnp.inf, within)


def picked(values: Any, at: Index, once: Callable[[Any], Any]) -> Any:
    """Take elements at known places, without a scatter in the derivative.

    What has to be looked up at run time goes through `once`.
    """
    size = values.shape[0]
    if isinstance(values, np.ndarray):
        return once(values[at])
    if size == 1:
        return jnp.broadcast_to(values, at.shape)
    if at.size == size and np.array_equal(at, np.arange(size)):
        return values
    if (at == at[0]).all():
        return jnp.broadcast_to(lax.slice(values, (int(at[0]),), (int(at[0]) + 1,)), at.shape)
    steps = np.diff(at)
    if (steps == steps[0]).all() and steps[0] > 0:
        return lax.slice(values, (int(at[0]),), (int(at[-1]) + 1,), (int(steps[0]),))
    low, high = int(at.min()), int(at.max())
    if high - low + 1 < size:
        return picked(lax.slice(values, (low,), (high + 1,)), at - low, once)
    if not np.issubdtype(values.dtype, np.floating):
        return values[once(at)]
    regular = _regular(values, at, size)
    if regular is not None:
        return regular
    most = int(np.bincount(at).max())
    if most > _MOST_READS or most * size > 4 * at.size + _PADDING:
        return values[once(at)]
    back = places_of(at, size).astype(np.int32)
    padded = bool(np.any(back == at.size))
    readers, read_by = once(at[None].astype(np.int32)), once(back)
    return gather_sum(values, readers, read_by, padded=False, padded_back=padded)


def _regular(values: Any, at: Index, size: int) -> Any:
    """Repeat or tile a stretch, where that is what is asked for."""
    if at.size % size:
        return None
    times = at.size // size
    if np.array_equal(at, np.arange(at.size) // times):
        return jnp.broadcast_to(values[:, None], (size, times)).reshape(-1)
    if np.array_equal(at, np.arange(at.size) % size):
        return jnp.broadcast_to(values, (times, size)).reshape(-1)
    return None
