"""Programs that tests compile to run them once: quickly."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax

FAST = {"xla_backend_optimization_level": 0}


def quick(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile as fast as can be: operation by operation takes ten times as long, each one anew."""
    return jax.jit(function, compiler_options=FAST)
