"""``aq.sample(sampler="tempered")``: shares of modes, evidence, results, what it refuses."""

from __future__ import annotations

import _thread
import json
import warnings
from typing import Any

import numpy as np
import pytest
from scipy import stats

import aliquot as aq
from aliquot.diagnostics.statistics import effective_size
from aliquot.errors import ModelError, PartialResultWarning
from tests.tempering.test_run import hold

QUIET: dict[str, Any] = {
    "sampler": "tempered",
    "progressbar": False,
    "compute_convergence_checks": False,
}
SHORT: dict[str, Any] = QUIET | {"draws": 40, "tune": 40, "chains": 2, "random_seed": 1}


def seed() -> int:
    return int(np.random.default_rng(4).integers(2**31))


def square() -> aq.Model:
    """Return a model with a mode at 3, where the prior is, and one at -3."""
    with aq.Model() as model:
        mu = aq.Normal("mu", 3, 3)
        aq.Normal("y", mu**2, 1, observed=9.0)
    return model


def far_apart() -> aq.Model:
    with aq.Model() as model:
        aq.NormalMixture("x", w=[0.3, 0.7], mu=[-20.0, 20.0], sigma=1)
    return model


def worth(low: np.ndarray) -> float:
    return float(effective_size(low[None])[0])


def check_share(x: np.ndarray, share: float) -> None:
    low = (x < 0).astype(float)
    assert abs(low.mean() - share) < 5 * np.sqrt(share * (1 - share) / worth(low)) < 0.25


def check_evidence(trace: Any, exact: float) -> None:
    found, error = trace.attrs["log_evidence"], trace.attrs["log_evidence_error"]
    assert abs(found - exact) < 6 * error < 0.6


@pytest.mark.slow
def test_far_modes_of_a_prior_without_data() -> None:
    trace = aq.sample(500, tune=300, random_seed=seed(), model=far_apart(), **QUIET)
    check_share(trace.posterior["x"].values, 0.3)
    check_evidence(trace, 0.0)
    assert trace.attrs["reference"] == "a fit around the modes"


def test_modes_of_a_square() -> None:
    grid = np.linspace(-15, 15, 100_001)
    heights = stats.norm.pdf(grid, 3, 3) * stats.norm.pdf(9, grid**2, 1)
    total = heights.sum()
    trace = aq.sample(500, tune=300, random_seed=seed(), model=square(), **QUIET)
    check_share(trace.posterior["mu"].values, heights[grid < 0].sum() / total)
    check_evidence(trace, np.log(total * (grid[1] - grid[0])))
    assert trace.attrs["reference"] == "the prior"


@pytest.mark.slow
def test_modes_of_an_improper_model() -> None:
    with aq.Model() as model:
        x = aq.Flat("x", shape=2)
        center = np.array([8.0, 5.0])
        low = -0.5 * ((x + center) ** 2).sum() + np.log(0.3)
        high = -0.5 * ((x - center) ** 2).sum() + np.log(0.7)
        aq.Potential("p", aq.math.logsumexp(aq.math.stack([low, high])))
    trace = aq.sample(500, tune=300, random_seed=seed(), model=model, **QUIET)
    check_share(trace.posterior["x"].values[..., 0], 0.3)
    check_evidence(trace, np.log(2 * np.pi))
    with pytest.raises(ModelError, match="improper"):
        aq.log_evidence(trace, model)


@pytest.mark.slow
@pytest.mark.parametrize("begin", ["prior", "fit"])
def test_the_evidence_of_a_conjugate_model(begin: str) -> None:
    y = np.random.default_rng(8).normal(2, 1, 12)
    with aq.Model() as model:
        mu = aq.Normal("mu", 0, 30)
        aq.Normal("y", mu, 1, observed=y)
    exact = stats.multivariate_normal(np.zeros(12), np.eye(12) + 900.0).logpdf(y)
    how: dict[str, Any] = {}
    if begin == "fit":
        how = {"init": aq.fit(method="laplace", model=model, random_seed=1, progressbar=False)}
    trace = aq.sample(500, tune=300, random_seed=seed(), model=model, **QUIET, **how)
    check_evidence(trace, exact)
    found = aq.log_evidence(trace, model)
    assert found.method == "tempering"
    assert found.value == trace.attrs["log_evidence"]
    assert found.good
    assert "stepping stones" in repr(found)
    posterior = np.array([y.sum() / (12 + 1 / 900), (12 + 1 / 900) ** -0.5])
    draws = trace.posterior["mu"].values
    assert abs(draws.mean() - posterior[0]) < 5 * posterior[1] / np.sqrt(worth(draws))
    assert trace.attrs["reference"] == ("the prior" if begin == "prior" else "a fit by Laplace")


