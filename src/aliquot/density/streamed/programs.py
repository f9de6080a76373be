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
import jax.numpy as jnp
import numpy as np
from jax import lax

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
        self.parts, self._names = parts, list(names)
        self._fixed = self._known_values(known)
        self._known = dict(known)

    def _known_values(self, known: Mapping[Any, Any]) -> list[np.ndarray]:
        """Compute, once, what rows read that depends on no coordinates."""
        parts = self.parts
        if not parts.fixed:
            return []
        inputs = list(known)
        with float64():
            values = lazily(
                lambda arrays: parts.without_rows(dict(zip(inputs, arrays, strict=True)), parts.fixed)
            )([known[var] for var in inputs])
        return [np.asarray(value) for value in values]

    # What has no rows ---------------------------------------------------------------------------

    def _read(self, flat: Any) -> list[Any]:
        """Give what rows read at a point."""
        (coordinates,) = self.parts.coordinates
        return self.parts.without_rows({coordinates: flat, **self._known}, self.parts.free)

    def _rest(self, flat: Any) -> Any:
        """Give the log density without the rows."""
        (coordinates,) = self.parts.coordinates
        (rest,) = self.parts.without_rows(
            {coordinates: flat, **self._known}, [self.parts.output]
        )
        return rest

    @cached_property
    def before(self) -> Callable[[Any], Any]:
        """Compile: of a flat vector what the rows read."""
        return lazily(self._read)

    @cached_property
    def before_moved(self) -> Callable[[Any, Any], Any]:
        """Compile the same with its derivative in a direction."""
        return lazily(lambda flat, along: jax.jvp(self._read, (flat,), (along,)))

    def _joined(self, flat: Any, total: Any, slopes: Sequence[Any]) -> tuple[Any, Any]:
        rest, slope = jax.value_and_grad(self._rest)(flat)
        (more,) = jax.vjp(self._read, flat)[1](list(slopes))
        return rest + total, slope + more

    @cached_property
    def value_after(self) -> Callable[[Any, Any], Any]:
        """Compile: the log density, given what the rows add up to."""
        return lazily(lambda flat, total: self._rest(flat) + total)

    @cached_property
    def after(self) -> Callable[[Any, Any, Any], Any]:
        """Compile: the log density and its gradient, given what the rows give."""
        return lazily(self._joined)

    @cached_property
    def after_moved(self) -> Callable[..., Any]:
        """Compile the same with its derivative in a direction."""
        return lazily(lambda point, along: jax.jvp(self._joined, point, along))

    # Rows ---------------------------------------------------------------------------------------

    def _of_block(self, free: Sequence[Any], rows: Sequence[Any], counted: Any, first: Any) -> Any:
        parts = self.parts
        across = dict(zip(parts.free, free, strict=True))
        across |= dict(zip(parts.fixed, self._fixed, strict=True))
        given = across | dict(zip(parts.data, rows, strict=True))
        return parts.contribution(parts.of_rows(given, parts.totals, counted, first), across)

    def _over(
        self,
        of_some: Callable[[Any, Any], Any],
        given: Any,
        block: Mapping[str, Any],
        counted: Any,
        first: Any,
    ) -> Any:
        """Go through a block some rows at a time, as many as the model was traced with."""
        rows = self.parts.rows
        arrays = [block[name] for name in self._names]

        def some(k: Any) -> Any:
            begin = k * rows
            here = [lax.dynamic_slice_in_dim(array, begin, rows) for array in arrays]
            count = jnp.minimum(counted - begin, rows)
            return of_some(given, (here, count, first + begin))

        like = jax.eval_shape(some, jax.ShapeDtypeStruct((), np.int64))
        start = jax.tree.map(lambda s: jnp.zeros(s.shape, s.dtype), like)
        times = (counted + rows - 1) // rows
        return lax.fori_loop(
            jnp.zeros((), np.int64),
            times,
            lambda k, so_far: jax.tree.map(jnp.add, so_far, some(k)),
            start,
        )

    @cached_property
    def rows_value(self) -> Callable[..., Any]:
        """Compile: what the rows of a block add up to."""

        def of_some(free: Any, at: Any) -> Any:
            return rewritten(self._of_block)(free, *at)

        return lazily(lambda free, *block: self._over(of_some, free, *block))

    @cached_property
    def rows_gradient(self) -> Callable[..., Any]:
        """Compile the same with derivatives by what the rows read."""

        def of_some(free: Any, at: Any) -> Any:
            return rewritten(jax.value_and_grad(self._of_block))(free, *at)

        return lazily(lambda free, *block: self._over(of_some, free, *block))

    @cached_property
    def rows_product(self) -> Callable[..., Any]:
        """Compile the gradient with its derivative in a direction."""

        def moved(free: Any, along: Any, *at: Any) -> Any:
            def gradient(free: Any) -> Any:
                return jax.value_and_grad(self._of_block)(free, *at)

            return jax.jvp(gradient, (free,), (along,))

        def of_some(given: Any, at: Any) -> Any:
            return rewritten(moved)(*given, *at)

        return lazily(lambda given, *block: self._over(of_some, given, *block))
