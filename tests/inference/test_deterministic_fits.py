"""`aq.fit` by deterministic methods: against closed forms and quadrature, and what it says."""

from __future__ import annotations

import signal
import warnings
from functools import cache
from typing import Any

import numpy as np
import pytest

import aliquot as aq
from aliquot.errors import (
    ConvergenceWarning,
    FitError,
    ModelError,
    PartialResultWarning,
    StartError,
)
from aliquot.inference import deterministic
from aliquot.inference.approximation import Approximation
from aliquot.newton.climb import Climber
from aliquot.variational.fixed_draws.few_draws import FewDraws
from aliquot.variational.heights import Gradients
from tests.inference import models
from tests.seeds import fixed

QUIET: dict[str, Any] = {"progressbar": False, "random_seed": 1}
METHODS = list(deterministic.DETERMINISTIC)
# The classic model's ordered half, by quadrature.
MEAN, SD, CORRELATION = np.array([-0.88681, 1.13043]), np.array([0.18511, 0.17405]), 0.1376
LOG_EVIDENCE = -180.50878


def data() -> np.ndarray:
    rng = fixed(0)  # what is known of it by quadrature is known of these data
    z = rng.integers(0, 2, 100)
    return rng.normal(np.array([-1.0, 1.0])[z], 1.0)


@cache
def classic(ordered: bool = True) -> aq.Model:
    transform = aq.transforms.ordered if ordered else None
    with aq.Model(coords={"component": ["low", "high"]}) as model:
        means = aq.Normal("means", 0, 10, dims="component", transform=transform)
        aq.Deterministic("gap", means[1] - means[0])
        z = aq.Bernoulli("z", 0.5, shape=100)
        aq.Normal("y", means[z], 1, observed=data())
    return model


@cache
def fitted(method: str, ordered: bool = True) -> Approximation:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return aq.fit(method=method, model=classic(ordered), **QUIET)


@pytest.mark.parametrize("method", METHODS)
def test_a_gaussian_posterior_is_found_exactly(method: str) -> None:
    exact = models.regression_posterior()
    approx = aq.fit(method=method, model=models.regression(), **QUIET)
    tolerance = {"laplace": 1e-6, "dadvi": 1e-4, "fullrank": 1e-2, "pathfinder": 0.5}[method]
    np.testing.assert_allclose((approx.mean - exact.mean) / exact.sd, 0, atol=tolerance)
    np.testing.assert_allclose(
        approx.covariance / np.outer(exact.sd, exact.sd),
        exact.covariance / np.outer(exact.sd, exact.sd),
        atol=2 * tolerance,
    )
    assert approx.quality is not None
    assert approx.quality.good
    assert not approx.partial


@pytest.mark.parametrize("ordered", [True, False])
@pytest.mark.parametrize("method", METHODS)
def test_corrected_draws_are_those_of_the_posterior(method: str, ordered: bool) -> None:
    tree = fitted(method, ordered).sample(8000, corrected=True, random_seed=2)
    assert tree.attrs["corrected"]
    assert tree.attrs["pareto_k"] < 0.7
    means = np.sort(tree.posterior["means"].values[0], axis=1)
    # Resampled draws have a little more error than independent ones.
    error = 4.5 / np.sqrt(0.6 * min(8000, tree.attrs["importance_ess"]))
    np.testing.assert_allclose((means.mean(axis=0) - MEAN) / SD, 0, atol=error)
    np.testing.assert_allclose(means.std(axis=0) / SD, 1, atol=error)
    assert np.corrcoef(means.T)[0, 1] == pytest.approx(CORRELATION, abs=error)


@pytest.mark.parametrize("draws", [100, 3000, 8000])
def test_corrected_draws_are_hardly_ever_drawn_twice(draws: int) -> None:
    tree = fitted("laplace").sample(draws, corrected=True, random_seed=3)
    means = tree.posterior["means"].values[0]
    assert tree.attrs["importance_ess"] >= draws
    assert len(np.unique(means, axis=0)) > 0.98 * draws


