"""The oracle of the evaluator: the plain function, at each assignment of states."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from aliquot.marginal.assignments import Evaluator
from aliquot.precision import float64
from tests.programs import quick


@dataclass(frozen=True)
class Discrete:
    """A discrete input: its shape and its states."""

    shape: tuple[int, ...]
    states: tuple[Any, ...]

    @property
    def dtype(self) -> Any:
        return np.bool_ if isinstance(self.states[0], bool) else np.int64


def numbered(shape: Any, count: int) -> Discrete:
    """A discrete input with states 0, 1, ..."""
    shape = (shape,) if isinstance(shape, int) else shape
    return Discrete(shape, tuple(range(count)))


def uniform_states(discrete: Sequence[Discrete]) -> list[np.ndarray]:
    """One lane for each input, along which all its elements go through the states together."""
    lanes = len(discrete)
    arrays = []
    for lane, one in enumerate(discrete):
        shape = [1] * (lanes + len(one.shape))
        shape[lane] = len(one.states)
        arrays.append(np.asarray(one.states, one.dtype).reshape(shape))
    return arrays


def mixed_states(discrete: Sequence[Discrete], seed: int, lanes: int = 2) -> list[np.ndarray]:
    """Elements in different states, in the same lanes for all inputs."""
    rng = np.random.default_rng(seed)
    return [
        np.asarray(one.states, one.dtype)[
            rng.integers(len(one.states), size=(*range(2, 2 + lanes), *one.shape))
        ]
        for one in discrete
    ]


def trace(function: Callable[..., Any], inputs: Sequence[Any], discrete: Sequence[Discrete]) -> Any:
    """Trace a function of arrays and discrete inputs."""
    zeros = [np.zeros(one.shape, one.dtype) for one in discrete]
    return jax.make_jaxpr(function)(*inputs, *zeros)


def evaluate(closed: Any, inputs: Sequence[Any], states: Sequence[np.ndarray], lanes: int) -> Any:
    """Compute the first result of a program at states, compact."""
    evaluator = Evaluator(closed, [*inputs, *(None for _ in states)])
    assignment = {len(inputs) + i: (f"z{i}", array) for i, array in enumerate(states)}
    return evaluator.at(closed.jaxpr.outvars[0], assignment, lanes)


def check(
    function: Callable[..., Any],
    inputs: Sequence[Any],
    discrete: Sequence[Discrete],
    states: Sequence[np.ndarray],
    lanes: int,
    known: Any = (),
) -> Any:
    """Compare values and gradients with the plain function's, and give the compact shape."""
    with float64():
        closed = trace(function, inputs, discrete)
        given = [i for i in range(len(inputs)) if i not in known]
        floats = tuple(
            place for place, i in enumerate(given) if np.asarray(inputs[i]).dtype.kind == "f"
        )
        lengths = np.broadcast_shapes(*(array.shape[:lanes] for array in states))
        shape = (*lengths, *closed.out_avals[0].shape)
        weights = np.random.default_rng(0).normal(size=shape)
        compact: list[tuple[int, ...]] = []

        def full(values: Any) -> list[Any]:
            whole: list[Any] = list(inputs)
            for i, value in zip(given, values, strict=True):
                whole[i] = value
            return whole

        def ours(*values: Any) -> Any:
            result = evaluate(closed, full(values), states, lanes)
            compact.append(np.shape(result))
            return jnp.broadcast_to(result, shape)

        def plain(*values: Any) -> Any:
            flat = [
                np.broadcast_to(array, (*lengths, *one.shape)).reshape(-1, *one.shape)
                for array, one in zip(states, discrete, strict=True)
            ]
            rows = jax.vmap(lambda *here: function(*full(values), *here))(*flat)
            return rows.reshape(shape)

        arguments = [inputs[i] for i in given]

        def both(f: Callable[..., Any]) -> Any:
            def weighted(*values: Any) -> Any:
                result = f(*values)
                return jnp.sum(jnp.where(jnp.isfinite(result), result * weights, 0.0)), result

            if not floats or closed.out_avals[0].dtype.kind != "f":
                return quick(f)(*arguments), ()
            differentiated = jax.value_and_grad(weighted, floats, has_aux=True)
            (_, value), gradient = quick(differentiated)(*arguments)
            return value, gradient

        (value, gradient), (expected, exact) = both(ours), both(plain)
        np.testing.assert_allclose(value, expected, rtol=1e-13, atol=1e-14)
        for one, other in zip(gradient, exact, strict=True):
            scale = np.max(np.abs(other), initial=1.0)
            np.testing.assert_allclose(one, other, rtol=1e-11, atol=1e-12 * scale)
        return compact[0]


def primitives(closed: Any) -> set[str]:
    """Name all primitives of a program, inner ones too."""
    names: set[str] = set()
    todo = [closed.jaxpr]
    while todo:
        for equation in todo.pop().eqns:
            names.add(equation.primitive.name)
            for value in equation.params.values():
                for entry in value if isinstance(value, tuple | list) else (value,):
                    if hasattr(entry, "jaxpr"):
                        todo.append(entry.jaxpr)
                    elif hasattr(entry, "eqns"):
                        todo.append(entry)
    return names