@pytest.mark.slow
def test_labels_are_met_in_all_orders() -> None:
    rng = np.random.default_rng(2)
    y = np.concatenate([rng.normal(-4, 1, 12), rng.normal(4, 1, 24)])
    with aq.Model() as model:
        w = aq.Dirichlet("w", np.ones(2))
        mu = aq.Normal("mu", 0, 5, shape=2)
        z = aq.Categorical("z", w, shape=36)
        aq.Normal("y", mu[z], 1, observed=y)
    trace = aq.sample(500, tune=400, random_seed=seed(), model=model, **QUIET)
    check_share(np.diff(trace.posterior["mu"].values)[..., 0], 0.5)
    bridged = aq.sample(1000, random_seed=seed(), model=model, progressbar=False,
                        compute_convergence_checks=False)  # fmt: skip
    other = aq.log_evidence(bridged, model, random_seed=1)
    error = np.hypot(trace.attrs["log_evidence_error"], other.error)
    assert abs(trace.attrs["log_evidence"] - other.value) < 6 * error < 0.6


@pytest.mark.slow
def test_a_fit_of_one_mirror_mode_is_no_evidence_of_all() -> None:
    with aq.Model() as model:
        mu = aq.Normal("mu", 0, 5, shape=2)
        y = np.array([-4.0, -3.6, -4.4, 3.5, 4.2, 4.1, 4.0])
        aq.NormalMixture("y", w=[0.5, 0.5], mu=mu, sigma=1, observed=y)
    fit = aq.fit(method="laplace", model=model, random_seed=1, progressbar=False)
    trace = aq.sample(**SHORT | {"draws": 200, "tune": 100}, init=fit, model=model)
    assert "log_evidence" not in trace.attrs
    found = aq.log_evidence(trace, model, random_seed=1)
    assert found.method == "bridge"
    assert found.images == 2


def test_what_is_in_the_results() -> None:
    model = square()
    trace = aq.sample(**SHORT, model=model, keep_warmup=True, keep_unconstrained=True)
    plain = aq.sample(40, tune=40, chains=2, random_seed=1, model=model, progressbar=False,
                      moves="nuts", compute_convergence_checks=False)  # fmt: skip
    assert set(plain.sample_stats) < set(trace.sample_stats)
    assert set(trace.sample_stats) - set(plain.sample_stats) == {"round_trips", "replica"}
    a = trace.attrs
    assert (a["sampler"], a["tuning_steps"], a["draws"], a["chains"]) == ("tempered", 40, 40, 2)
    betas = json.loads(a["beta"])
    assert betas[0] == 0
    assert betas[-1] == 1
    assert np.shape(json.loads(a["swap_acceptance"])) == (2, len(betas) - 1)
    trips = trace.sample_stats["round_trips"]
    assert trips.isel(draw=-1).values.tolist() == json.loads(a["round_trips"])
    assert trace.sample_stats["replica"].shape == (2, 40, len(betas))
    assert set(trace.warmup_sample_stats) == set(plain.sample_stats)  # rungs come and go there
    assert trace.warmup_posterior["mu"].shape == (2, 40)
    assert aq.check(trace).facts is not None
    heights = [model.density().evaluate([x]) for x in trace.posterior["mu"].values.ravel()]
    np.testing.assert_allclose(trace.sample_stats["lp"].values.ravel(), heights, rtol=1e-9)


def test_a_seed_gives_the_same_draws_on_any_number_of_cores() -> None:
    model = square()
    one = aq.sample(**SHORT, cores=1, model=model)
    two = aq.sample(**SHORT, cores=2, model=model)
    np.testing.assert_array_equal(one.posterior["mu"], two.posterior["mu"])
    assert one.attrs["log_evidence"] == two.attrs["log_evidence"]
    other = aq.sample(**SHORT | {"random_seed": 2}, model=model)
    assert not np.array_equal(one.posterior["mu"], other.posterior["mu"])


def test_other_data_use_the_same_program() -> None:
    with aq.Model() as model:
        mu = aq.Normal("mu", 0, 2)
        y = aq.Data("y", [0.0, 1.0, 2.0])
        aq.Normal("obs", mu, 1, observed=y)
    aq.sample(**SHORT, model=model)
    aq.set_data({"y": [10.0, 11.0, 12.0]}, model=model)
    again = aq.sample(**SHORT, model=model)
    assert again.attrs["compile_cached"] == 1
    assert again.posterior["mu"].mean() > 5


