"""Nanoseconds an element of the elementary functions, beside XLA's own.

    python benchmarks/elementary.py            # all of them
    python benchmarks/elementary.py exp log    # some

Arrays of 100,000 numbers, a thousand at a time in a compiled loop that adds them up, as log
densities do. Each figure is the least of many rounds, in which the two run in turn, less what the
loop takes with a function that does next to nothing. On a machine with several cores pin it to one.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from aliquot.compilation import loop as loop_options
from aliquot.elementary import PRIMITIVES
from aliquot.precision import float64

COUNT, BLOCK, ROUNDS = 100_000, 1_000, 100
POSITIVE = ("log", "log1p")


def nothing(x: Any) -> Any:
    return x * 1.5


def looped(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def program(x: Any) -> Any:
        def add(i: Any, total: Any) -> Any:
            return total + jnp.sum(function(lax.dynamic_slice(x, (i * BLOCK,), (BLOCK,))))

        return lax.fori_loop(0, COUNT // BLOCK, add, 0.0)

    return jax.jit(program, compiler_options=loop_options())


def nanoseconds(functions: dict[str, Callable[[Any], Any]], x: Any) -> dict[str, float]:
    """Return each function's time an element, in turns."""
    programs = {name: looped(function) for name, function in functions.items()}
    for program in programs.values():
        jax.block_until_ready(program(x))
    least = dict.fromkeys(programs, np.inf)
    for _ in range(ROUNDS):
        for name, program in programs.items():
            began = time.perf_counter()
            jax.block_until_ready(program(x))
            least[name] = min(least[name], time.perf_counter() - began)
    return {name: 1e9 * seconds / COUNT for name, seconds in least.items()}


def main(names: list[str]) -> None:
    normal = np.random.default_rng(0).normal(0.0, 2.0, COUNT)
    print(f"{'':10} {'XLA':>6} {'here':>6}   times as fast")
    with float64():
        for name in names or PRIMITIVES:
            x = jnp.asarray(np.exp(normal) if name in POSITIVE else normal)
            own = getattr(lax, name)
            took = nanoseconds({"loop": nothing, "xla": own, "here": PRIMITIVES[name]}, x)
            xla, here = took["xla"] - took["loop"], took["here"] - took["loop"]
            print(f"{name:10} {xla:6.2f} {here:6.2f}   {xla / here:.1f}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
