"""Sums over all processes, as compiled programs: the only numbers that go between them.

Every process has to ask for the same sums in the same order. Lengths are powers of two, so that few
programs are compiled.
"""

from __future__ import annotations

import jax
import numpy as np

from aliquot.compilation import lazily
from aliquot.precision import float64

# What has fewer operations than a thousand XLA's CPU client runs in the calling thread, where a
# sum over processes was found to take twice as long.
SHORTEST = 1024


def padded(length: int) -> int:
    """Return the length of the program that sums `length` numbers.

    >>> padded(3), padded(1024), padded(1025)
    (1024, 1024, 2048)
    """
    return max(SHORTEST, 1 << (length - 1).bit_length())


class BrokenSumError(Exception):
    """A sum that cannot be had: another process has gone, or a connection is lost."""


class ProcessSums:
    """Elementwise sums over the processes that JAX has joined, on one device of each."""

    def __init__(self) -> None:
        everywhere = jax.devices()
        self.size = jax.process_count()
        devices = [
            next(device for device in everywhere if device.process_index == process)
            for process in range(self.size)
        ]
        mesh = jax.sharding.Mesh(np.array(devices), ("rank",))
        spread, whole = jax.sharding.PartitionSpec("rank"), jax.sharding.PartitionSpec()
        self._device = devices[jax.process_index()]
        self._spread = jax.sharding.NamedSharding(mesh, spread)
        # `psum_scatter` is wrong between CPUs: jax-ml/jax#40830.
        self._program = lazily(
            jax.shard_map(
                lambda mine: jax.lax.psum(mine, "rank"),
                mesh=mesh,
                in_specs=spread,
                out_specs=whole,
            )
        )

    def __call__(self, mine: np.ndarray) -> np.ndarray:
        """Return the sum of what each process gives: vectors of one padded length and dtype.

        Raises
        ------
        BrokenSumError
            Where a connection breaks. A process that hangs keeps it waiting.
        """
        try:
            with float64():
                here = jax.device_put(mine, self._device)
                everything = jax.make_array_from_single_device_arrays(
                    (self.size * len(mine),), self._spread, [here]
                )
                return np.asarray(self._program(everything).addressable_data(0))
        except Exception as error:  # of which kind, depends on the version of JAX
            raise BrokenSumError(str(error)) from error
