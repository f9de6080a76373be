"""Models of rows of many kinds, each a function of columns, with the names of these."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np

import aliquot as aq

Columns = dict[str, np.ndarray]


def columns(n: int) -> Columns:
    """Make columns of n rows by name."""
    rng = np.random.default_rng(500 + n)
    trials = rng.integers(3, 9, n)
    counts = rng.poisson(3.0, n)
    return {
        "y": np.where(rng.random(n) < 0.4, -1.0, 2.0) + rng.normal(size=n),
        "x": rng.normal(0.5, 2.0, size=(n, 3)),
        "group": rng.integers(0, 7, n),
        "kind": rng.integers(0, 4, n),
        "counts": counts,
        "zeros": counts * rng.integers(0, 2, n),
        "trials": trials,
        "hits": rng.binomial(trials, 0.4),
        "times": rng.gamma(2.0, 1.0, n),
        "event": rng.integers(0, 2, n),
        "answers": rng.integers(0, 3, (n, 5)),
        "passed": rng.integers(0, 2, (n, 4)).astype(bool),
        "label": rng.integers(0, 3, n),
        "sequence": rng.normal(size=(n, 6)),
        "steps": rng.poisson(2.0, (n, 4)),
        "share": rng.dirichlet(np.ones(3), n),
    }


# Of these the second derivatives take long to compile, and are composed like those of others.
SLOW = {
    "covariances",
    "hidden_counts",
    "latent_classes",
    "raters",
    "shared_labels",
    "shares_by_group",
    "two_hidden_markov",
}

MODELS: dict[str, tuple[Callable[..., Any], Sequence[str]]] = {}


def of(*names: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Enter a model of columns of these names."""

    def entered(write: Callable[..., Any]) -> Callable[..., Any]:
        MODELS[write.__name__] = write, names
        return write

    return entered


# Mixtures -----------------------------------------------------------------------------------------


@of("y")
def normal_mixture(y):
    w = aq.Dirichlet("w", np.ones(2))
    mu, sigma = aq.Normal("mu", 0, 5, shape=2), aq.HalfNormal("sigma", 1)
    aq.NormalMixture("obs", w=w, mu=mu, sigma=sigma, observed=y)


@of("y")
def mixture_of_families(y):
    w, mu = aq.Dirichlet("w", np.ones(2)), aq.Normal("mu", 0, 5)
    parts = [aq.Normal.dist(mu, 1), aq.StudentT.dist(nu=4, mu=1, sigma=2)]
    aq.Mixture("obs", w=w, comp_dists=parts, observed=y)


@of("x")
def covariances(x):
    w, mu = aq.Dirichlet("w", np.ones(2)), aq.Normal("mu", 0, 5, shape=(2, 3))
    chol = aq.LKJCholeskyCov("chol", n=3, eta=2, sd_dist=aq.HalfNormal.dist(1), compute_corr=False)
    z = aq.Categorical("z", w, shape=len(x))
    aq.MvNormal("obs", mu[z], chol=chol, observed=x)


@of("x")
def one_covariance(x):
    s = aq.HalfNormal("s", 1)
    aq.MvNormal("obs", aq.Normal("mu", 0, 5, shape=3), cov=np.eye(3) * s + 0.1, observed=x)


@of("zeros")
def zero_inflated(c):
    psi, mu = aq.Beta("psi", 1, 1), aq.Gamma("mu", 2, 1)
    aq.ZeroInflatedPoisson("obs", psi=psi, mu=mu, observed=c)


# Hidden labels ------------------------------------------------------------------------------------


@of("y", "x")
def labels_with_covariates(y, x):
    b, mu = aq.Normal("b", 0, 1, shape=3), aq.Normal("mu", 0, 5, shape=2)
    z = aq.Bernoulli("z", aq.math.sigmoid(x @ b))
    aq.Normal("obs", mu[z], 1, observed=y)


@of("y", "counts")
def shared_labels(y, c):
    w, mu = aq.Dirichlet("w", np.ones(2)), aq.Normal("mu", 0, 5, shape=2)
    z = aq.Categorical("z", w, shape=len(y))
    aq.Normal("obs", mu[z], 1, observed=y)
    aq.Poisson("counts", aq.Gamma("rate", 2, 1, shape=2)[z], observed=c)