@pytest.mark.parametrize("ordered", [True, False])
@pytest.mark.parametrize("method", METHODS)
def test_the_evidence_counts_all_mirror_modes(method: str, ordered: bool) -> None:
    quality = fitted(method, ordered).quality
    assert quality is not None
    assert quality.evidence is not None
    assert quality.images == (1 if ordered else 2)
    assert abs(quality.evidence.value - LOG_EVIDENCE) < max(5 * quality.evidence.mcse, 0.02)
    assert quality.gap > -5 * quality.evidence.mcse


def test_linear_response_sees_what_the_mean_field_cannot() -> None:
    approx = fitted("dadvi")
    assert approx.mean_field is not None
    draws = {
        name: approx.sample(20_000, covariance=name, random_seed=3).posterior["means"].values[0]
        for name in ("linear_response", "mean_field")
    }
    response, narrow = draws["linear_response"], draws["mean_field"]
    # Figures of an independent implementation: sd (.1833, .1742), correlation .142; mean-field
    # says (.125, .224).
    np.testing.assert_allclose(response.std(axis=0), [0.1833, 0.1742], rtol=0.06)
    assert np.corrcoef(response.T)[0, 1] == pytest.approx(0.142, abs=0.06)
    np.testing.assert_allclose(narrow.std(axis=0), [0.125, 0.21], rtol=0.12)
    np.testing.assert_array_equal(
        approx.sample(5, random_seed=3).posterior["means"],
        approx.sample(5, covariance="linear_response", random_seed=3).posterior["means"],
    )
    assert approx.quality is not None
    assert approx.quality.draws_error is not None
    assert approx.quality.draws_error < 0.06


def test_a_covariance_that_a_fit_does_not_have_is_refused() -> None:
    with pytest.raises(ModelError, match="only a fit by method='dadvi' has several"):
        fitted("laplace").sample(10, covariance="linear_response")
    with pytest.raises(ModelError, match="covariance must be 'linear_response' or 'mean_field'"):
        fitted("dadvi").sample(10, covariance="full")


def test_everything_comes_along() -> None:
    tree = fitted("laplace").sample(50, random_seed=1)
    assert tree.posterior["means"].dims == ("chain", "draw", "component")
    np.testing.assert_allclose(
        tree.posterior["gap"], tree.posterior["means"][..., 1] - tree.posterior["means"][..., 0]
    )
    assert "observed_data" in tree
    assert tree.attrs["sampler"] == "Laplace"
    found = aq.recover(tree, model=classic(), random_seed=1)
    assert found.posterior["z"].shape == (1, 50, 100)


def test_standard_errors_are_on_the_scale_of_the_variables() -> None:
    errors = fitted("laplace").standard_errors()
    assert errors["means"].dims == ("component",)
    # By the curvature at the mode; the posterior's own are not far.
    np.testing.assert_allclose(errors["means"], SD, rtol=0.06)
    low, high = errors["means"].values
    draws = fitted("laplace").sample(20_000, random_seed=1).posterior["means"].values[0]
    correlation = np.corrcoef(draws.T)[0, 1]
    gap = np.sqrt(low**2 + high**2 - 2 * correlation * low * high)
    assert float(errors["gap"]) == pytest.approx(gap, rel=0.05)


def test_permuted_draws_visit_all_mirror_modes() -> None:
    tree = fitted("laplace", False).sample(
        2000, corrected=True, label_switching="permute", random_seed=1
    )
    first = (tree.posterior["means"][0, :, 0] < 0).mean()
    assert abs(float(first) - 0.5) < 4.5 * 0.5 / np.sqrt(2000)


def test_the_same_seed_gives_the_same() -> None:
    one, other = (aq.fit(method="laplace", model=classic(), **QUIET) for _ in range(2))
    np.testing.assert_array_equal(one.mean, other.mean)
    first, second = (a.sample(20, corrected=True, random_seed=4) for a in (one, other))
    np.testing.assert_array_equal(first.posterior["means"], second.posterior["means"])


