"""Microseconds for a gradient of models whose discrete variables are summed out.

    python benchmarks/marginal.py            # rows, states, and the mixture written by hand
    python benchmarks/marginal.py --quick    # fewer sizes
    python benchmarks/marginal.py --chains   # hidden Markov models by length and states

Each figure is the least of several rounds; in a round what is compared runs in turn, many gradients
inside one compiled loop, so that the cost of a call from Python is left out.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

import aliquot as aq
from aliquot.precision import float64

ROUNDS = 7
OPTIONS = {"xla_backend_optimization_level": 2} if jax.default_backend() == "cpu" else None


def data(rows: int, states: int) -> np.ndarray:
    rng = np.random.default_rng(0)
    return rng.normal(3.0 * rng.integers(0, states, rows), 1.0)


def by_z(rows: int, states: int) -> aq.Model:
    with aq.Model() as model:
        w = aq.Dirichlet("w", np.ones(states))
        means = aq.Normal("means", 3.0 * np.arange(states), 1)
        sigma = aq.HalfNormal("sigma", 1)
        z = aq.Categorical("z", p=w, shape=rows)
        aq.Normal("obs", means[z], sigma, observed=data(rows, states))
    return model


def by_hand(rows: int, states: int) -> aq.Model:
    with aq.Model() as model:
        w = aq.Dirichlet("w", np.ones(states))
        means = aq.Normal("means", 3.0 * np.arange(states), 1)
        sigma = aq.HalfNormal("sigma", 1)
        aq.NormalMixture("obs", w, means, sigma, shape=rows, observed=data(rows, states))
    return model


def chain(steps: int, states: int) -> aq.Model:
    with aq.Model() as model:
        P = aq.Dirichlet("P", np.ones((states, states)))
        means = aq.Normal("means", 3.0 * np.arange(states), 1)
        z = aq.MarkovChain("z", P=P, init=np.full(states, 1 / states), steps=steps)
        aq.Normal("obs", means[z], 1, observed=data(steps, states))
    return model


def gradients(model: aq.Model, count: int) -> tuple[Callable[[], None], float]:
    """Make a program of many gradients, one after the other; say how long it took to compile."""
    density = model.density()
    gradient = jax.grad(density.log_density)

    def loop(flat: Any, arrays: Any) -> Any:
        # Each gradient moves the point by nothing that matters, so that none can be left out.
        return jax.lax.fori_loop(0, count, lambda _, x: x + 1e-12 * gradient(x, arrays), flat)

    with float64():
        start = jnp.asarray(density.start)
        arrays = jax.device_put(density.data)
        began = time.perf_counter()
        program = jax.jit(loop, compiler_options=OPTIONS).lower(start, arrays).compile()
        compiled = time.perf_counter() - began

    def run() -> None:
        with float64():
            jax.block_until_ready(program(start, arrays))

    run()
    return run, compiled


def compare(models: dict[str, aq.Model], work: float) -> dict[str, tuple[float, float]]:
    """Time gradients of several models in turn.

    Returns
    -------
    dict from str to (float, float)
        Microseconds for a gradient, seconds to compile.
    """
    count = max(2, int(3e6 / work))
    programs = {name: gradients(model, count) for name, model in models.items()}
    best = dict.fromkeys(programs, np.inf)
    for _ in range(ROUNDS):
        for name, (run, _) in programs.items():
            began = time.perf_counter()
            run()
            best[name] = min(best[name], time.perf_counter() - began)
    return {name: (1e6 * best[name] / count, programs[name][1]) for name in programs}


def mixtures(sizes: list[tuple[int, int]]) -> None:
    print(
        f"{'rows':>9} {'states':>6} {'z, us':>11} {'by hand, us':>11} {'ratio':>6} "
        f"{'ns/row/state':>12} {'compile z, s':>12} {'by hand, s':>10}"
    )
    for rows, states in sizes:
        models = {"z": by_z(rows, states), "hand": by_hand(rows, states)}
        found = compare(models, rows * states)
        (z, z_compile), (hand, hand_compile) = found["z"], found["hand"]
        each = 1e3 * z / (rows * states)
        print(
            f"{rows:>9,} {states:>6} {z:>11.2f} {hand:>11.2f} {z / hand:>6.2f} {each:>12.2f} "
            f"{z_compile:>12.2f} {hand_compile:>10.2f}",
            flush=True,
        )


def chains(sizes: list[tuple[int, int]]) -> None:
    print(f"{'steps':>9} {'states':>6} {'us':>11} {'ns/step':>9} {'compile, s':>10}")
    for steps, states in sizes:
        ((us, compiled),) = compare({"chain": chain(steps, states)}, 20 * steps * states).values()
        print(
            f"{steps:>9,} {states:>6} {us:>11.2f} {1e3 * us / steps:>9.1f} {compiled:>10.2f}",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--chains", action="store_true", help="only hidden Markov models")
    chosen = parser.parse_args()
    if not chosen.chains:
        rows = [100, 1_000, 10_000, 100_000, 1_000_000]
        sizes = [(n, 2) for n in rows] + [(10_000, k) for k in (3, 5, 8, 9, 10, 20, 50)]
        mixtures(sizes[::3] if chosen.quick else [*sizes, (100_000, 10), (1_000_000, 10)])
    lengths = [(100, 2), (1_000, 2), (10_000, 2), (1_000, 5), (10_000, 5)]
    chains(lengths[::2] if chosen.quick else lengths)


if __name__ == "__main__":
    main()