@of("y", "x")
def two_labels(y, x):
    z = aq.Bernoulli("z", 0.3, shape=len(y))
    u = aq.Categorical("u", [0.2, 0.3, 0.5], shape=len(y))
    aq.Normal("obs", aq.Normal("mu", 0, 3, shape=(2, 3))[z, u], 1, observed=y)
    aq.Normal("other", aq.Normal("nu", 0, 3, shape=3)[u], 1, observed=x[:, 0])


@of("answers")
def raters(answers):
    """Items are rows of answers, one from each of five raters."""
    theta = aq.Dirichlet("theta", np.ones((5, 3, 3)))
    z = aq.Categorical("z", aq.Dirichlet("share", np.ones(3)), shape=len(answers))
    aq.Categorical("a", theta[np.arange(5), z[:, None]], observed=answers)


@of("passed")
def latent_classes(passed):
    theta = aq.Beta("theta", 1, 1, shape=(3, 4))
    z = aq.Categorical("z", aq.Dirichlet("w", np.ones(3)), shape=len(passed))
    aq.Bernoulli("obs", theta[z], observed=passed)


@of("hits", "trials", "kind")
def shares_by_group(hits, trials, kind):
    w, p = aq.Dirichlet("w", np.ones((4, 2))), aq.Beta("p", 1, 1, shape=2)
    z = aq.Categorical("z", w[kind])
    aq.Binomial("obs", trials, p[z], observed=hits)


@of("y", "event", "passed")
def hidden_counts(y, event, passed):
    n = aq.Binomial("n", n=event + passed[:, 0], p=aq.Beta("p", 1, 1), shape=len(y))
    aq.Normal("obs", aq.Normal("mu", 0, 1) * n, 1, observed=y)


# Hidden sequences ---------------------------------------------------------------------------------


@of("sequence")
def hidden_markov(s):
    P, mu = aq.Dirichlet("P", np.ones((2, 2))), aq.Normal("mu", 0, 3, shape=2)
    z = aq.MarkovChain("z", P=P, init=np.ones(2) / 2, shape=s.shape)
    aq.Normal("obs", mu[z], 1, observed=s)


@of("sequence", "steps")
def two_hidden_markov(s, c):
    P, init = aq.Dirichlet("P", np.ones((3, 3))), aq.Dirichlet("init", np.ones(3))
    z = aq.MarkovChain("z", P=P, init=init, shape=s.shape)
    aq.Normal("obs", aq.Normal("mu", 0, 3, shape=3)[z], 1, observed=s)
    u = aq.MarkovChain("u", P=[[0.9, 0.1], [0.2, 0.8]], init=[0.5, 0.5], shape=c.shape)
    aq.Poisson("counts", aq.Gamma("rate", 2, 1, shape=2)[u], observed=c)


@of("sequence")
def walks(s):
    aq.GaussianRandomWalk("obs", sigma=aq.HalfNormal("sigma", 1), observed=s)


@of("sequence")
def lagged_columns(s):
    aq.Normal("obs", aq.Normal("a", 0, 1) * s[:, :-1], 1, observed=s[:, 1:])


@of("sequence")
def scan_over_columns(s):
    a = aq.Normal("a", 0, 1)
    _, before = aq.scan(lambda c, r: (a * c + r, c), s[:, 0] * 0, s.T)
    aq.Potential("p", -0.5 * (s.T - before) ** 2)


# Regressions --------------------------------------------------------------------------------------


@of("y", "x")
def standardised(y, x):
    b, sigma = aq.Normal("b", 0, 1, shape=3), aq.HalfNormal("sigma", 1)
    aq.Normal("obs", ((x - x.mean(axis=0)) / x.std(axis=0)) @ b, sigma, observed=y)


@of("y", "x")
def whole_means(y, x):
    """Means of means, of all numbers of a matrix, and with one degree of freedom less."""
    mu, apart = aq.Normal("mu", 0, 5), y - y.mean()
    aq.Normal("obs", mu * x.mean() + (apart**2).mean(), x.std() + y.std(ddof=1), observed=y)


@of("y", "x")
def extremes_of_data(y, x):
    mu = aq.Normal("mu", 0, 5)
    aq.Normal("obs", mu * y / np.abs(y).max() + x.min(axis=0).sum(), 1, observed=y)


@of("counts", "group", "kind")
def two_indices(c, group, kind):
    theta = aq.Normal("theta", 0, 1, shape=(7, 4))
    aq.Poisson("obs", np.exp(theta[group, kind]), observed=c)


@of("y", "group", "kind")
def computed_index(y, group, kind):
    aq.Normal("obs", aq.Normal("t", 0, 1, shape=10)[group + kind], 1, observed=y)