# Several modes -----------------------------------------------------------------------------------


def test_modes_that_are_no_mirror_images_are_all_there() -> None:
    with aq.Model() as model:
        x = aq.Normal("x", 1, 3)
        aq.Normal("y", x**2, 0.5, observed=9.0)
    approx = aq.fit(method="laplace", model=model, **QUIET)
    assert approx.quality is not None
    assert approx.quality.modes == 2
    assert "2 modes found" in repr(approx)
    grid = np.linspace(-5, 5, 20_001)
    density = np.exp(-0.5 * ((grid - 1) / 3) ** 2 - 0.5 * ((9 - grid**2) / 0.5) ** 2)
    density /= density.sum()
    x = approx.sample(8000, corrected=True, random_seed=1).posterior["x"].values
    share = density[grid > 0].sum()
    assert abs((x > 0).mean() - share) < 4.5 * np.sqrt(share * (1 - share) / 4000)
    assert abs(x.mean() - grid @ density) < 4.5 * 3 / np.sqrt(4000)


# Which method ------------------------------------------------------------------------------------


def test_without_a_method_one_is_chosen_and_said(capsys: pytest.CaptureFixture[str]) -> None:
    approx = aq.fit(model=models.regression(), random_seed=1)
    assert approx.method == "Laplace"
    said = capsys.readouterr()
    assert "Laplace was chosen: Pareto k of laplace is" in said.out + said.err


def test_iterations_ask_for_advi(capsys: pytest.CaptureFixture[str]) -> None:
    approx = aq.fit(300, model=models.regression(), random_seed=1, check=False)
    assert approx.method == "ADVI"
    assert approx.hist.shape == (300,)
    said = capsys.readouterr()
    assert "ADVI was chosen because n= was given" in said.out + said.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"method": "nuts"}, "method must be one of 'laplace'"),
        ({"method": "laplace", "n": 100}, "n= is for the stochastic methods"),
        ({"method": "dadvi", "n_samples": 3}, "n_samples= is for the stochastic methods"),
        ({"method": "advi", "restarts": 3}, "restarts= is of no use to method='advi'"),
        ({"method": "laplace", "restarts": -1}, "restarts must be a whole number"),
        ({"method": "laplace", "start": {"nothing": 1}}, "'nothing' is not a free variable"),
    ],
)
def test_wrong_arguments_are_named(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ModelError, match=message):
        aq.fit(**arguments, model=models.regression(), progressbar=False)


# What cannot be fitted ---------------------------------------------------------------------------


def schools(centred: bool = True) -> aq.Model:
    y = np.array([28.0, 8, -3, 7, -1, 1, 18, 12])
    sigma = np.array([15.0, 10, 16, 11, 9, 11, 10, 18])
    with aq.Model() as model:
        mu, tau = aq.Normal("mu", 0, 5), aq.HalfCauchy("tau", 5)
        if centred:
            theta = aq.Normal("theta", mu, tau, shape=8)
        else:
            theta = mu + tau * aq.Normal("offset", 0, 1, shape=8)
        aq.Normal("obs", theta, sigma, observed=y)
    return model


def test_a_funnel_is_said_and_not_used() -> None:
    """Its density is highest where the scale is zero: there is no mode."""
    with pytest.raises(FitError, match=r"method='laplace': .*tau"):
        aq.fit(method="laplace", model=schools(), **QUIET)
    with pytest.warns(ConvergenceWarning, match=r"DADVI: Pareto k.*aq.sample"):
        approx = aq.fit(method="dadvi", model=schools(), **QUIET)
    with pytest.raises(FitError, match=r"corrected=True: Pareto k of the DADVI fit.* Above 0.7"):
        approx.sample(100, corrected=True, random_seed=1)


