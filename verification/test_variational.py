"""What ADVI claims: its bound, and what Pareto k says of a fit.

A fit claims that its ELBO is at most the log evidence, and, by a Pareto k of at most 0.7, that it
has not missed a part of the posterior. Both are checked over many data sets for which the evidence
and the posterior are known: in closed form, or by quadrature.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats

import aliquot as aq
from verification.worst import against_uniform

QUIET: dict[str, Any] = {"progressbar": False, "check": False}
SETS = 60
ERRORS = 5.0  # one-sided, in some 500 comparisons: less than 2e-4 together


def gamma_poisson(rng):
    y = rng.poisson(rng.gamma(2.0), 4)
    shape, rate = 2.0 + y.sum(), 1.0 + len(y)
    law = stats.gamma(shape, scale=1 / rate)
    mode = max(law.mean(), 0.1)
    logs = stats.gamma(2).logpdf(mode) + stats.poisson(mode).logpmf(y).sum() - law.logpdf(mode)
    return {"y": y}, logs, law.mean(), law.std()


def gamma_poisson_model():
    rate = aq.Gamma("x", 2.0, 1.0)
    aq.Poisson("obs", rate, observed=aq.Data("y", np.ones(4, int)))


def beta_binomial(rng):
    k = rng.binomial(12, rng.beta(1.0, 2.0))
    law = stats.beta(1 + k, 2 + 12 - k)
    return {"k": k}, stats.betabinom(12, 1, 2).logpmf(k), law.mean(), law.std()


def beta_binomial_model():
    aq.Binomial("obs", 12, aq.Beta("x", 1.0, 2.0), observed=aq.Data("k", 3))


def scale(rng):
    y = rng.normal(0, np.sqrt(1 / rng.gamma(3.0, 1 / 2.0)), 5)
    shape, size = 3.0 + 2.5, 2.0 + 0.5 * (y @ y)
    law = stats.invgamma(shape, scale=size)
    at = law.mean()
    logs = stats.invgamma(3.0, scale=2.0).logpdf(at) + stats.norm(0, np.sqrt(at)).logpdf(y).sum()
    return {"y": y}, logs - law.logpdf(at), law.mean(), law.std()


def scale_model():
    variance = aq.InverseGamma("x", 3.0, 2.0)
    aq.Normal("obs", 0, np.sqrt(variance), observed=aq.Data("y", np.ones(5)))


CASES = {
    "counts": (gamma_poisson_model, gamma_poisson),
    "a share": (beta_binomial_model, beta_binomial),
    "a variance": (scale_model, scale),
}


@pytest.mark.parametrize("name", CASES)
def test_the_bound_is_below_the_evidence_and_means_are_right(verified, rng, name):
    write, draw = CASES[name]
    with aq.Model() as model:
        write()
    above, gap, off, flagged = -np.inf, 0.0, [], 0
    for number in range(SETS):
        data, evidence, mean, sd = draw(rng)
        model.set_data(data)
        approx = aq.ADVI(model=model, random_seed=number).fit(6_000, **QUIET)
        elbo = approx.elbo(10_000, random_seed=number)
        above = max(above, (elbo.value - evidence) / elbo.mcse)
        gap = max(gap, evidence - elbo.value)
        quality = approx._checked().quality
        if quality.good:
            found = approx.sample(20_000, random_seed=number).posterior["x"].values
            off.append(abs(found.mean() - mean) / sd)
        else:
            flagged += 1
    verified(
        what=f"ELBO of a mean-field fit: {name}",
        against="at most the log evidence, in closed form",
        cases=SETS,
        worst=f"{above:.1f} standard errors above; at most {gap:.2f} nats below",
    )
    verified(
        what=f"means where Pareto k is at most 0.7: {name}",
        against="posterior means in closed form",
        cases=len(off),
        worst=f"{max(off, default=0.0):.2f} posterior sds ({flagged} of {SETS} fits flagged)",
    )
    assert above < ERRORS
    # In one dimension the optimum's mean is off by what the skewness leaves: a third of an sd is
    # where importance ratios would have a tail that k tells of.
    assert max(off, default=0.0) < 1 / 3
    assert len(off) > 0


def test_full_rank_fits_of_gaussians_are_calibrated(verified, rng):
    """The family holds the posterior: ranks of true values are uniform, and k is small."""
    design = rng.normal(size=(12, 3)) @ np.array([[1, 0.9, 0], [0, 0.4, 0], [0, 0, 1.0]])
    with aq.Model() as model:
        beta = aq.Normal("beta", 0, 1, shape=3)
        aq.Normal("obs", design @ beta, 1, observed=aq.Data("y", np.zeros(12)))
    covariance = np.linalg.inv(design.T @ design + np.eye(3))
    evidence = stats.multivariate_normal(np.zeros(12), design @ design.T + np.eye(12))
    ranks, above, largest, off = [], -np.inf, -np.inf, 0.0
    for number in range(2 * SETS):
        truth = rng.normal(size=3)
        y = rng.normal(design @ truth, 1)
        model.set_data({"y": y})
        approx = aq.FullRankADVI(model=model, random_seed=number).fit(8_000, **QUIET)
        draws = approx.sample(2_000, random_seed=number).posterior["beta"].values[0]
        ranks.append((draws < truth).mean(0))
        elbo = approx.elbo(10_000, random_seed=number)
        above = max(above, (elbo.value - evidence.logpdf(y)) / elbo.mcse)
        largest = max(largest, approx._checked().quality.pareto_k)
        mean = covariance @ design.T @ y
        off = max(off, float(np.abs((approx.mean - mean) / np.sqrt(np.diag(covariance))).max()))
    pvalues = [against_uniform(column) for column in np.array(ranks).T]
    verified(
        what="ranks of true values, full-rank fits of a linear model",
        against="uniform ranks",
        cases=6 * SETS,
        worst=f"p = {min(pvalues):.2g}",
    )
    verified(
        what="means and ELBO of the same fits",
        against="posterior means and evidence in closed form",
        cases=2 * SETS,
        worst=f"{off:.2f} posterior sds; {above:.1f} standard errors above; k {largest:.2f}",
    )
    assert min(pvalues) > 1e-5
    assert above < ERRORS
    assert largest < 0.7
    assert off < 0.25


@pytest.mark.parametrize("correlation", [0.95, 0.99])
def test_fits_that_miss_are_flagged(verified, rng, correlation):
    """The optimum of mean-field fits to two correlated Gaussians has sds far too small."""
    covariance = np.array([[1, correlation], [correlation, 1]])
    with aq.Model() as model:
        aq.MvNormal("x", np.zeros(2), covariance)
    least, sets = np.inf, 20
    for number in range(sets):
        approx = aq.ADVI(model=model, random_seed=number).fit(6_000, **QUIET)
        # From so many draws, half of which are in the one mirror mode that counts, the estimate for
        # 0.95 is 0.90 with an error of 0.035: six of them above 0.7.
        least = min(least, approx._checked(n=1_000_000).quality.pareto_k)
    verified(
        what=f"Pareto k of mean-field fits, correlation {correlation}",
        against=f"{correlation}, one less the ratio of variances: above 0.7",
        cases=sets,
        worst=f"k {least:.2f}",
    )
    assert least > 0.7
