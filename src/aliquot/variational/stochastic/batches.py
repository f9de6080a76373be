"""What a fit needs to know of batches of rows: a batch an iteration, and how many make an epoch.

The rows of an epoch come in batches of equal numbers, give or take one, and what they add to the
log density counts as often as there are batches. So the gradient of an iteration is unbiased, and
over an epoch at one approximation the batches' errors add up to zero. Losses are those of all rows,
with noise from batches besides that of the draws: criteria that look at them look at whole epochs.
"""

from __future__ import annotations

from typing import Any, Protocol

import jax


class Batches(Protocol):
    """Estimates of a log density from one batch of rows each."""

    @property
    def epoch(self) -> int: ...  # how many batches have all rows

    @property
    def at_once(self) -> int: ...  # how many batches `take` gives at most

    @property
    def described(self) -> dict[str, int]: ...  # what the order of rows depends on besides the seed

    def log_density(self, flat: jax.Array, batch: Any) -> jax.Array:
        """Estimate of the log density from one batch, without bias: a scalar, in pure JAX."""
        ...

    def take(self, first: int, count: int) -> Any:
        """Batches from one on, counted over all epochs: arrays with an axis of `at_once` first."""
        ...

    def close(self) -> None:
        """End what reads ahead, until more is asked for."""
        ...


def one_of(batches: Any, place: Any) -> Any:
    """Take one batch of what `Batches.take` gave, inside a traced function."""
    return jax.tree.map(
        lambda array: jax.lax.dynamic_index_in_dim(array, place, keepdims=False), batches
    )