def test_an_improper_posterior_names_the_variables() -> None:
    with aq.Model() as model:
        a, b = aq.Flat("a"), aq.Flat("b")
        aq.Normal("scale_free", 0, 1)
        aq.Normal("obs", a + b, 1, observed=[1.0, 2.0])
    with pytest.raises(FitError, match=r"not definite.*\b[ab]\b.*\b[ab]\b.*proper priors"):
        aq.fit(method="laplace", model=model, **QUIET)


@pytest.mark.parametrize("method", METHODS)
def test_a_model_of_discrete_unknowns_is_refused(method: str) -> None:
    with aq.Model() as model:
        z = aq.Bernoulli("z", 0.5)
        aq.Normal("obs", z * 2.0, 1, observed=1.5)
    with pytest.raises(ModelError, match=r"aq.fit: all unknowns of the model are discrete"):
        aq.fit(method=method, model=model, **QUIET)


@pytest.mark.parametrize("method", METHODS)
def test_no_start_names_the_variable(method: str) -> None:
    with aq.Model() as model:
        x = aq.Normal("x", 0, 1)
        aq.Potential("never", np.where(x > 100, x, -np.inf))
    with pytest.raises((StartError, FitError), match="'never'"):
        aq.fit(method=method, model=model, **QUIET)


# Ctrl-C ------------------------------------------------------------------------------------------


def interrupting(owner: Any, name: str, at: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Press Ctrl-C while something is called for the `at`-th time."""
    whole, asked = getattr(owner, name), []

    def cut(*args: Any, **kwargs: Any) -> Any:
        asked.append(None)
        if len(asked) == at:
            signal.raise_signal(signal.SIGINT)
        return whole(*args, **kwargs)

    monkeypatch.setattr(owner, name, cut)


@pytest.mark.parametrize(
    ("method", "owner", "name", "at"),
    [
        ("laplace", Climber, "_call", 4),
        ("dadvi", Climber, "_call", 4),
        ("dadvi", FewDraws, "climbed", 1),
        ("dadvi", Gradients, "__call__", 3),
        ("fullrank", Gradients, "__call__", 1),
        ("pathfinder", Gradients, "__call__", 6),
        (None, Climber, "_call", 4),
    ],
)
def test_an_interrupted_fit_keeps_what_it_had(
    method: str | None, owner: Any, name: str, at: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupting(owner, name, at, monkeypatch)
    with pytest.warns(PartialResultWarning, match="marked partial"):
        approx = aq.fit(method=method, model=classic(), **QUIET)
    assert approx.partial
    assert np.all(np.isfinite(approx.mean))
    assert approx.sample(10, random_seed=1).attrs["partial"]


def test_an_interrupted_search_for_the_mode_keeps_the_best(monkeypatch: pytest.MonkeyPatch) -> None:
    interrupting(Climber, "climb", 3, monkeypatch)
    with pytest.warns(PartialResultWarning):
        mode = aq.find_map(model=classic(), random_seed=1, restarts=4)
    assert mode.attrs["partial"] == 1
    assert np.all(np.isfinite(mode["means"]))


# NUTS from a fit ---------------------------------------------------------------------------------


def test_chains_start_from_a_fit_with_its_metric() -> None:
    trace = aq.sample(500, tune=60, chains=2, init=fitted("laplace"), model=classic(), **QUIET)
    assert trace.attrs["init"] == "a fit by Laplace"
    assert trace.attrs["metric"] == "adapt_full"
    means = trace.posterior["means"].values.reshape(-1, 2)
    # The effective size is a few hundred.
    np.testing.assert_allclose((means.mean(axis=0) - MEAN) / SD, 0, atol=4.5 / np.sqrt(200))


def test_a_fit_of_another_model_is_refused() -> None:
    with pytest.raises(ModelError, match=r"init: the approximation is of a model with .*means"):
        aq.sample(init=fitted("laplace"), model=models.regression(), **QUIET)
    with pytest.raises(ModelError, match="leave initvals= out"):
        aq.sample(init=fitted("laplace"), initvals={"means": [0, 1]}, model=classic(), **QUIET)
