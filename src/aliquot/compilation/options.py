"""How hard XLA is to try, by what a program is for; only the CPU's compiler can be told."""

from __future__ import annotations

import jax

Options = dict[str, int]


def loop() -> Options | None:
    """Return the options of a program that runs for long.

    Level 2 of LLVM's optimiser compiles in half the time of level 3, and what it makes runs as
    fast.
    """
    return {"xla_backend_optimization_level": 2} if jax.default_backend() == "cpu" else None


def light() -> Options | None:
    """Return the options of a program that runs a few times only: half the waiting."""
    return {"xla_backend_optimization_level": 1} if jax.default_backend() == "cpu" else None
