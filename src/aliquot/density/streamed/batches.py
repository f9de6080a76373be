"""The log density as a batch of rows estimates it: what has no rows, and the batch many times over.

It is one pure function of a flat vector and of a batch, without calls of the host, so that many
iterations are one compiled loop.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from aliquot.density.streamed.density import StreamedDensity
from aliquot.density.streamed.in_memory import lengths_in
from aliquot.density.streamed.lengths import OtherLengthError
from aliquot.density.streamed.programs import Programs
from aliquot.errors import ModelError
from aliquot.model.cut_to_rows import fitting
from aliquot.primitives.rows import RowByRow
from aliquot.rows import ShuffledBatches

# Numbers in the batches of one call, about, and how many batches these are at most.
NUMBERS, MOST = 2**18, 256


class DensityInBatches:
    """Unbiased estimates of a log density from batches of rows, each row once in an epoch.

    An epoch has batches of equal numbers of rows, give or take one. What the rows of a batch add to
    the log density counts as often as there are batches, so that the mean over an epoch is the log
    density, and that of gradients the gradient, whatever the number of rows.

    Parameters
    ----------
    density : StreamedDensity
    model : Model
        Of which the density is.
    size : int
        Rows of a batch at most.
    seed : int
        Of the order of rows.

    Raises
    ------
    ModelError
        Where what a row contributes depends on its number.

    Attributes
    ----------
    rows : ShuffledBatches
    """

    def __init__(self, density: StreamedDensity, model: Any, size: int, seed: int) -> None:
        self.rows = ShuffledBatches(model.rows.sources, size, seed)
        self._programs = _programs(density, model, self.rows.size)
        self._names = list(self._programs.row_names)
        piece = self._programs.parts.rows
        self._pieces = -(-self.rows.size // piece)
        # Rows of an array that a batch is put into: what follows does not count.
        self._length = self._pieces * piece
        self.at_once = int(np.clip(NUMBERS // (self._length * model.rows.width), 1, MOST))

    @property
    def epoch(self) -> int:
        """How many batches an epoch has."""
        return self.rows.batches

    @property
    def described(self) -> dict[str, int]:
        """What the order of rows depends on besides the seed, as JSON knows it."""
        return self.rows.described

    def take(self, first: int, count: int) -> dict[str, Any]:
        """Give some batches, counted from 0 over all epochs, as arrays of `at_once` of them."""
        taken, counted = self.rows.take(first, count)
        arrays = {}
        for name, values in taken.items():
            shape = (self.at_once, self._length, *values.shape[2:])
            array = arrays[name] = np.empty(shape, values.dtype)
            array[:count, : values.shape[1]] = values
            array[:count, values.shape[1] :] = values[:, -1:]
            # What is not counted is never looked at, and is no number that could raise a flag.
            array[count:] = array[count - 1] if count else 0
        counts = np.zeros(self.at_once, np.int64)
        counts[:count] = counted
        return {"rows": arrays, "counted": counts}

    def close(self) -> None:
        """End what reads."""
        self.rows.close()

    def log_density(self, flat: Any, batch: Any) -> Any:
        """Estimate the log density from one batch, inside a traced function."""
        programs, piece = self._programs, self._programs.parts.rows
        read = programs.read(flat)
        rows, counted = [batch["rows"][name] for name in self._names], batch["counted"]
        if self._pieces == 1:
            total = self._add_up(read, rows, counted)
        else:
            # Derivatives keep the rows of one piece at a time.
            def add(so_far: Any, at: Any) -> Any:
                begin, some = at
                here = jnp.clip(counted - begin, 0, piece)
                return so_far + self._add_up(read, some, here), None

            cut = [array.reshape(self._pieces, piece, *array.shape[1:]) for array in rows]
            begins = np.arange(self._pieces, dtype=np.int64) * piece
            total, _ = lax.scan(jax.checkpoint(add), jnp.zeros(()), (begins, cut))
        return programs.rest(flat) + self.epoch * total

    def _add_up(self, read: Any, arrays: Any, counted: Any) -> Any:
        (free, still), named = read, dict(zip(self._names, arrays, strict=True))
        return self._programs.of_block(free, still, named, counted, np.int64(0))


def _programs(density: StreamedDensity, model: Any, size: int) -> Programs:
    """Give the parts of a log density traced with about as many rows as a batch has."""
    given, rows = density.host.programs, model.rows
    parts = given.parts
    for act in parts.acts.values():
        if isinstance(act, RowByRow) and act.offset:
            raise ModelError(
                "batch_size: the log density depends on the number of a row, as counted by "
                "jax.numpy, and a batch has rows of any number. Give the numbers as data: "
                "aq.Data(name, np.arange(...))"
            )
    shorter = fitting(max(size, 2 * len(rows.extremes)), lengths_in(density))
    if shorter == parts.rows:
        return given
    try:
        fewer = density.parts_of(shorter)
    except OtherLengthError:  # with as many rows as a block has it costs more
        return given
    ours = [*parts.known, *parts.means]
    theirs = [*fewer.known, *fewer.means]
    known = {var: given.known[same] for same, var in zip(ours, theirs, strict=True)}
    return Programs(fewer, known, given.row_names)
