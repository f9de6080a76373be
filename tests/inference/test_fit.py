"""`aq.ADVI`, `aq.FullRankADVI` and `aq.fit`: from a model to an approximation and its draws."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import aliquot as aq
from aliquot.errors import FitError, ModelError
from tests.inference import models
from tests.variational.members import numbers

QUIET: dict[str, Any] = {"progressbar": False, "check": False}


@pytest.fixture(scope="module")
def model() -> aq.Model:
    return models.regression()


@pytest.fixture(scope="module")
def full(model: aq.Model) -> aq.Approximation:
    return aq.FullRankADVI(model=model, random_seed=1).fit(8_000, progressbar=False)


def test_full_rank_finds_a_gaussian_posterior(full: aq.Approximation) -> None:
    exact = models.regression_posterior()
    # The optimum is the posterior itself; what is left is the optimiser's noise.
    np.testing.assert_allclose(full.mean, exact.mean, atol=0.15 * exact.sd.min())
    np.testing.assert_allclose(full.std, exact.sd, rtol=0.15)
    assert full.covariance.shape == (2, 2)
    assert full.labels == ["beta[0]", "beta[1]"]
    assert full.quality is not None
    assert full.quality.pareto_k < 0.7
    assert not full.partial


def test_its_elbo_is_near_the_log_evidence(full: aq.Approximation) -> None:
    design = np.stack([np.ones_like(models.X), models.X], axis=1)
    covariance = models.PRIOR**2 * design @ design.T + models.NOISE**2 * np.eye(5)
    _, logdet = np.linalg.slogdet(2 * np.pi * covariance)
    evidence = -0.5 * (logdet + models.Y @ np.linalg.solve(covariance, models.Y))
    elbo = full.elbo(4_000, random_seed=1)
    assert elbo.value < evidence + 4 * elbo.mcse
    assert elbo.value > evidence - 0.05 - 4 * elbo.mcse


def test_draws_are_a_tree(full: aq.Approximation) -> None:
    tree = full.sample(400, random_seed=1)
    assert set(tree.children) == {"posterior", "observed_data", "constant_data"}
    assert tree.posterior["beta"].dims == ("chain", "draw", "term")
    assert tree.posterior["beta"].shape == (1, 400, 2)
    assert tree.posterior["mu"].shape == (1, 400, 5)
    assert tree.attrs["sampler"] == "FullRankADVI"
    assert tree.attrs["iterations"] == 8_000
    np.testing.assert_array_equal(
        tree.posterior["beta"], full.sample(400, random_seed=1).posterior["beta"]
    )
    assert "FullRankADVI approximation of 2 coordinates, ELBO" in repr(full)


def test_draws_predict(full: aq.Approximation, model: aq.Model) -> None:
    tree = aq.sample_posterior_predictive(full.sample(50, random_seed=1), model=model)
    assert tree.posterior_predictive["obs"].shape == (1, 50, 5)


def test_fitting_goes_on_and_is_repeatable(model: aq.Model) -> None:
    advi = aq.ADVI(model=model, random_seed=2)
    first = advi.fit(300, **QUIET)
    second = advi.fit(200, **QUIET)
    assert (len(first.hist), len(second.hist), len(advi.hist)) == (300, 500, 500)
    with model:
        again = aq.ADVI(random_seed=2)
    again.fit(300, **QUIET)
    np.testing.assert_array_equal(first.hist, again.hist)
    assert advi.approx.method == "ADVI"
    assert advi.seed == 2


def test_without_a_seed_there_is_a_fresh_one_that_is_known(model: aq.Model) -> None:
    advi, other = aq.ADVI(model=model), aq.ADVI(model=model)
    assert advi.seed != other.seed
    again = aq.ADVI(model=model, random_seed=advi.seed)
    first, second = (numbers(fit.fit(100, **QUIET)) for fit in (advi, again))
    np.testing.assert_array_equal(first, second)


def test_draws_without_a_seed_are_others_each_time(full: aq.Approximation) -> None:
    one, other = (full.sample(10).posterior["beta"].values for _ in range(2))
    assert (one != other).all()


def test_starts_are_on_the_variables_own_scale() -> None:
    with aq.Model() as model:
        aq.HalfNormal("s", 1)
    advi = aq.ADVI(model=model, random_seed=1, start={"s": 100.0})
    np.testing.assert_allclose(advi.approx.mean, np.log(100.0))
    with pytest.raises(ModelError, match="'t' is not a free variable of the model"):
        aq.ADVI(model=model, start={"t": 1.0})


def test_callbacks_see_approximations_and_can_stop(model: aq.Model) -> None:
    seen: list[tuple[int, float]] = []

    def callback(approx: aq.Approximation, hist: np.ndarray, i: int) -> None:
        assert isinstance(approx, aq.Approximation)
        seen.append((i, float(hist[-1])))
        if len(seen) == 2:
            raise StopIteration

    approx = aq.fit(1_000, model=model, random_seed=1, callbacks=[callback], every=100, **QUIET)
    assert len(seen) == 2
    assert len(approx.hist) == 200
    assert approx.stopped


def test_methods(model: aq.Model) -> None:
    approx = aq.fit(100, method="fullrank_advi", model=model, random_seed=1, **QUIET)
    assert approx.method == "FullRankADVI"
    with pytest.raises(
        ModelError, match=r"method must be one of 'laplace', .*'advi', 'fullrank_advi'; got"
    ):
        aq.fit(100, method="nuts", model=model)
    with pytest.raises(TypeError, match="speed"):
        aq.fit(100, model=model, speed=3)


def test_a_loss_that_is_not_finite_names_the_variable() -> None:
    with aq.Model() as model:
        x = aq.Normal("x", 0, 10)
        aq.Normal("obs", 0, x, observed=[1.0, 2.0], shape=2)
    with pytest.raises(FitError, match="x") as caught:
        # Of 500 iterations one draws x < 0 in two fits out of three, of 20,000 in all.
        aq.ADVI(model=model, random_seed=1, start={"x": 0.5}).fit(20_000, **QUIET)
    assert "not finite" in str(caught.value)


def test_models_that_cannot_be_fitted() -> None:
    with aq.Model() as model:
        aq.Normal("obs", observed=[1.0])
    with pytest.raises(ModelError, match="no free variables"):
        aq.ADVI(model=model)


def test_draws_go_with_the_data_of_the_fit() -> None:
    model = models.regression()
    approx = aq.ADVI(model=model, random_seed=1).fit(50, **QUIET)
    before = approx.sample(5, random_seed=2)
    model.set_data({"x": [1.0, 2.0]}, coords={"row": ["f", "g"]})
    after = approx.sample(5, random_seed=2)
    for group in ("posterior", "observed_data", "constant_data"):
        assert before[group].dataset.equals(after[group].dataset)


def test_an_approximation_takes_attributes(full: aq.Approximation) -> None:
    full.note = "mine"  # type: ignore[attr-defined]
    assert full.note == "mine"  # type: ignore[attr-defined]
