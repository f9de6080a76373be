"""What is compiled of a log density of rows on a disk: for some rows, and for what has none.

For a point, `before` computes what the rows read; `rows` goes through a block of them and adds up
what they give, with derivatives by what was read; `after` adds what has no rows, and takes the
derivatives on to the coordinates. The program of the rows is small, one for all algorithms, and
the same in every process.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any

import jax
import numpy as np

from aliquot.compilation import lazily
from aliquot.density.streamed.parts import Parts
from aliquot.kernel import rewritten
from aliquot.precision import float64


class Programs:
    """The programs of one log density.

    Parameters
    ----------
    parts : Parts
        Its one coordinate input is the flat vector.
    known : mapping
        The values of known inputs, and of known totals.
    names : sequence of str
        The names of the rows' arrays, in the order of `Parts.data`.
    """

    def __init__(self, parts: Parts, known: Mapping[Any, Any], names: Sequence[str]) -> None:
        self.parts, self.row_names = parts, list(names)
        self._fixed = self._known_values(known)
        self.known = dict(known)
        # Truth values and whole numbers, as of a comparison, have no derivatives.
        floats = [np.issubdtype(var.aval.dtype, np.floating) for var in parts.free]
        self._moving = [var for var, has in zip(parts.free, floats, strict=True) if has]
        self._still = [var for var, has in zip(parts.free, floats, strict=True) if not has]

    def _known_values(self, known: Mapping[Any, Any]) -> list[np.ndarray]:
        """Compute, once, what rows read that depends on no coordinates."""
        parts = self.parts
        if not parts.fixed:
            return []
        inputs = list(known)
        with float64():
            values = lazily(
                lambda arrays: parts.without_rows(
                    dict(zip(inputs, arrays, strict=True)), parts.fixed
                )
            )([known[var] for var in inputs])
        return [np.asarray(value) for value in values]

    # What has no rows ---------------------------------------------------------------------------

    def read(self, flat: Any) -> tuple[list[Any], list[Any]]:
        """Give what rows read at a point: numbers with derivatives, and those without."""
        (coordinates,) = self.parts.coordinates
        wanted = [*self._moving, *self._still]
        found = self.parts.without_rows({coordinates: flat, **self.known}, wanted)
        return found[: len(self._moving)], found[len(self._moving) :]

    def rest(self, flat: Any) -> Any:
        """Give the log density without the rows."""
        (coordinates,) = self.parts.coordinates
        (rest,) = self.parts.without_rows({coordinates: flat, **self.known}, [self.parts.output])
        return rest

    @cached_property
    def before(self) -> Callable[[Any], Any]:
        """Compile: of a flat vector what the rows read."""
        return lazily(self.read)

    @cached_property
    def before_moved(self) -> Callable[[Any, Any], Any]:
        """Compile the same with the derivatives in a direction."""

        def moved(flat: Any, along: Any) -> Any:
            free, slopes, still = jax.jvp(self.read, (flat,), (along,), has_aux=True)
            return (free, still), slopes

        return lazily(moved)

    def _joined(self, flat: Any, total: Any, slopes: Sequence[Any]) -> tuple[Any, Any]:
        rest, slope = jax.value_and_grad(self.rest)(flat)
        (more,) = jax.vjp(self.read, flat, has_aux=True)[1](list(slopes))
        return rest + total, slope + more

    @cached_property
    def value_after(self) -> Callable[[Any, Any], Any]:
        """Compile: the log density, given what the rows add up to."""
        return lazily(lambda flat, total: self.rest(flat) + total)

    @cached_property
    def after(self) -> Callable[[Any, Any, Any], Any]:
        """Compile: the log density and its gradient, given what the rows give."""
        return lazily(self._joined)

    @cached_property
    def after_moved(self) -> Callable[..., Any]:
        """Compile the same with its derivative in a direction."""
        return lazily(lambda point, along: jax.jvp(self._joined, point, along))

    # Rows ---------------------------------------------------------------------------------------

    def of_block(
        self, free: Sequence[Any], still: Sequence[Any], arrays: Any, counted: Any, first: Any
    ) -> Any:
        """Add up what the rows of a block give, or the first of them."""
        parts = self.parts
        across = dict(zip(self._moving, free, strict=True))
        across |= dict(zip(self._still, still, strict=True))
        across |= dict(zip(parts.fixed, self._fixed, strict=True))
        rows = [arrays[name] for name in self.row_names]
        given = across | dict(zip(parts.data, rows, strict=True))
        return parts.contribution(parts.of_rows(given, parts.totals, counted, first), across)

    @cached_property
    def rows_value(self) -> BlockProgram:
        """Compile: what the rows of a block add up to."""
        return self._whole_or_in_part(lambda read, *block: self.of_block(*read, *block))

    @cached_property
    def rows_gradient(self) -> BlockProgram:
        """Compile the same with derivatives by what the rows read."""
        both = jax.value_and_grad(self.of_block)
        return self._whole_or_in_part(lambda read, *block: both(*read, *block))

    @cached_property
    def rows_product(self) -> BlockProgram:
        """Compile the gradient with its derivative in a direction."""

        def moved(both: Any, *block: Any) -> Any:
            (free, still), along = both

            def gradient(free: Any) -> Any:
                return jax.value_and_grad(self.of_block)(free, still, *block)

            return jax.jvp(gradient, (free,), (along,))

        return self._whole_or_in_part(moved)

    def _whole_or_in_part(self, function: Callable[..., Any]) -> BlockProgram:
        """Compile a function of a block for whole blocks, and for the last, which is shorter."""
        return BlockProgram(rewritten(function), self.parts.rows)


class BlockProgram:
    """A function of a block of rows, compiled for whole blocks and for shorter ones."""

    def __init__(self, function: Callable[..., Any], rows: int) -> None:
        self._rows = rows
        self.whole = lambda free, arrays, first: function(free, arrays, None, first)
        self.in_part = function
        self._whole, self._in_part = lazily(self.whole), lazily(self.in_part)

    def __call__(self, free: Any, arrays: Any, counted: np.int64, first: np.int64) -> Any:
        """Compute it of the first `counted` rows; `first` is the first one's number."""
        if counted == self._rows:
            return self._whole(free, arrays, first)
        return self._in_part(free, arrays, counted, first)
