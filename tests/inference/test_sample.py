"""`aq.sample`: what it returns, that it can be repeated, and what it refuses."""

from __future__ import annotations

import _thread
import warnings
from typing import Any

import numpy as np
import pytest

import aliquot as aq
from aliquot.density.structure import unshared
from aliquot.errors import (
    DTypeError,
    ModelError,
    PartialResultWarning,
    ShapeError,
    StartError,
    SupportError,
)
from aliquot.inference.initialisation import jittered_starts
from tests.inference import models
from tests.inference.accuracy import assert_moments
from tests.mcmc.held import hold

QUIET: dict[str, Any] = {"progressbar": False, "compute_convergence_checks": False}
SHORT: dict[str, Any] = {"draws": 30, "tune": 40, "chains": 2, "random_seed": 3, **QUIET}


@pytest.fixture(scope="module")
def model() -> aq.Model:
    return models.regression()


@pytest.fixture(scope="module")
def trace(model: aq.Model) -> Any:
    return aq.sample(
        1000, tune=500, chains=4, random_seed=1, progressbar=False, model=model, keep_warmup=True,
        keep_unconstrained=True,
    )  # fmt: skip


def test_groups_dims_and_coords_are_arvizs(trace: Any) -> None:
    assert set(trace.children) == {
        "posterior",
        "sample_stats",
        "observed_data",
        "constant_data",
        "unconstrained_posterior",
        "warmup_posterior",
        "warmup_sample_stats",
        "warmup_unconstrained_posterior",
    }
    posterior = trace.posterior
    assert set(posterior.data_vars) == {"beta", "mu"}
    assert posterior["beta"].dims == ("chain", "draw", "term")
    assert posterior["beta"].shape == (4, 1000, 2)
    assert posterior["mu"].dims == ("chain", "draw", "row")
    assert posterior["term"].values.tolist() == ["intercept", "slope"]
    assert posterior["row"].values.tolist() == list("abcde")
    assert posterior["chain"].values.tolist() == [0, 1, 2, 3]
    assert posterior["beta"].dtype == np.float64
    # The warm-up ends early where what was explored describes the posterior.
    assert trace.warmup_posterior["beta"].shape == (4, trace.attrs["tuning_steps"], 2)
    assert trace.unconstrained_posterior["beta"].shape == (4, 1000, 2)
    np.testing.assert_array_equal(trace.observed_data["obs"], models.Y)
    np.testing.assert_array_equal(trace.constant_data["x"], models.X)
    for name in (
        "acceptance_rate",
        "diverging",
        "energy",
        "lp",
        "n_steps",
        "reached_max_treedepth",
        "step_size",
        "tree_depth",
    ):
        assert trace.sample_stats[name].dims == ("chain", "draw")
    assert trace.sample_stats["diverging"].dtype == bool


def test_the_run_is_described_in_attributes(trace: Any) -> None:
    attrs = trace.attrs
    assert attrs["inference_library"] == "aliquot"
    assert attrs["inference_library_version"] == aq.__version__
    assert attrs["random_seed"] == 1
    assert (attrs["draws"], attrs["chains"]) == (1000, 4)
    assert attrs["tuning_steps"] in (50, 250, 500)
    assert attrs["partial"] == 0
    assert attrs["sampling_time"] > 0
    assert attrs["target_accept"] == 0.8
    assert "created_at" in attrs


def test_log_density_is_that_of_the_draws(model: aq.Model, trace: Any) -> None:
    density = model.density()
    flat = trace.unconstrained_posterior["beta"].values[0, :5]
    expected = [density.evaluate(row) for row in flat]
    np.testing.assert_allclose(trace.sample_stats["lp"].values[0, :5], expected, rtol=1e-10)


def test_a_conjugate_posterior(trace: Any) -> None:
    exact = models.regression_posterior()
    assert_moments(trace.posterior["beta"], exact.mean, exact.sd)
    mean = exact.mean[0] + exact.mean[1] * models.X
    design = np.stack([np.ones(5), models.X], axis=1)
    sd = np.sqrt(np.einsum("ij,jk,ik->i", design, exact.covariance, design))
    assert_moments(trace.posterior["mu"], mean, sd)


def test_missing_values_have_their_exact_posterior() -> None:
    with pytest.warns(aq.ImputationWarning, match="2 of 4"):
        model = models.missing()
    trace = aq.sample(2000, tune=500, chains=4, random_seed=2, model=model, progressbar=False)
    assert "obs_missing" not in trace.posterior  # nothing depends on it: integrated out
    trace = aq.recover(trace, model, random_seed=2)
    exact = models.missing_posterior()
    draws = np.concatenate(
        [trace.posterior["level"].values[..., None], trace.posterior["obs_missing"].values], axis=-1
    )
    assert_moments(draws, exact.mean, exact.sd)
    # Covariances: products of centred draws have them as their mean.
    centred = draws - exact.mean
    for i, j in [(0, 1), (0, 2), (1, 2)]:
        product = centred[..., i] * centred[..., j]
        spread = np.sqrt(
            exact.covariance[i, i] * exact.covariance[j, j] + exact.covariance[i, j] ** 2
        )
        assert_moments(product, exact.covariance[i, j], spread)
    np.testing.assert_array_equal(np.isnan(trace.observed_data["obs"]), [False, True, False, True])


