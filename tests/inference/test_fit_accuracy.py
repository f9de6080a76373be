"""How near `aq.ADVI` and `aq.FullRankADVI` come to optima and evidences that are known."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.optimize
from scipy import stats

import aliquot as aq
from aliquot.precision import float64
from tests.inference import models
from tests.seeds import fixed

pytestmark = pytest.mark.slow

QUIET: dict[str, Any] = {"progressbar": False, "check": False}
# By quadrature, over both halves of the symmetric posterior: the ordered density has log 2! in it.
CLASSIC_LOG_EVIDENCE = -180.50878


def classic() -> aq.Model:
    rng = fixed(0)  # the evidence above is that of these data
    labels = rng.integers(0, 2, 100)
    data = rng.normal(np.array([-1.0, 1.0])[labels], 1.0)
    with aq.Model() as model:
        means = aq.Normal(
            "means", mu=0, sigma=10, shape=2, transform=aq.transforms.ordered, initval=[-1, 1]
        )
        aq.NormalMixture("obs", w=[0.5, 0.5], mu=means, sigma=1, observed=data)
    return model


def best_mean_field(model: aq.Model) -> tuple[float, np.ndarray, np.ndarray]:
    """Maximise the ELBO over 4,000 fixed draws whose first two moments are exact."""
    import jax

    density = model.density()
    d = density.size
    half = np.random.default_rng(0).standard_normal((2000, d))
    noise = np.concatenate([half, -half])
    noise = np.linalg.solve(np.linalg.cholesky(np.cov(noise.T, bias=True)), noise.T).T

    def loss(params: Any) -> Any:
        points = params[:d] + jax.numpy.exp(params[d:]) * noise
        log_p = jax.vmap(density.log_density, in_axes=(0, None))(points, density.data)
        return -log_p.mean() - params[d:].sum()

    with float64():
        compiled = jax.jit(jax.value_and_grad(loss))
        start = np.concatenate([density.start, np.full(d, -2.0)])
        found = scipy.optimize.minimize(compiled, start, jac=True, method="L-BFGS-B")
    entropy = 0.5 * d * (1 + np.log(2 * np.pi))
    return entropy - float(found.fun), found.x[:d], np.exp(found.x[d:])


def test_the_classic_model_to_the_best_mean_field_fit() -> None:
    model = classic()
    best, mean, sd = best_mean_field(model)
    fits = {kind: kind(model=model, random_seed=1) for kind in (aq.ADVI, aq.FullRankADVI)}
    reached = {kind: fit.fit(15_000, **QUIET) for kind, fit in fits.items()}
    elbo = {kind: approx.elbo(40_000, random_seed=2) for kind, approx in reached.items()}
    mean_field, full_rank = elbo[aq.ADVI], elbo[aq.FullRankADVI]
    assert mean_field.mcse < 0.01
    assert abs(mean_field.value - best) < 0.05
    np.testing.assert_allclose(reached[aq.ADVI].mean, mean, atol=0.15 * sd.min())
    np.testing.assert_allclose(reached[aq.ADVI].std, sd, rtol=0.15)
    error = 5 * np.hypot(mean_field.mcse, full_rank.mcse)
    assert mean_field.value + error < full_rank.value < CLASSIC_LOG_EVIDENCE + error
    assert full_rank.value > CLASSIC_LOG_EVIDENCE - 0.05
    # The loss that is shown is minus the ELBO: its last values scatter around it.
    last = fits[aq.ADVI].hist[-3000:]
    assert abs(last.mean() + mean_field.value) < 0.05 + 5 * last.std() / np.sqrt(3000)


def test_mean_field_on_a_gaussian_has_the_conditional_sds() -> None:
    """The optimum of a mean-field fit to a Gaussian: its mean, and 1 / sqrt of its precisions."""
    exact = models.regression_posterior()
    precision = np.linalg.inv(exact.covariance)
    advi = aq.ADVI(model=models.regression(), random_seed=3)
    advi.fit(6_000, **QUIET)
    approx = advi.fit(6_000, **QUIET)
    np.testing.assert_allclose(approx.mean, exact.mean, atol=0.1 * exact.sd.min())
    np.testing.assert_allclose(approx.std, 1 / np.sqrt(np.diag(precision)), rtol=0.1)


def test_full_rank_has_the_covariance_of_a_gaussian() -> None:
    rng = np.random.default_rng(2)
    design = rng.normal(size=(30, 4)) @ np.array(
        [[1, 0.9, 0, 0], [0, 0.3, 0, 0], [0, 0, 1, -0.7], [0, 0, 0, 0.5]]
    )
    y = design @ [1.0, -1.0, 0.5, 2.0] + rng.normal(size=30)
    with aq.Model() as model:
        beta = aq.Normal("beta", 0, 3, shape=4)
        aq.Normal("y", design @ beta, 1.0, observed=y)
    covariance = np.linalg.inv(design.T @ design + np.eye(4) / 9)
    mean = covariance @ design.T @ y
    approx = aq.FullRankADVI(model=model, random_seed=1).fit(15_000, **QUIET)
    sd = np.sqrt(np.diag(covariance))
    np.testing.assert_allclose((approx.mean - mean) / sd, 0, atol=0.15)
    np.testing.assert_allclose(approx.covariance / np.outer(sd, sd),
                               covariance / np.outer(sd, sd), atol=0.2)  # fmt: skip
    marginal = stats.multivariate_normal(np.zeros(30), 9 * design @ design.T + np.eye(30))
    elbo = approx.elbo(4000, random_seed=1)
    assert abs(elbo.value - marginal.logpdf(y)) < 0.05 + 5 * elbo.mcse
    draws = approx.sample(20_000, random_seed=1).posterior["beta"].values[0]
    np.testing.assert_allclose(np.cov(draws.T) / np.outer(sd, sd),
                               approx.covariance / np.outer(sd, sd), atol=0.06)  # fmt: skip


@pytest.mark.parametrize("family", ["gamma", "beta"])
def test_the_elbo_is_just_below_the_evidence_of_a_conjugate_model(family: str) -> None:
    with aq.Model() as model:
        if family == "gamma":
            rate = aq.Gamma("rate", 3.0, 1.0)
            counts = np.array([4, 6, 3, 5, 8, 2])
            aq.Poisson("counts", rate, observed=counts)
            single = stats.gamma(3)
            grid = (np.arange(20_000) + 0.5) / 1000
            likelihood = np.prod(stats.poisson.pmf(counts[:, None], grid), axis=0)
            evidence = np.log(np.sum(single.pdf(grid) * likelihood) / 1000)
        else:
            p = aq.Beta("p", 2.0, 5.0)
            aq.Binomial("k", 40, p, observed=12)
            evidence = stats.betabinom(40, 2.0, 5.0).logpmf(12)
    approx = aq.ADVI(model=model, random_seed=1).fit(8_000, **QUIET)
    elbo = approx.elbo(20_000, random_seed=1)
    # In one dimension, nearly a Gaussian: the divergence is of the order of a hundredth.
    assert evidence - 0.05 < elbo.value + 5 * elbo.mcse
    assert elbo.value - 5 * elbo.mcse < evidence
