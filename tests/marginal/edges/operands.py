"""Operands at the edges of what an operation takes, each a function of discrete variables or not.

An operand comes from one of three sources. It depends on discrete variables, each of its elements
on one; or it is an input of the program; or it is known when the program is written. Its values
are drawn from those that a rule may get wrong: indices before the first and beyond the last
element, numbers that are cut off, lengths of one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import lax

STATES = 3
SHAPES = (3,), (2, 2)
"""Shapes of the discrete variables that everything here depends on."""

Values = Callable[[np.random.Generator, tuple[int, ...]], np.ndarray]


@dataclass(frozen=True)
class Operand:
    """How an operand is computed.

    Attributes
    ----------
    shape : tuple of int
    values : array, shape (STATES, *short)
        Its values in each state of the element that it depends on. An axis along which it is the
        same everywhere may have length 1.
    source : str
        "discrete", "input" or "known"; the latter two have their values in the first state.
    variable : int
        The discrete variable that it depends on.
    places : int array, shape short
        Flat positions of the variable's elements.
    second : Operand, optional
        What is added to it.
    """

    shape: tuple[int, ...]
    values: np.ndarray
    source: str
    variable: int
    places: np.ndarray
    second: Operand | None = None

    @property
    def given(self) -> list[np.ndarray]:
        """The arrays that the program has as inputs for it."""
        floating = self.values.dtype.kind == "f"
        mine = {
            "discrete": [self.values] if floating else [],
            "input": [self.values[0]],
            "known": [],
        }[self.source]
        return mine + (self.second.given if self.second else [])

    def compute(self, discrete: Sequence[Any], given: Sequence[Any]) -> Any:
        """Compute it from the discrete variables and its arrays."""
        short: Any = self.values[0]
        rest = list(given)
        if self.source == "input":
            short = rest.pop(0)
        elif self.source == "discrete":
            state = jnp.reshape(discrete[self.variable], -1)[self.places].astype(np.int32)
            table = rest.pop(0) if self.values.dtype.kind == "f" else jnp.asarray(self.values)
            short = lax.select_n(state, *(table[k] for k in range(STATES)))
        value = short if np.shape(short) == self.shape else jnp.broadcast_to(short, self.shape)
        if self.second is not None:
            value = value + self.second.compute(discrete, rest)
        return value

    def tabulated(self, elements: np.ndarray) -> np.ndarray:
        """Compute it by NumPy, for rows of states of all elements of all variables.

        Parameters
        ----------
        elements : int array, shape (rows, elements)

        Returns
        -------
        array, shape (rows, *shape), or of one row if it depends on no variable
        """
        short = self.values[:1]
        if self.source == "discrete":
            start = sum(int(np.prod(shape, dtype=int)) for shape in SHAPES[: self.variable])
            short = np.choose(elements[:, start + self.places], list(self.values))
        found = np.broadcast_to(short, (len(short), *self.shape))
        return found + self.second.tabulated(elements) if self.second else found


class Draw:
    """Draws operands and parameters.

    Parameters
    ----------
    rng : numpy.random.Generator
    sums : bool
        Whether an operand is the sum of two that depend on elements of their own: a term of these
        can be cut into pieces.
    number : int
        Of the call in a sequence of calls of one primitive, for `each`.
    """

    def __init__(self, rng: np.random.Generator, *, sums: bool = False, number: int = 0) -> None:
        self.rng = rng
        self.sums = sums
        self._left = number

    def each(self, *choices: Any) -> Any:
        """Give one choice after the other, from call to call; all pairs with those of before."""
        self._left, which = divmod(self._left, len(choices))
        return choices[which]

    def integer(self, low: int, high: int) -> int:
        """Draw a whole number, both ends included."""
        return int(self.rng.integers(low, high + 1))

    def chance(self, probability: float = 0.5) -> bool:
        return bool(self.rng.random() < probability)

    def one(self, *choices: Any) -> Any:
        return choices[self.integer(0, len(choices) - 1)]

    def order(self, count: int) -> tuple[int, ...]:
        return tuple(int(k) for k in self.rng.permutation(count))

    def some(self, count: int, least: int = 0) -> tuple[int, ...]:
        """Draw a few of the first numbers, ascending."""
        return tuple(sorted(self.order(count)[: self.integer(min(least, count), count)]))

    def shape(self, least: int = 1, most: int = 3, longest: int = 4) -> tuple[int, ...]:
        """Draw a shape of so many axes."""
        return tuple(self.integer(1, longest) for _ in range(self.integer(least, most)))

    def lengths(self, least: int, most: int) -> tuple[int, ...]:
        """Draw a shape of so many axes, few of which are short."""
        return tuple(self.one(1, 2, 3, 3, 4) for _ in range(self.integer(least, most)))

    def operand(
        self,
        shape: Sequence[int],
        values: Values,
        *,
        source: str | None = None,
        compact: bool | tuple[int, ...] = True,
        sums: bool = True,
    ) -> Operand:
        """Draw an operand.

        Parameters
        ----------
        shape : sequence of int
        values : callable
            Draws values of a shape.
        source : str, optional
            Where it comes from; any if not given.
        compact : bool or tuple of int
            Whether it may be the same all along an axis, or along which it is.
        sums : bool
            Whether it may be a sum, where operands are.
        """
        shape = tuple(shape)
        source = source or self.one("discrete", "discrete", "discrete", "input", "known")
        variable = self.integer(0, len(SHAPES) - 1)
        if isinstance(compact, tuple):
            short = tuple(1 if axis in compact else n for axis, n in enumerate(shape))
        else:
            short = tuple(1 if compact and self.chance(0.25) else n for n in shape)
        found = Operand(
            shape,
            values(self.rng, (STATES, *short)),
            source,
            variable,
            self._places(variable, short),
        )
        if self.sums and sums and source == "discrete" and found.values.dtype.kind in "if":
            return replace(
                found, second=self.plain().operand(shape, values, source=source, compact=compact)
            )
        return found

    def plain(self) -> Draw:
        """Give what draws operands that are not sums."""
        return Draw(self.rng)

    def _places(self, variable: int, short: tuple[int, ...]) -> np.ndarray:
        """Draw which elements: each as often as another, in any order."""
        size = int(np.prod(SHAPES[variable], dtype=int))
        count = int(np.prod(short, dtype=int))
        return self.rng.permutation(np.arange(max(count, size)) % size)[:count].reshape(short)

    def reals(self, *shape: int, **how: Any) -> Operand:
        """Draw an operand of real numbers without relations between them."""
        return self.operand(shape, lambda rng, s: rng.normal(0, 2, s), **how)

    def between(self, low: float, high: float, *shape: int, **how: Any) -> Operand:
        """Draw an operand of real numbers in an interval."""
        return self.operand(shape, lambda rng, s: rng.uniform(low, high, s), **how)

    def among(self, numbers: Sequence[Any], dtype: Any, *shape: int, **how: Any) -> Operand:
        """Draw an operand whose values are among some numbers."""
        choices = np.asarray(numbers, dtype)
        return self.operand(
            shape, lambda rng, s: choices[rng.integers(len(choices), size=s)], **how
        )

    def whole(self, low: int, high: int, *shape: int, dtype: Any = np.int64, **how: Any) -> Operand:
        """Draw an operand of whole numbers, both ends included."""
        return self.operand(
            shape, lambda rng, s: rng.integers(low, high + 1, s).astype(dtype), **how
        )

    def indices(self, last: Sequence[int], *shape: int, **how: Any) -> Operand:
        """Draw index vectors: one before the first place, one beyond the last, one far off.

        Parameters
        ----------
        last : sequence of int
            The last place along each axis that a component is about.
        *shape : int
            Of the index vectors together, without their components.
        """
        dtype = self.one(np.int64, np.int32, np.int32, np.int8)

        def values(rng: np.random.Generator, whole: tuple[int, ...]) -> np.ndarray:
            found = rng.integers(0, np.array(last) + 1, whole)
            for vectors in found.reshape(whole[0], -1, len(last)):
                rows = rng.permutation(len(vectors))[: max(1, min(3, len(vectors) - 1))]
                for number, row in enumerate(rows):
                    k = rng.integers(len(last))
                    far = rng.choice([-100, -2, last[k] + 2, 100])
                    vectors[row, k] = (-1, last[k] + 1, far)[number]
            return found.astype(dtype)

        return self.operand((*shape, len(last)), values, compact=False, sums=False, **how)

    def start(self, last: int, where: str, source: str) -> Operand:
        """Draw where a part starts: before the first place, beyond the last one, or inside."""
        low, high = {"before": (-3, -1), "beyond": (last + 1, last + 3), "inside": (0, last)}[where]
        dtype = self.one(np.int64, np.int32, np.int8)
        return self.whole(low, high, dtype=dtype, sums=False, source=source)