def test_the_same_seed_gives_the_same_draws_to_the_bit(model: aq.Model) -> None:
    first = aq.sample(**SHORT, cores=1, model=model)
    for again in (
        aq.sample(**SHORT, cores=2, model=model),
        aq.sample(**SHORT, model=models.regression()),
    ):
        np.testing.assert_array_equal(first.posterior["beta"], again.posterior["beta"])
    other = aq.sample(**{**SHORT, "random_seed": 4}, model=model)
    assert not np.any(first.posterior["beta"].values == other.posterior["beta"].values)


@pytest.mark.parametrize("seed", [7, [1, 2], np.random.default_rng(5), np.int64(3), None])
def test_seeds(model: aq.Model, seed: Any) -> None:
    trace = aq.sample(**{**SHORT, "random_seed": seed}, model=model)
    repeated = aq.sample(**{**SHORT, "random_seed": trace.attrs["random_seed"]}, model=model)
    np.testing.assert_array_equal(trace.posterior["beta"], repeated.posterior["beta"])


@pytest.mark.parametrize("seed", [-1, 1.5, "one", True])
def test_seeds_that_are_none(model: aq.Model, seed: Any) -> None:
    with pytest.raises(DTypeError, match="random_seed must be a"):
        aq.sample(**{**SHORT, "random_seed": seed}, model=model)


def test_without_a_request_there_is_no_warmup(model: aq.Model) -> None:
    trace = aq.sample(**SHORT, model=model)
    assert set(trace.children) == {"posterior", "sample_stats", "observed_data", "constant_data"}


def test_chains_start_where_they_are_told(model: aq.Model) -> None:
    one, other = {"beta": [50.0, -50.0]}, {"beta": [-50.0, 50.0]}
    density = model.density()
    for initvals, center in [
        (None, [0.0, 0.0]),
        (one, [50.0, -50.0]),
        ([one, other], [[50.0, -50.0], [-50.0, 50.0]]),
        ([one, None], [[50.0, -50.0], [0.0, 0.0]]),
    ]:
        starts = jittered_starts(density, initvals, chains=2, jitter=0.0)
        np.testing.assert_allclose(starts.center, center)
    first, second = (
        aq.sample(**SHORT, initvals=initvals, model=model) for initvals in (one, [one, other])
    )
    np.testing.assert_array_equal(first.posterior["beta"][0], second.posterior["beta"][0])
    assert not np.any(first.posterior["beta"].values[1] == second.posterior["beta"].values[1])


@pytest.mark.parametrize(
    ("initvals", "kind", "words"),
    [
        ({"alpha": 1.0}, ModelError, r"'alpha' is not a free variable of the model \(beta\)"),
        ({"beta": [1.0, 2.0, 3.0]}, ShapeError, r"beta: the start value has shape \(3,\)"),
        ({"beta": [1.0, np.nan]}, SupportError, "beta: the start value .* is outside"),
        ({"beta": "one"}, DTypeError, "beta: the value must be numbers; got 'one'"),
        ([{"beta": [1.0, 2.0]}], ModelError, "one for each of the 2 chains; got 1"),
        (3, ModelError, "initvals must be one mapping, or one for each of the 2 chains; got 3"),
        ([1, 2], ModelError, "initvals must be one mapping"),
    ],
)
def test_start_values_that_do_not_fit(
    model: aq.Model, initvals: Any, kind: type[Exception], words: str
) -> None:
    with pytest.raises(kind, match=words):
        aq.sample(**SHORT, initvals=initvals, model=model)