def test_starts_that_are_given() -> None:
    trace = aq.sample(
        **SHORT | {"tune": 0, "draws": 1}, model=square(), initvals={"mu": -3.0}, init="adapt_full"
    )
    assert np.all(np.abs(trace.posterior["mu"] + 3) < 2.5)


def press(monkeypatch: pytest.MonkeyPatch, past: int) -> None:
    """Press Ctrl-C once every chain is past so many draws, which it does not leave before."""
    import aliquot.inference.tempered as module

    hold(monkeypatch, past)
    original, pressed = module.sample_tempered, []

    def run(*args: Any, **kwargs: Any) -> Any:
        def on_progress(chains: Any) -> None:
            if all(chain.done > past for chain in chains) and not pressed:
                pressed.append(True)
                _thread.interrupt_main()

        return original(*args, **{**kwargs, "on_progress": on_progress})

    monkeypatch.setattr(module, "sample_tempered", run)


def test_an_interrupted_run_returns_what_it_has(monkeypatch: pytest.MonkeyPatch) -> None:
    press(monkeypatch, past=100)
    with pytest.warns(PartialResultWarning, match=r"interrupted: \d+ of 20000 draws from each"):
        part = aq.sample(**SHORT | {"draws": 20_000}, cores=2, model=square())
    kept = part.posterior.sizes["draw"]
    assert part.attrs["partial"] == 1
    assert 40 <= kept < 20_000
    assert np.isfinite(part.attrs["log_evidence"])
    monkeypatch.undo()
    whole = aq.sample(**SHORT, model=square())
    np.testing.assert_array_equal(part.posterior["mu"][:, :40], whole.posterior["mu"])


def test_a_run_interrupted_in_its_warm_up(monkeypatch: pytest.MonkeyPatch) -> None:
    press(monkeypatch, past=3)
    with pytest.warns(PartialResultWarning, match=r"still in their warm-up .* no posterior draws"):
        part = aq.sample(**SHORT | {"tune": 20_000}, cores=2, model=square())
    assert part.warmup_posterior.sizes["draw"] > 0
    assert "log_evidence" not in part.attrs


def test_what_is_refused() -> None:
    model = square()
    with pytest.raises(ModelError, match=r"sampler must be 'nuts' or 'tempered'; got 'temperd'"):
        aq.sample(sampler="temperd", model=model)
    with pytest.raises(ModelError, match=r"init='jitter\+adapt_diag_grad' with sampler='tempered'"):
        aq.sample(**SHORT, init="jitter+adapt_diag_grad", model=model)
    trace = aq.sample(**SHORT, init="jitter+adapt_diag", model=model)
    assert trace.attrs["metric"] == "adapt_diag"


def test_a_model_of_discrete_variables_alone_is_drawn_from_exactly() -> None:
    with aq.Model() as model:
        aq.Bernoulli("z", 0.5)
    assert aq.sample(**SHORT, model=model).attrs["sampler"] == "exact"


@pytest.mark.slow
def test_priors_that_cannot_be_drawn_from_have_a_fit() -> None:
    with aq.Model() as ordered:  # the elements differ a priori: normalised up to a constant
        mu = aq.Normal("mu", [-1.0, 1.0], 1, shape=2, transform=aq.transforms.ordered)
        aq.Normal("y", mu, 1, observed=[0.0, 1.0])
    with aq.Model() as rounded:  # much of its mass is nearer to its bounds than a number can be
        p = aq.Beta("p", 0.02, 0.02)
        aq.Bernoulli("y", p, observed=[0, 1])
    for model in (ordered, rounded):
        assert aq.sample(**SHORT, model=model).attrs["reference"] == "a fit around the modes"


def test_a_ladder_that_nothing_comes_through_is_told_of() -> None:
    X = np.random.default_rng(1).normal(size=(200, 30))
    with aq.Model() as model:
        b = aq.Normal("b", 0, 100, shape=30)
        aq.Normal("y", X @ b, 1, observed=X.sum(axis=1))
    checked = SHORT | {"compute_convergence_checks": True, "draws": 8, "tune": 12}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        trace = aq.sample(**checked, model=model)
    assert max(json.loads(trace.attrs["round_trips"])) == 0
    texts = [str(warning.message) for warning in caught]
    assert any("no replica has come through the ladder" in text for text in texts), texts
