"""BlackJAX: window adaptation and NUTS on log densities written by hand."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.peers.case import Case, Data, Run
from benchmarks.peers.libraries import builder

SETTINGS = (
    "`window_adaptation` and `nuts` in float64 with a diagonal metric, 1,000 steps of warm-up and "
    "acceptance 0.8 unless the case says otherwise; log densities written by hand in JAX, without "
    "bounds and with their Jacobians. Warm-up and draws are one program, mapped by `jax.pmap` over "
    "a CPU device for every chain, and compiled ahead; it goes to JAX's persistent cache."
)
CHECKS = False


def VERSION() -> str:
    from importlib.metadata import version

    return version("blackjax")


def settle(case: Case) -> None:
    """Set what has to be set before anything else."""
    import jax

    jax.config.update("jax_enable_x64", True)
    jax.config.update("jax_num_cpu_devices", case.chains)
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)


def chain_of(case: Case, model: Any) -> Callable[[Any], tuple[Any, Any]]:
    """Make the function that runs one chain from a key."""
    import blackjax
    import jax
    import jax.numpy as jnp

    tune = 1_000 if case.tune is None else case.tune
    target = 0.8 if case.target_accept is None else case.target_accept
    given = jnp.full(model.size, jnp.nan) if model.start is None else jnp.asarray(model.start)

    def steps(state: Any, info: Any, adaptation: Any) -> Any:
        return info.num_integration_steps

    def chain(key: Any) -> tuple[Any, Any]:
        start_key, warm_key, key = jax.random.split(key, 3)
        start = jax.random.uniform(start_key, (model.size,), minval=-2.0, maxval=2.0)
        start = jnp.where(jnp.isnan(given), start, given)
        warm_up = blackjax.window_adaptation(
            blackjax.nuts, model.density, target_acceptance_rate=target, adaptation_info_fn=steps
        )
        (state, parameters), warm_steps = warm_up.run(warm_key, start, num_steps=tune)
        nuts = blackjax.nuts(model.density, **parameters)

        def step(state: Any, key: Any) -> tuple[Any, Any]:
            state, info = nuts.step(key, state)
            return state, (state.position, info.num_integration_steps, info.is_divergent)

        _, (position, taken, diverged) = jax.lax.scan(
            step, state, jax.random.split(key, case.draws)
        )
        drawn = jax.vmap(model.constrain)(position)
        return drawn, (warm_steps.sum(), taken.sum(), diverged.sum())

    return chain


def keys_of(case: Case, seed: int) -> Any:
    """Make a key for each chain."""
    import jax

    return jax.random.split(jax.random.PRNGKey(seed), case.chains)


def prepare(case: Case, data: Data) -> Callable[[int], Run]:
    settle(case)
    import jax

    from benchmarks.peers.libraries.blackjax_models import MODELS

    build = builder(MODELS, case.name)
    assert build is not None
    chain = chain_of(case, build(data))
    compiled = jax.pmap(chain).lower(keys_of(case, 0)).compile()

    def sampler(seed: int) -> Run:
        began = time.perf_counter()
        drawn, told = compiled(keys_of(case, seed))
        draws = {name: np.asarray(value, float) for name, value in drawn.items()}
        seconds = time.perf_counter() - began
        warm_steps, taken, diverged = (int(value.sum()) for value in told)
        return Run(
            draws=draws,
            sampling_seconds=seconds,
            gradients=warm_steps + taken,
            extra={"gradients_of_draws": taken, "divergences": diverged},
        )

    return sampler


def prepare_sets(case: Case, data: Data) -> Callable[[int, np.ndarray], np.ndarray]:
    """Compile once, with the data as an argument."""
    settle(case)
    import jax

    from benchmarks.peers.libraries.blackjax_models import classic

    def chain(key: Any, y: Any) -> Any:
        return chain_of(case, classic({"y": y}))(key)[0]["means"]

    keys, first = keys_of(case, 0), data["y"][0]
    compiled = jax.pmap(chain, in_axes=(0, None)).lower(keys, first).compile()
    return lambda seed, y: np.asarray(compiled(keys_of(case, seed), y), float)
