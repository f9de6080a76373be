"""Double precision for Aliquot's own computations, and for nothing else.

Posterior geometry needs float64, JAX defaults to float32, and the global switch belongs to the
user. Everything that Aliquot traces, compiles or runs does so inside :func:`float64`, which
changes the setting for the current thread and puts it back.
"""

from __future__ import annotations

from contextlib import AbstractContextManager

import jax


def float64() -> AbstractContextManager[None]:
    """Return a context in which JAX works in double precision, for the current thread only.

    Examples
    --------
    >>> import jax.numpy as jnp
    >>> from aliquot.precision import float64
    >>> with float64():
    ...     jnp.zeros(2).dtype
    dtype('float64')
    """
    return jax.enable_x64(True)
