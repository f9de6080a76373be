"""Models with censored and truncated data: hand-written densities, predictions, refusals."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

import aliquot as aq
from aliquot.precision import float64

X = np.array([-1.2, -0.4, 0.1, 0.8, 1.5, 2.2])
LIMIT = 2.0
Y = np.minimum(np.array([-0.8, 0.1, 0.6, 2.7, 1.9, 3.5]), LIMIT)
POINTS = np.array([[0.3, 0.8, -0.2], [-1.0, 0.2, 0.5]])


def regression() -> tuple[aq.Expression, aq.Expression]:
    a, b = aq.Normal("a", 0, 1), aq.Normal("b", 0, 1)
    return a + b * X, aq.HalfNormal("sigma", 1)


def values(model: aq.Model) -> np.ndarray:
    density = model.density()
    with float64():
        return np.array([density.evaluate(point) for point in POINTS])


def test_a_censored_regression_is_density_and_tails() -> None:
    with aq.Model() as model:
        mu, sigma = regression()
        aq.Censored("y", aq.Normal.dist(mu, sigma), upper=LIMIT, observed=Y)
    with aq.Model() as by_hand:
        mu, sigma = regression()
        late = Y == LIMIT
        aq.Normal("y", mu[~late], sigma, observed=Y[~late])
        aq.Potential("late", aq.math.log_ndtr((mu[late] - LIMIT) / sigma))
    np.testing.assert_allclose(values(model), values(by_hand), rtol=1e-12)


def test_a_truncated_regression_is_divided_by_what_was_kept() -> None:
    with aq.Model() as model:
        mu, sigma = regression()
        aq.Truncated("y", aq.Normal.dist(mu, sigma), upper=4.0, observed=Y)
    with aq.Model() as by_hand:
        mu, sigma = regression()
        aq.Normal("y", mu, sigma, observed=Y)
        aq.Potential("kept", -aq.math.log_ndtr((4.0 - mu) / sigma))
    np.testing.assert_allclose(values(model), values(by_hand), rtol=1e-12)


def test_bounds_that_are_variables() -> None:
    """Data off computed bounds are impossible; a free variable stays between its own."""
    with aq.Model() as model:
        top = aq.Normal("top", 3, 1)
        x = aq.Truncated("x", aq.Gamma.dist(2.0, 1.0), lower=0.5, upper=top)
        aq.Truncated("y", aq.Normal.dist(x, 1.0), upper=top, observed=[0.2, 2.5])
    density = model.density()
    with float64():
        inside = density.evaluate(np.array([3.0, 0.2]))
        assert density.evaluate(np.array([2.4, 0.2])) == -np.inf
    between = 0.5 + 2.5 / (1 + np.exp(-0.2))
    gamma = stats.gamma(2.0)
    expected = stats.norm(3, 1).logpdf(3.0) + gamma.logpdf(between)
    expected -= np.log(gamma.cdf(3.0) - gamma.cdf(0.5))
    expected += np.log((between - 0.5) * (3.0 - between) / 2.5)
    expected += np.sum(stats.norm(between, 1).logpdf([0.2, 2.5]))
    expected -= 2 * stats.norm(between, 1).logcdf(3.0)
    assert inside == pytest.approx(expected, rel=1e-12)


def test_a_run_with_all_that_follows_it() -> None:
    """Of labels that are summed out: they come back, and predictions keep to the bounds."""
    y = np.array([-1.2, -0.9, 2.0, 2.0, 1.4, np.nan])
    with pytest.warns(aq.ImputationWarning, match="1 of 6"), aq.Model() as model:
        mu = aq.Normal("mu", [-1.0, 2.0], 0.5)
        z = aq.Categorical("z", p=[0.5, 0.5], shape=6)
        aq.Censored("y", aq.Normal.dist(mu[z], 0.6), upper=2.0, observed=y)
    with model:
        prior = aq.sample_prior_predictive(200, random_seed=1)
        trace = aq.sample(
            100,
            tune=200,
            chains=2,
            random_seed=1,
            progressbar=False,
            compute_convergence_checks=False,
        )
        trace = aq.recover(trace, random_seed=1)
        trace = aq.compute_log_likelihood(trace)
        trace = aq.sample_posterior_predictive(trace, random_seed=1)
    assert np.mean(prior.prior_predictive["y"].values == 2.0) > 0.1
    assert trace.posterior["z"].values[..., :2].max() == 0
    replicated = trace.posterior_predictive["y"].values
    assert replicated.max() == 2.0
    missing = trace.posterior["y_missing"].values
    assert np.all(missing <= 2.0)
    assert np.any(missing == 2.0)
    # Of the third row, recorded as the bound: the probability of a value beyond it.
    mu = trace.posterior["mu"].values
    found = trace.log_likelihood["y"].values[..., 2]
    rows = stats.norm.sf(2.0, mu, 0.6) * 0.5
    np.testing.assert_allclose(found, np.log(rows.sum(-1)), rtol=1e-10)


def write(make: object) -> None:
    with aq.Model():
        make()  # type: ignore[operator]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: aq.Censored("y", aq.Normal.dist(), upper=1.0, observed=[0.5, 1.5]),
            r"y: data of Censored must be at most 1; got 1\.5 at index \(1,\)",
        ),
        (
            lambda: aq.Truncated("y", aq.Poisson.dist(2.0), lower=1, observed=[3, 0]),
            r"y: data of Truncated must be an integer at least 1; got 0 at index \(1,\)",
        ),
        (
            lambda: aq.Censored("y", aq.Normal.dist(), lower=3.0, upper=2.0, observed=[2.5]),
            "y: Censored: upper must be greater than lower; got lower=3 and upper=2",
        ),
        (
            lambda: aq.Truncated("y", aq.Normal.dist(), [0, 3], [1, 2], observed=[0.5, 2.5]),
            r"lower=3 and upper=2 at index \(1,\)",
        ),
        (
            lambda: aq.Censored("y", aq.Dirichlet.dist([1, 1]), upper=1.0, observed=[[0.5, 0.5]]),
            "y: Censored: dist must be of single numbers; the values of Dirichlet are vectors",
        ),
        (
            lambda: aq.Truncated("y", 3.0, upper=1.0, observed=[0.5]),
            "y: Truncated: dist must be a distribution, made with Normal.dist",
        ),
        (
            lambda: aq.Truncated("y", aq.Normal("x"), upper=1.0, observed=[0.5]),
            "not registered in the model; got x",
        ),
        (
            lambda: aq.Truncated("y", aq.Gamma.dist(1, 1), upper=-1.0, observed=[0.5]),
            "upper=-1 leaves no value of Gamma, which must be positive",
        ),
        (
            lambda: aq.Censored("y", aq.Normal.dist(), upper=1.0),
            "y: some values of Censored have a probability of their own",
        ),
        (lambda: aq.HurdleGamma("y", 0.5, 1, 1), "y: some values of HurdleGamma have a prob"),
        (
            lambda: aq.Truncated("y", aq.HurdleGamma.dist(0.5, 1, 1), upper=1.0),
            "dist cannot be HurdleGamma: its zero has a probability of its own",
        ),
        (
            lambda: aq.Mixture(
                "y", [0.5, 0.5], [aq.Normal.dist(), aq.Censored.dist(aq.Normal.dist(), upper=1)]
            ),
            "do not have the same values that are probable by themselves",
        ),
    ],
)
def test_what_cannot_be_is_refused_by_name(make: object, message: str) -> None:
    with pytest.raises(aq.AliquotError, match=message):
        write(make)
