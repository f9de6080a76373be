"""Which rows of a result each row of a table is added to, and the cheapest way to do it."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from aliquot.primitives.gather_sum import gather_sum, places_of

# Padding a segment sum to its largest segment may cost this many times the rows there are.
MOST_PADDING = 4
MOST_READS = 64


class RowMap:
    """A sum of rows into rows: each source row is added to at most one target.

    Row ``source[i]`` is added to row ``target[i]``, and no source comes twice. `sources` and
    `targets` are how many rows there are on either side. What is regular (all rows as they are, a
    stretch of them, a constant number to each target) is done by slices, pads and reshapes, whose
    derivatives are of the same kind; the rest by :func:`gather_sum`.
    """

    def __init__(self, source: np.ndarray, target: np.ndarray, sources: int, targets: int) -> None:
        by_target = target.size < 2 or bool(np.all(target[1:] >= target[:-1]))
        if not by_target:
            order = np.argsort(target, kind="stable")
            in_source_order = source.size < 2 or bool(np.all(source[1:] > source[:-1]))
            if not in_source_order:
                source, target = source[order], target[order]
        self.source, self.target = source, target
        self.sources, self.targets = sources, targets
        self.counts = (
            np.bincount(target, minlength=targets) if target.size else np.zeros(targets, np.int64)
        )
        self.injective = bool(self.counts.max(initial=0) <= 1)
        self._kind = self._classify()
        self._indices: tuple[np.ndarray, np.ndarray] | None = None

    @property
    def is_identity(self) -> bool:
        """Whether each row goes to the row of the same number."""
        return self._kind == "identity"

    def apply(self, rows: Any) -> Any:
        """Add up the rows: (..., sources or 1) to (..., targets or 1)."""
        if rows.shape[-1] == 1:
            return self._of_equal_rows(rows)
        match self._kind:
            case "identity":
                return rows
            case "total":
                return jnp.sum(rows, axis=-1, keepdims=True)
            case "repeat":
                return jnp.sum(rows.reshape(*rows.shape[:-1], self.targets, -1), axis=-1)
            case "tile":
                return jnp.sum(rows.reshape(*rows.shape[:-1], -1, self.targets), axis=-2)
            case "transpose":
                return self._transpose_rows(rows)
            case "stretch":
                return self._stretch(rows)
            case "irregular":
                return self._add_at(rows)
        readers, read_by = self._both_ways()
        return gather_sum(
            rows,
            readers,
            read_by,
            padded=bool(np.any(readers == self.sources)),
            padded_back=bool(np.any(read_by == self.targets)),
        )

    def read_back(self, rows: Any) -> Any:
        """Give each source what its target has, and zero to a source without one.

        The shape (..., targets or 1) becomes (..., sources).
        """
        full = jnp.broadcast_to(rows, (*rows.shape[:-1], self.targets))
        if self.is_identity:
            return full
        target_of = np.full(self.sources, -1, np.int64)
        target_of[self.source] = self.target
        return jnp.where(target_of >= 0, full[..., np.maximum(target_of, 0)], 0.0)

    def _of_equal_rows(self, rows: Any) -> Any:
        if self.counts.size == 0:
            return jnp.zeros((*rows.shape[:-1], 0), rows.dtype)
        count = int(self.counts[0])
        if np.all(self.counts == count):
            return rows if count == 1 else rows * count if count else jnp.zeros_like(rows)
        return jnp.where(self.counts > 0, rows * self.counts, 0.0)

    def _classify(self) -> str:
        source, target, targets = self.source, self.target, self.targets
        pairs = source.size
        if pairs == 0:
            return "gather"
        if self.injective and _step(source) is not None and _step(target) is not None:
            everything = pairs == self.sources == targets
            return "identity" if everything and _step(source) == _step(target) else "stretch"
        if pairs == self.sources and _step(source) == 1:
            if targets == 1:
                return "total"
            if pairs % targets == 0:
                each = pairs // targets
                if np.array_equal(target, np.arange(pairs) // each):
                    return "repeat"
                if np.array_equal(target, np.arange(pairs) % targets):
                    return "tile"
                if self.injective and pairs == targets:
                    width = self._width()
                    grid = np.arange(pairs).reshape(-1, width) if width else None
                    if grid is not None and np.array_equal(target, grid.T.reshape(-1)):
                        return "transpose"
        most = int(self.counts.max())
        reads = most * targets
        if most > MOST_READS or reads > MOST_PADDING * (pairs + 16):
            return "irregular"
        return "gather"

    def _width(self) -> int:
        """Give the distance between targets of consecutive sources, if it divides the rows."""
        width = int(self.target[1] - self.target[0]) if self.target.size > 1 else 0
        return width if width > 1 and self.targets % width == 0 else 0

    def _transpose_rows(self, rows: Any) -> Any:
        width = self._width()
        tall = rows.reshape(*rows.shape[:-1], width, -1)
        return jnp.swapaxes(tall, -1, -2).reshape(rows.shape)

    def _stretch(self, rows: Any) -> Any:
        start, step = int(self.source[0]), _step(self.source) or 1
        first, stride = int(self.target[0]), _step(self.target) or 1
        pairs = self.source.size
        if step < 0:
            start, step, turned = start + (pairs - 1) * step, -step, True
        else:
            turned = False
        if stride < 0:
            first, stride, turned = first + (pairs - 1) * stride, -stride, not turned
        if (start, step, pairs) != (0, 1, rows.shape[-1]):
            stop = start + (pairs - 1) * step + 1
            rows = jax.lax.slice_in_dim(rows, start, stop, step, axis=rows.ndim - 1)
        if turned:
            rows = jax.lax.rev(rows, (rows.ndim - 1,))
        after = self.targets - 1 - (first + (pairs - 1) * stride)
        if (first, after, stride) != (0, 0, 1):
            padding = [(0, 0, 0)] * (rows.ndim - 1) + [(first, after, stride - 1)]
            rows = jax.lax.pad(rows, jnp.zeros((), rows.dtype), padding)
        return rows

    def _both_ways(self) -> tuple[np.ndarray, np.ndarray]:
        if self._indices is None:
            dtype = np.int32 if max(self.sources, self.targets) < 2**31 - 1 else np.int64
            places = places_of(self.target, self.targets)
            readers = np.append(self.source, self.sources)[places].astype(dtype)
            read_by = np.full((1, self.sources), self.targets, dtype)
            read_by[0, self.source] = self.target
            self._indices = readers, read_by
        return self._indices

    def _add_at(self, rows: Any) -> Any:
        if self.source.size < rows.shape[-1] or _step(self.source) != 1:
            rows = rows[..., self.source]
        flat = rows.reshape(-1, rows.shape[-1]).T
        total = jax.ops.segment_sum(flat, self.target, self.targets)
        return total.T.reshape(*rows.shape[:-1], self.targets)


def _step(positions: np.ndarray) -> int | None:
    """Give the common difference of positions in arithmetic progression, 1 for a single one."""
    if positions.size == 1:
        return 1
    step = int(positions[1] - positions[0])
    regular = step != 0 and bool(np.all(np.diff(positions) == step))
    return step if regular else None
