"""Double precision for Aliquot's own computations, and for nothing else.

Posterior geometry needs float64, JAX defaults to float32, and the global switch belongs to the
user. Everything that Aliquot traces, compiles or runs does so inside :func:`float64`, which
changes the setting for the current thread and puts it back. So it is with the other settings of
JAX under which correct programs fail, or draw other random numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Any

import jax

from aliquot.errors import ForkError

# Settings of the user's that our own programs cannot run under: what they are compiled with ahead
# of time would not be compiled, a NaN that a `where` drops would be an error, data could not be
# handed to the device, a seed would not give the same draws. The setting, the values that do no
# harm, and the context that restores one.
_HARMLESS: tuple[tuple[str, tuple[Any, ...], Callable[[], AbstractContextManager[Any]]], ...] = (
    ("jax_disable_jit", (False,), lambda: jax.disable_jit(False)),
    ("jax_numpy_dtype_promotion", ("standard",), lambda: jax.numpy_dtype_promotion("standard")),
    ("jax_numpy_rank_promotion", ("allow",), lambda: jax.numpy_rank_promotion("allow")),
    # Draws are a function of the seed: other kinds of keys give others, some even under `vmap`.
    (
        "jax_default_prng_impl",
        ("threefry2x32",),
        lambda: jax.default_prng_impl("threefry2x32"),
    ),
    ("jax_threefry_partitionable", (True,), lambda: jax.threefry_partitionable(True)),
    ("jax_debug_nans", (False,), lambda: jax.debug_nans(False)),
    ("jax_debug_infs", (False,), lambda: jax.debug_infs(False)),
    *(
        (f"jax_transfer_guard_{way}", (None, "allow"), lambda: jax.transfer_guard("allow"))
        for way in ("host_to_device", "device_to_device", "device_to_host")
    ),
)

# Whether this process has what a fork leaves of JAX, which is no thread but the one that forked.
_forked = False


def refuse_after_fork() -> None:
    """Have nothing computed in this process from now on."""
    global _forked
    _forked = True


def float64() -> AbstractContextManager[None]:
    """Return a context in which JAX works in double precision, for the current thread only.

    Settings that look for mistakes in a user's own programs (`jax.disable_jit`,
    `jax.numpy_dtype_promotion`, `jax.transfer_guard`, `jax.debug_nans` and the like) are off in it,
    and random keys are of the kind that is JAX's default.

    Raises
    ------
    ForkError
        In a process that was forked after JAX had been used.

    Examples
    --------
    >>> import jax, jax.numpy as jnp
    >>> from aliquot.precision import float64
    >>> with jax.numpy_dtype_promotion("strict"), float64():
    ...     (jnp.zeros(2) + jnp.ones(2, dtype=int)).dtype
    dtype('float64')
    """
    if _forked:
        raise ForkError(
            "this process was forked from one that had used JAX. JAX's threads are not in it, so "
            "what is computed here would wait for them for ever. Start processes by 'spawn' or "
            "'forkserver', as in multiprocessing.get_context('spawn').Pool() or "
            "ProcessPoolExecutor(mp_context=multiprocessing.get_context('spawn')), or fork before "
            "anything is computed"
        )
    harmful = [
        restore
        for setting, harmless, restore in _HARMLESS
        # A setting that a later JAX no longer has cannot do harm.
        if getattr(jax.config, setting, harmless[0]) not in harmless
    ]
    return _without(harmful) if harmful else jax.enable_x64(True)


@contextmanager
def _without(harmful: list[Callable[[], AbstractContextManager[Any]]]) -> Iterator[None]:
    with ExitStack() as stack:
        stack.enter_context(jax.enable_x64(True))
        for restore in harmful:
            stack.enter_context(restore())
        yield
