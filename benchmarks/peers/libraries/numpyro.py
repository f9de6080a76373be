"""NumPyro: NUTS, and SVI with an AutoNormal guide."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.peers.case import Case, Data, Run
from benchmarks.peers.libraries import builder, snapshot

SETTINGS = (
    "`NUTS` in float64, without a progress bar, 1,000 steps of warm-up unless the case says "
    "otherwise; every chain on a CPU device of its own, as `jax.pmap` of a function with "
    "`MCMC.run` in it (its documentation's way), compiled once: "
    '`chain_method="parallel"` compiles in every call. Its SVI: `AutoNormal`, `Trace_ELBO` with '
    "one particle, 1,200 steps of Adam (b2 = 0.9) with a rate that falls exponentially from 0.3 to "
    "3e-5, in compiled blocks of 20 steps; the best of some two dozen settings that were tried. On "
    "the hidden Markov model 900 steps; on the logistic regression 4,000, b2 = 0.999 and a rate "
    "that falls from 0.05 to 5e-6. All that it compiles goes to JAX's persistent cache."
)
CHECKS = False
BLOCK = 20
SVI_SETTINGS = {
    "advi-classic-100": (1_200, 0.3, 0.9, 1),
    "advi-classic-100000": (1_200, 0.3, 0.9, 1),
    "advi-hmm-example": (900, 0.3, 0.9, 1),
    "advi-hierarchical-logistic": (4_000, 0.05, 0.999, 1),
}
"""Steps, the rate at the beginning, Adam's b2, and particles."""


def VERSION() -> str:
    import numpyro

    return numpyro.__version__


def settle(case: Case) -> None:
    """Set what has to be set before anything else."""
    import jax
    import numpyro

    numpyro.enable_x64()
    numpyro.set_host_device_count(case.chains)
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)


def prepare(case: Case, data: Data) -> Callable[[int], Run]:
    settle(case)
    from benchmarks.peers.libraries.numpyro_models import MODELS

    build = builder(MODELS, case.name)
    assert build is not None
    model, start = build(data)
    return _svi(case, model) if case.kind == "advi" else _nuts(case, model, start)


def chain_of(case: Case, model: Any, start: Any) -> Callable[[Any], tuple[Any, Any]]:
    """Make the function that runs one chain from a key."""
    from numpyro.infer import MCMC, NUTS

    settings: dict[str, Any] = {}
    if case.target_accept is not None:
        settings["target_accept_prob"] = case.target_accept

    def chain(key: Any) -> tuple[Any, Any]:
        mcmc = MCMC(
            NUTS(model, init_strategy=start, **settings),
            num_warmup=1_000 if case.tune is None else case.tune,
            num_samples=case.draws,
            progress_bar=False,
        )
        mcmc.run(key, extra_fields=("num_steps", "diverging"))
        drawn = mcmc.get_samples()
        return {name: drawn[name] for name in case.quantities}, mcmc.get_extra_fields()

    return chain


def _nuts(case: Case, model: Any, start: Any) -> Callable[[int], Run]:
    import jax

    def keys(seed: int) -> Any:
        return jax.random.split(jax.random.PRNGKey(seed), case.chains)

    # A second `MCMC.run` over several devices would compile all over again; this does not.
    compiled = jax.pmap(chain_of(case, model, start)).lower(keys(0)).compile()

    def sampler(seed: int) -> Run:
        began = time.perf_counter()
        drawn, fields = compiled(keys(seed))
        draws = {name: np.asarray(value, float) for name, value in drawn.items()}
        return Run(
            draws=draws,
            sampling_seconds=time.perf_counter() - began,
            gradients=int(fields["num_steps"].sum()),
            gradients_of="draws",
            extra={"divergences": int(fields["diverging"].sum())},
        )

    return sampler


def prepare_sets(case: Case, data: Data) -> Callable[[int, np.ndarray], np.ndarray]:
    """Compile once, with the data as an argument."""
    settle(case)
    import jax

    from benchmarks.peers.libraries.numpyro_models import classic

    def chain(key: Any, y: Any) -> Any:
        return chain_of(case, *classic({"y": y}))(key)[0]["means"]

    def keys(seed: int) -> Any:
        return jax.random.split(jax.random.PRNGKey(seed), case.chains)

    compiled = jax.pmap(chain, in_axes=(0, None)).lower(keys(0), data["y"][0]).compile()
    return lambda seed, y: np.asarray(compiled(keys(seed), y), float)


def _svi(case: Case, model: Any) -> Callable[[int], Run]:
    import jax
    import optax
    from numpyro.infer import SVI, Trace_ELBO
    from numpyro.infer.autoguide import AutoNormal
    from numpyro.optim import optax_to_numpyro

    steps, rate, b2, particles = SVI_SETTINGS[case.name]
    guide = AutoNormal(model)
    # Gradients fall by orders of magnitude where rows are many: a short memory keeps up.
    optimiser = optax.adam(optax.exponential_decay(rate, steps, 1e-4), b2=b2)
    svi = SVI(model, guide, optax_to_numpyro(optimiser), Trace_ELBO(particles))
    start = jax.jit(svi.init)

    @jax.jit
    def block(state: Any) -> tuple[Any, Any]:
        state = jax.lax.fori_loop(0, BLOCK, lambda _, s: svi.update(s)[0], state)
        return state, svi.get_params(state)

    def flat(params: Any, end: str) -> np.ndarray:
        """Put the parameters of the guide into a vector, in the order of the model."""
        names = [name for name in guide.prototype_trace if f"{name}{end}" in params]
        return np.concatenate([np.ravel(params[f"{name}{end}"]) for name in names])

    def sampler(seed: int) -> Run:
        began = time.perf_counter()
        key, draw_key = jax.random.split(jax.random.PRNGKey(seed))
        state = start(key)
        path, params = [], {}
        for _ in range(steps // BLOCK):
            state, params = block(state)
            mean, sd = (flat(params, end) for end in ("_auto_loc", "_auto_scale"))
            path.append(snapshot(case, time.perf_counter() - began, mean, sd))
        seconds = time.perf_counter() - began
        drawn = guide.sample_posterior(draw_key, params, sample_shape=(case.draws,))
        return Run(
            draws={name: np.asarray(drawn[name], float)[None] for name in case.quantities},
            sampling_seconds=seconds,
            gradients=steps,
            extra={"path": path},
        )

    return sampler