@of("y", "group")
def random_effects(y, group):
    s = aq.HalfNormal("s", 1)
    e, q = aq.Normal("e", 0, s, shape=7), aq.Normal("q", 0, 1, shape=(7, 2))
    aq.Normal("obs", e[group] + q[group, 0] + q[group][:, 1] * y, 1, observed=y)


@of("y", "x")
def shrinkage(y, x):
    t, local = aq.HalfNormal("t", 1), aq.HalfNormal("local", 1, shape=3)
    aq.Normal("obs", x @ (aq.Normal("b", 0, 1, shape=3) * local * t), 1, observed=y)


@of("x", "label")
def softmax_regression(x, label):
    b = aq.Normal("b", 0, 1, shape=(3, 3))
    aq.Categorical("obs", p=aq.math.softmax(x @ b, axis=-1), observed=label)


# Families -----------------------------------------------------------------------------------------


@of("hits", "trials")
def binomial(hits, trials):
    aq.Binomial("obs", trials, aq.Beta("p", 1, 1), observed=hits)


@of("y")
def student_t(y):
    nu, mu = aq.Gamma("nu", 2, 0.1), aq.Normal("mu", 0, 5)
    aq.StudentT("obs", nu=nu, mu=mu, sigma=1, observed=y)


@of("y")
def censored(y):
    aq.Censored("obs", aq.Normal.dist(aq.Normal("mu", 0, 5), 1), lower=-9, upper=9, observed=y)


@of("times")
def weibull(t):
    alpha, beta = aq.Gamma("alpha", 2, 1), aq.Gamma("beta", 2, 1)
    aq.Weibull("obs", alpha=alpha, beta=beta, observed=t)


@of("share")
def dirichlet_rows(share):
    a = aq.Gamma("a", 2, 1, shape=3)
    aq.Dirichlet("obs", a, observed=share, shape=share.shape)


@of("y")
def custom(y):
    mu = aq.Normal("mu", 0, 5)
    aq.CustomDist("obs", mu, logp=lambda v, mu: -jnp.log(1 + (v - mu) ** 2), observed=y)


# Potentials, and arrays beside the columns --------------------------------------------------------


@of("y")
def potentials(y):
    mu, sigma = aq.Normal("mu", 0, 5), aq.HalfNormal("sigma", 1)
    aq.Potential("rows", -0.5 * ((y - mu) / sigma) ** 2)
    aq.Potential("total", -((y - mu) ** 2).sum() / sigma**2 - len(y) * np.log(sigma))
    aq.Potential("mean", -((y - mu) ** 2).mean() - np.log(y.shape[0] + mu**2))


@of("times", "event")
def survival(t, event):
    rate = aq.Gamma("rate", 2, 1)
    aq.Potential("p", np.where(event == 1, np.log(rate), 0) - rate * t)


@of("y", "group")
def columns_of_totals(y, group):
    e = aq.Normal("e", 0, 1, shape=7)
    apart = (y - e[group])[:, None] * np.ones(3)
    aq.Potential("p", -(apart.sum(axis=0) @ np.arange(3.0)))


@of("x")
def products_of_columns(x):
    b = aq.Normal("b", 0, 5, shape=3)
    aq.Potential("p", -b @ (x.T @ x / len(x)) @ b)
    aq.Potential("q", -0.5 * (x.T - b[:, None]) ** 2)
    aq.Potential("r", -0.1 * (np.ravel(x) - b[0]) ** 2)


@of("y", "x")
def arrays_of_all_rows(y, x):
    """Arrays in memory, of as many rows, as a covariate, an index, and observations."""
    n = len(y)
    mu, t = aq.Normal("mu", 0, 5), aq.Normal("t", 0, 1, shape=-(-n // 10))
    aq.Normal("obs", mu * np.linspace(0, 1, n) + t[np.arange(n) // 10], 1, observed=y)
    aq.Normal("other", mu, 1, observed=np.cos(np.arange(n)))


@of("y")
def trend(y):
    time = np.arange(len(y))
    slope = aq.Normal("slope", 0, 1)
    aq.Normal("obs", slope * (time - time.mean()) / (time.std() + 1) * y.mean(), 1, observed=y)


@of("counts", "group")
def division_of_columns(c, group):
    aq.Potential("p", -((aq.Normal("mu", 0, 1) - c // (group + 1)) ** 2))


@of("y")
def rows_beside_nothing(y):
    """The rows matter to a constant only."""
    aq.Normal("mu", 0, 5)
    aq.Potential("p", -(y**2).sum())
