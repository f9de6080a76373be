"""Models without discrete variables.

``eight-schools``, posteriordb's, not centred:

    mu ~ Normal(0, 5);  tau ~ HalfCauchy(5);  shifts[j] ~ Normal(0, 1);  theta = mu + tau shifts
    y[j] ~ Normal(theta[j], sigma[j])

``hierarchical-logistic``, 43 groups, five slopes, 50 parameters; `x` is (2000, 5), `group` from 0:

    alpha ~ Normal(0, 2);  sigma ~ HalfNormal(1);  shifts[g] ~ Normal(0, 1);  beta[d] ~ Normal(0, 1)
    intercepts = alpha + sigma shifts;  y[i] ~ Bernoulli(logistic(intercepts[group[i]] + x[i] beta))

Fitted by mean-field ADVI in the coordinates (alpha, log sigma, shifts, beta).

``gaussian-100``: neighbours are correlated by 0.9, and scales go from 0.1 to 10. `mean`,
`covariance` and its lower Cholesky factor `cholesky` are data:

    x ~ MvNormal(mean, covariance)
"""

from __future__ import annotations

import numpy as np

from benchmarks.peers.case import Case, Data
from benchmarks.peers.cases.files import generator, moments, read
from benchmarks.peers.cases.rules import rule


def schools() -> Data:
    given = read("eight_schools")
    return {"y": given["y"], "sigma": given["sigma"]}


def schools_reference(data: Data) -> dict[str, tuple[np.ndarray, np.ndarray, np.ndarray]]:
    return {name: moments("eight_schools", name) for name in ("mu", "tau", "theta")}


def logistic() -> Data:
    rng = generator(43)
    n, groups = 2_000, 43
    x = rng.normal(size=(n, 5))
    group = rng.integers(0, groups, n)
    intercepts = 0.3 + 0.8 * rng.normal(size=groups)
    chance = 1.0 / (1.0 + np.exp(-(intercepts[group] + x @ [0.8, -0.5, 0.3, 0.0, 1.2])))
    return {"x": x, "group": group, "y": (rng.uniform(size=n) < chance).astype(np.int64)}


def logistic_elbo(data: Data, mean: np.ndarray, sd: np.ndarray) -> float:
    """Compute the ELBO of independent Gaussians by Gauss and Hermite's rule.

    Given sigma the linear predictor of each row is Gaussian: one dimension inside of another.
    """
    x, group, y = data["x"], data["group"], data["y"]
    variance, log_sigma = sd**2, mean[1]
    sigma_mean = np.exp(log_sigma + 0.5 * variance[1])
    sigma_square = np.exp(2.0 * log_sigma + 2.0 * variance[1])
    prior = -0.5 * ((mean[0] ** 2 + variance[0]) / 4.0 + sigma_square)
    prior += log_sigma - 0.5 * (mean[2:] ** 2 + variance[2:]).sum()  # the Jacobian is log sigma
    shift, fixed = mean[2:-5][group], mean[0] + x @ mean[-5:]
    shift_variance, fixed_variance = variance[2:-5][group], variance[0] + x**2 @ variance[-5:]
    soft = 0.0
    points, weights = rule(20)
    for point, weight in zip(*rule(16), strict=True):
        sigma = np.exp(log_sigma + sd[1] * point)
        spread = np.sqrt(fixed_variance + sigma**2 * shift_variance)
        logits = fixed + sigma * shift + spread * points[:, None]
        soft += weight * (weights @ np.logaddexp(0.0, logits)).sum()
    return float(prior + y @ (fixed + sigma_mean * shift) - soft + np.log(sd).sum())


def logistic_elbo_start(data: Data) -> tuple[np.ndarray, np.ndarray]:
    sd = np.full(50, 0.37)
    sd[[0, 1, -5, -4, -3, -2, -1]] = 0.06
    return np.zeros(50), sd


def gaussian() -> Data:
    d = 100
    rng = generator(100)
    scales = rng.permutation(np.logspace(-1.0, 1.0, d))
    places = np.arange(d)
    covariance = 0.9 ** np.abs(places[:, None] - places) * np.outer(scales, scales)
    return {
        "mean": rng.normal(size=d),
        "covariance": covariance,
        "cholesky": np.linalg.cholesky(covariance),
    }


def gaussian_reference(data: Data) -> dict[str, tuple[np.ndarray, np.ndarray, np.ndarray]]:
    sd = np.sqrt(np.diag(data["covariance"]))
    return {"x": (data["mean"], sd, np.zeros_like(sd))}


CASES = [
    Case(
        name="eight-schools",
        title="eight schools",
        kind="nuts",
        data=schools,
        quantities=("mu", "tau", "theta"),
        reference=schools_reference,
    ),
    Case(
        name="hierarchical-logistic",
        title="hierarchical logistic regression, 50 parameters, n = 2,000",
        kind="nuts",
        data=logistic,
        quantities=("alpha", "sigma", "beta", "intercepts"),
    ),
    Case(
        name="gaussian-100",
        title="correlated Gaussian, 100 dimensions",
        kind="nuts",
        data=gaussian,
        quantities=("x",),
        reference=gaussian_reference,
    ),
]
ADVI = [
    Case(
        name="advi-hierarchical-logistic",
        title="ADVI, hierarchical logistic regression, 50 parameters, n = 2,000",
        kind="advi",
        data=logistic,
        chains=1,
        quantities=("alpha", "sigma", "beta", "intercepts"),
        group="advi",
        limit=900.0,
        elbo=logistic_elbo,
        elbo_start=logistic_elbo_start,
    ),
]
