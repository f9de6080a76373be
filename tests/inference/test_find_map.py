"""`aq.find_map` against modes in closed form, and what it says where there is none."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import aliquot as aq
from aliquot.errors import ConvergenceWarning, ModelError, PartialResultWarning, StartError
from tests.inference import models

Y = np.array([4, 2, 5, 3])


def gamma_poisson() -> aq.Model:
    with aq.Model() as model:
        rate = aq.Gamma("rate", alpha=3, beta=1)
        aq.Deterministic("twice", 2 * rate)
        aq.Poisson("count", rate, observed=Y)
    return model


# Against closed forms: optimisation stops within a thousandth of a posterior standard deviation.
def test_the_mode_is_that_of_the_variables_own_scale() -> None:
    mode = aq.find_map(model=gamma_poisson(), random_seed=1)
    shape, inverse_scale = 3 + Y.sum(), 1 + len(Y)
    np.testing.assert_allclose(mode["rate"], (shape - 1) / inverse_scale, rtol=1e-6)
    np.testing.assert_allclose(mode["twice"], 2 * mode["rate"])
    assert mode.attrs["converged"] == 1
    assert mode.attrs["partial"] == 0
    assert mode.attrs["jacobian"] == 0


def test_with_the_jacobian_it_is_that_of_the_unconstrained_coordinates() -> None:
    mode = aq.find_map(model=gamma_poisson(), jacobian=True, random_seed=1)
    np.testing.assert_allclose(mode["rate"], (3 + Y.sum()) / (1 + len(Y)), rtol=1e-6)
    assert mode.attrs["jacobian"] == 1


def test_the_log_density_is_the_posterior_density_without_the_jacobian() -> None:
    model = gamma_poisson()
    mode = aq.find_map(model=model, random_seed=1)
    rate = float(mode["rate"])
    expected = float(aq.Gamma.dist(alpha=3, beta=1).log_prob(rate)) + float(
        np.sum(aq.Poisson.dist(rate).log_prob(Y))
    )
    assert mode.attrs["log_density"] == pytest.approx(expected, rel=1e-12)


def test_weights_of_a_dirichlet() -> None:
    counts = np.array([5, 1, 14])
    with aq.Model(coords={"kind": ["a", "b", "c"]}):
        weights = aq.Dirichlet("weights", [2.0, 3.0, 4.0], dims="kind")
        aq.Multinomial("counts", n=20, p=weights, observed=counts)
        mode = aq.find_map(random_seed=1)
    alpha = counts + np.array([2.0, 3.0, 4.0])
    np.testing.assert_allclose(mode["weights"], (alpha - 1) / (alpha.sum() - 3), rtol=1e-6)
    assert mode["weights"].dims == ("kind",)
    assert list(mode["kind"].values) == ["a", "b", "c"]


def test_a_regression() -> None:
    exact = models.regression_posterior()
    mode = aq.find_map(model=models.regression(), random_seed=1)
    np.testing.assert_allclose(mode["beta"], exact.mean, atol=1e-4 * exact.sd.min())


def test_ordered_means_are_in_order_at_the_mode_of_the_unordered() -> None:
    data = np.array([-2.2, 2.9, 3.1, -2.7])
    modes = []
    for transform in (None, aq.transforms.ordered):
        with aq.Model():
            means = aq.Normal("means", 0, 10, shape=2, transform=transform)
            aq.NormalMixture("obs", w=[0.5, 0.5], mu=means, sigma=1, observed=data)
            modes.append(aq.find_map(random_seed=1))
    free, ordered = modes
    np.testing.assert_allclose(np.sort(free["means"]), ordered["means"], atol=1e-4)
    # The ordered prior has log 2! more density, on half of the space.
    gap = ordered.attrs["log_density"] - free.attrs["log_density"]
    assert gap == pytest.approx(np.log(2), abs=1e-6)


def test_components_that_start_alike_do_not_stay_alike() -> None:
    data = np.array([-2.2, 2.9, 3.1, -2.7])
    with aq.Model():
        means = aq.Normal("means", 0, 10, shape=2)
        aq.NormalMixture("obs", w=[0.5, 0.5], mu=means, sigma=1, observed=data)
        mode = aq.find_map(start={"means": [0.3, 0.3]}, restarts=0)
    low, high = np.sort(mode["means"])
    assert low < -2
    assert high > 2
    assert mode.attrs["converged"] == 1


def test_discrete_variables_are_summed_out() -> None:
    data = np.array([-2.2, 2.9, 3.1, -2.7, 0.2])
    modes = []
    for written_out in (False, True):
        with aq.Model():
            weights = aq.Dirichlet("weights", [2.0, 2.0])
            means = aq.Normal("means", 0, 10, shape=2, transform=aq.transforms.ordered)
            if written_out:
                z = aq.Categorical("z", p=weights, shape=5)
                aq.Deterministic("own", means[z])
                aq.Normal("obs", means[z], 1, observed=data)
            else:
                aq.NormalMixture("obs", w=weights, mu=means, sigma=1, observed=data)
            modes.append(aq.find_map(random_seed=1))
    by_hand, summed = modes
    assert set(summed.data_vars) == {"weights", "means"}
    np.testing.assert_allclose(summed["means"], by_hand["means"], rtol=1e-4)
    np.testing.assert_allclose(summed["weights"], by_hand["weights"], rtol=1e-4)
    assert summed.attrs["log_density"] == pytest.approx(by_hand.attrs["log_density"], rel=1e-9)


def test_the_same_seed_gives_the_same_mode() -> None:
    first, second = (aq.find_map(model=models.regression(), random_seed=4) for _ in range(2))
    np.testing.assert_array_equal(first["beta"], second["beta"])
    assert first.attrs["random_seed"] == 4


# Where there is none ------------------------------------------------------------------------------


def test_a_hierarchical_scale_that_runs_to_zero_is_said() -> None:
    y, sigma = (
        np.array([28.0, 8, -3, 7, -1, 1, 18, 12]),
        np.array([15.0, 10, 16, 11, 9, 11, 10, 18]),
    )
    with aq.Model():
        mu, tau = aq.Normal("mu", 0, 5), aq.HalfCauchy("tau", 5)
        theta = aq.Normal("theta", mu, tau, shape=8)
        aq.Normal("obs", theta, sigma, observed=y)
        with pytest.warns(
            ConvergenceWarning, match=r"did not converge.*Furthest .*: tau_log__ = -"
        ):
            mode = aq.find_map(random_seed=1)
    assert mode.attrs["converged"] == 0


def test_a_density_that_is_infinite_at_the_edge_is_said() -> None:
    with aq.Model():
        aq.Beta("share", 0.5, 0.5)
        with pytest.warns(ConvergenceWarning, match="edge of a support"):
            aq.find_map(random_seed=1)


def test_an_infinite_density_is_said_by_name() -> None:
    with aq.Model():
        x = aq.Normal("x", 0, 1)
        aq.Potential("spike", np.where(x > 0.5, np.inf, x))
        with pytest.warns(ConvergenceWarning, match=r"density is infinite \('spike'\)"):
            mode = aq.find_map(random_seed=1)
    assert mode.attrs["log_density"] == np.inf


def test_too_few_iterations_are_said() -> None:
    with pytest.warns(ConvergenceWarning, match=r"raise maxiter=|Raise maxiter="):
        mode = aq.find_map(model=gamma_poisson(), restarts=0, maxiter=1)
    assert mode.attrs["converged"] == 0


def test_a_model_without_a_start_names_the_variable() -> None:
    with aq.Model():
        x = aq.Normal("x", 0, 1)
        aq.Potential("never", np.where(x > 100, x, -np.inf))
        with pytest.raises(StartError, match="'never'") as caught:
            aq.find_map(random_seed=1)
    cause = caught.value.__cause__
    assert isinstance(cause, StartError) and "not finite at the start point" in str(cause)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"restarts": -1}, "restarts must be a whole number of at least 0; got -1"),
        ({"restarts": True}, "restarts must be"),
        ({"maxiter": 0}, "maxiter must be a whole number of at least 1; got 0"),
        ({"start": {"nothing": 1}}, "'nothing' is not a free variable"),
        ({"model": 3}, r"model must be an aq\.Model"),
    ],
)
def test_wrong_arguments_are_named(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ModelError, match=message):
        aq.find_map(**({"model": gamma_poisson()} | arguments))


# Ctrl-C -------------------------------------------------------------------------------------------


def test_an_interrupted_result_is_marked(monkeypatch: pytest.MonkeyPatch) -> None:
    from aliquot.inference import find_map as module

    whole = module._climber

    def cut(density: Any, jacobian: bool, stop: Any) -> Any:
        climber, asked = whole(density, jacobian, stop), []

        def stopped() -> bool:
            asked.append(None)
            return len(asked) > 2

        climber._stopped = stopped
        return climber

    monkeypatch.setattr(module, "_climber", cut)
    with pytest.warns(PartialResultWarning, match="marked as partial"):
        mode = aq.find_map(model=gamma_poisson(), random_seed=1)
    assert mode.attrs["partial"] == 1
    assert mode.attrs["converged"] == 0
    assert np.isfinite(mode["rate"])
