"""The user's settings of JAX: what they look for in the user's programs they do not in ours."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Callable, Iterator
from typing import Any

import jax
import numpy as np
import pytest
import xarray as xr

import aliquot as aq
from aliquot.precision import float64

SETTINGS: dict[str, Callable[[], Any]] = {
    "disable_jit": lambda: jax.disable_jit(),
    "strict promotion": lambda: jax.numpy_dtype_promotion("strict"),
    "no promotion of ranks": lambda: jax.numpy_rank_promotion("raise"),
    "no transfers": lambda: jax.transfer_guard("disallow"),
    "no transfers to the device": lambda: jax.transfer_guard_host_to_device("disallow"),
    "no transfers at all": lambda: jax.transfer_guard("disallow_explicit"),
    "debug_nans": lambda: jax.debug_nans(True),
    "debug_infs": lambda: jax.debug_infs(True),
    "tracer leaks": lambda: jax.check_tracer_leaks(),
    "low precision of products": lambda: jax.default_matmul_precision("bfloat16"),
    "device": lambda: jax.default_device(jax.devices("cpu")[0]),
    "single precision": lambda: jax.enable_x64(False),
    "keys of another kind": lambda: jax.default_prng_impl("rbg"),
    "keys split as they once were": lambda: jax.threefry_partitionable(False),
    "keys used twice": lambda: jax.debug_key_reuse(True),
}


def run() -> dict[str, np.ndarray]:
    """Do with a small mixture all that a user does."""
    y = np.array([-1.2, -0.8, 0.1, 1.4, 2.0])
    quiet: dict[str, Any] = {"progressbar": False, "compute_convergence_checks": False}
    with aq.Model(coords={"component": ["low", "high"]}) as model:
        slope = aq.Normal("slope", 0, 1, shape=1)
        mu = aq.Normal("mu", 0, 2, dims="component")
        z = aq.Bernoulli("z", 0.5, shape=5)
        aq.Normal("y", mu[z] + np.eye(5, 1) @ slope, 1, observed=y)
        trace = aq.sample(30, tune=30, chains=2, random_seed=1, **quiet)
        trace = aq.recover(trace, random_seed=1)
        trace = aq.sample_posterior_predictive(trace, random_seed=1)
        trace = aq.compute_log_likelihood(trace)
        prior = aq.sample_prior_predictive(20, random_seed=1)
        approx = aq.fit(100, random_seed=1, progressbar=False, check=False)
        mode = aq.find_map(random_seed=1)
    aq.relabel(trace, model)
    aq.check(trace)
    model.symmetries()
    model.debug()
    dist = aq.Gamma.dist([1.0, 2.0], 1.0)
    groups = ("posterior", "state_probabilities", "posterior_predictive", "log_likelihood")
    found = {
        f"{group} {name}": array.values
        for group in groups
        for name, array in trace[group].data_vars.items()
    }
    return found | {
        "prior": prior.prior["mu"].values,
        "fit": approx.mean,
        "mode": mode["mu"].values,
        "draws": dist.sample(3, random_seed=1),
        "density": dist.log_prob([1.0, 2.0]),
        "mean": dist.mean(),
        "log likelihood": np.array(model.log_likelihood({"mu": [0.0, 1.0], "slope": [0.0]})),
    }


@pytest.fixture(scope="module")
def expected() -> dict[str, np.ndarray]:
    return run()


# What fails under one of several settings fails under all of them: each looks for something else in
# a program. These are alone, since others find nothing where programs are not compiled.
ALONE = ("disable_jit", "tracer leaks")
TOGETHER = [*((name,) for name in ALONE), tuple(name for name in SETTINGS if name not in ALONE)]


@contextlib.contextmanager
def quick_collection() -> Iterator[None]:
    """Return a context in which garbage is looked for among new objects: a leak is one of them."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.mark.slow
@pytest.mark.parametrize("settings", TOGETHER, ids=lambda names: names[0])
def test_all_that_a_user_calls_gives_the_same(
    settings: tuple[str, ...], expected: dict[str, np.ndarray]
) -> None:
    with contextlib.ExitStack() as stack:
        stack.enter_context(quick_collection())
        for name in settings:
            stack.enter_context(SETTINGS[name]())
        found = run()
    assert found.keys() == expected.keys()
    for name, values in expected.items():
        np.testing.assert_array_equal(found[name], values, err_msg=name)


def drawn() -> dict[str, np.ndarray]:
    """Draw with all that takes a key of JAX's, in a small mixture."""
    with aq.Model() as model:
        mu = aq.Normal("mu", 0, 2, shape=2)
        z = aq.Bernoulli("z", 0.5, shape=3)
        with pytest.warns(aq.ImputationWarning):
            aq.Normal("y", mu[z], 1, observed=[-1.2, 0.1, np.nan])
    values = np.random.default_rng(1).normal(size=(1, 40, 2))
    posterior = xr.Dataset({"mu": (("chain", "draw", "mu_dim_0"), values)})
    trace = xr.DataTree.from_dict({"/posterior": posterior})
    kinds = ("probabilities", "draws", "most_probable")
    with model:
        trees = {kind: aq.recover(trace, kind=kind, random_seed=1) for kind in kinds}
        trees["predicted"] = aq.sample_posterior_predictive(trees["draws"], random_seed=1)
        trees["prior"] = aq.sample_prior_predictive(20, random_seed=1)
    found = {
        f"{kind} {group} {name}": array.values
        for kind, tree in trees.items()
        for group in tree.children
        for name, array in tree[group].data_vars.items()
    }

    def walk(step: Any, rng: Any = None, size: Any = None) -> Any:
        return step * jax.random.normal(rng, size)

    own = aq.CustomDist.dist(1.0, logp=lambda x, step: -abs(x), random=walk)
    found |= {
        "own": own.sample(4, random_seed=1),
        "family": aq.Gamma.dist([1.0, 2.0], 1.0).sample(3, random_seed=1),
        "filled": aq.filled_components(trace, model, random_seed=1).values,
    }
    return found


@pytest.fixture(scope="module")
def expected_draws() -> dict[str, np.ndarray]:
    return drawn()


@pytest.mark.parametrize("kind", ["rbg", "unsafe_rbg"])
def test_draws_are_the_same_whatever_keys_jax_makes(
    kind: str, expected_draws: dict[str, np.ndarray]
) -> None:
    with jax.default_prng_impl(kind):
        found = drawn()
    assert found.keys() == expected_draws.keys()
    for name, values in expected_draws.items():
        np.testing.assert_array_equal(found[name], values, err_msg=name)


@pytest.mark.parametrize("setting", SETTINGS)
def test_the_user_s_settings_are_put_back(setting: str) -> None:
    def all_of_them() -> dict[str, Any]:
        return {name: getattr(jax.config, name, None) for name in jax.config.values}

    with SETTINGS[setting]():
        before = all_of_them()
        with float64():
            pass
        with contextlib.suppress(ZeroDivisionError), float64():
            raise ZeroDivisionError
        assert all_of_them() == before