@pytest.mark.parametrize(
    ("argument", "words"),
    [
        ({"draws": 0}, "draws must be a whole number of at least 1"),
        ({"draws": 10.5}, "draws must be a whole number"),
        ({"tune": -1}, "tune must be a whole number of at least 0"),
        ({"chains": 0}, "chains must be a whole number of at least 1; got 0"),
        ({"chains": 2.0}, "chains must be a whole number"),
        ({"cores": 0}, "cores must be a whole number of at least 1; got 0"),
        ({"cores": "two"}, "cores must be a whole number"),
        ({"target_accept": 1.0}, "target_accept must lie strictly between 0 and 1"),
        ({"max_treedepth": 0}, "max_treedepth must be a whole number"),
        ({"init": "advi"}, "init must be 'auto' or one of 'jitter.adapt_diag'"),
    ],
)
def test_arguments_that_make_no_sense(model: aq.Model, argument: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        aq.sample(**{**SHORT, **argument}, model=model)


@pytest.mark.parametrize("init", ["jitter+adapt_diag", "adapt_diag_grad", "jitter+adapt_full"])
def test_every_init_runs(model: aq.Model, init: str) -> None:
    trace = aq.sample(**SHORT, init=init, model=model)
    assert trace.attrs["init"] == init
    assert np.isfinite(trace.posterior["beta"]).all()


def test_no_start_names_the_variable_and_its_parameter() -> None:
    with aq.Model() as model:
        x = aq.Normal("x")
        aq.Normal("fine", x, 1, observed=[0.0])
        aq.Normal("wrong", 0, -np.exp(x), observed=[0.0, 1.0])
    with pytest.raises(StartError) as caught:
        aq.sample(**SHORT, model=model)
    message = str(caught.value)
    assert "'wrong' (observed): its log density is -inf" in message
    assert "its parameter sigma must be positive; it is -" in message
    assert "'fine'" not in message
    assert "initvals=" in message
    assert "model.debug()" in message


def test_no_start_because_of_the_data() -> None:
    with aq.Model() as model:
        top = aq.Uniform("top", 0, 1)
        aq.Uniform("obs", 0, top, observed=[0.5, 2.0])
    with pytest.raises(StartError, match=r"'obs' \(observed\): its log density is -inf"):
        aq.sample(**SHORT, model=model)


def test_no_start_because_of_a_gradient() -> None:
    with aq.Model() as model:
        x = aq.Normal("x", shape=2)
        aq.Potential("kink", np.sqrt(0 * x[1] ** 2))
    with pytest.raises(StartError, match=r"the gradient is not finite for x\[1\]"):
        aq.sample(**SHORT, model=model)


def interrupt(monkeypatch: pytest.MonkeyPatch, past: int) -> None:
    """Press Ctrl-C once every chain is past so many draws, which it does not leave before."""
    import aliquot.inference.nuts as module

    hold(monkeypatch, past)

    original = module.run_chains
    pressed: list[bool] = []

    def run_chains(*args: Any, **kwargs: Any) -> Any:
        def on_progress(chains: Any) -> None:
            if all(chain.done > past for chain in chains) and not pressed:
                pressed.append(True)
                _thread.interrupt_main()

        return original(*args, **{**kwargs, "on_progress": on_progress})

    monkeypatch.setattr(module, "run_chains", run_chains)


def test_an_interrupted_run_returns_what_it_has(
    model: aq.Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupt(monkeypatch, past=150)
    with pytest.warns(PartialResultWarning, match=r"interrupted: \d+ of 300000 draws from each"):
        part = aq.sample(300_000, tune=100, chains=2, cores=2, random_seed=3, model=model, **QUIET)
    kept = part.posterior.sizes["draw"]
    assert part.attrs["partial"] == 1
    assert 50 <= kept < 300_000
    assert part.sample_stats.sizes["draw"] == kept
    monkeypatch.undo()
    whole = aq.sample(50, tune=100, chains=2, random_seed=3, model=model, **QUIET)
    np.testing.assert_array_equal(part.posterior["beta"][:, :50], whole.posterior["beta"])


def test_a_run_interrupted_in_its_warmup(model: aq.Model, monkeypatch: pytest.MonkeyPatch) -> None:
    interrupt(monkeypatch, past=0)
    with pytest.warns(PartialResultWarning, match=r"still in their warm-up .* no posterior draws"):
        part = aq.sample(10, tune=300_000, chains=2, cores=2, random_seed=3, model=model, **QUIET)
    assert part.attrs["partial"] == 1
    assert part.warmup_posterior.sizes["draw"] > 0
    assert part.posterior.sizes["draw"] == 0


def test_checks_warn_and_can_be_left_out(model: aq.Model) -> None:
    with pytest.warns(aq.ConvergenceWarning):
        aq.sample(**{**SHORT, "compute_convergence_checks": True}, model=model)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        aq.sample(**SHORT, model=model)


def test_discrete_observations_and_vectors() -> None:
    with aq.Model() as model:
        p = aq.Dirichlet("p", np.ones(3))
        aq.Categorical("obs", p, observed=[0, 1, 2, 1])
    trace = aq.sample(**SHORT, model=model)
    np.testing.assert_allclose(trace.posterior["p"].sum("p_dim_0"), 1)
    assert trace.observed_data["obs"].dtype.kind == "i"


def test_new_data_without_a_new_compilation(model: aq.Model) -> None:
    model = models.regression()
    with unshared():  # another test has sampled the same model
        first = aq.sample(**SHORT, model=model)
    model.set_data({"x": models.X + 1})
    second = aq.sample(**SHORT, model=model)
    assert first.attrs["compile_time"] > 0
    assert second.attrs["compile_time"] == 0
    np.testing.assert_array_equal(second.constant_data["x"], models.X + 1)
    assert not np.any(first.posterior["beta"].values == second.posterior["beta"].values)


def test_changing_a_result_does_not_change_the_model() -> None:
    model = models.regression()
    tree = aq.sample(model=model, **SHORT)
    tree.constant_data["x"].values[:] = 0
    tree.observed_data["obs"].values[:] = 0
    np.testing.assert_array_equal(model["x"].value, models.X)
    np.testing.assert_array_equal(aq.sample(model=model, **SHORT).observed_data["obs"], models.Y)
