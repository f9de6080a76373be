"""The log likelihood of rows whose columns share a label, against enumeration written by hand."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from scipy import stats
from scipy.special import logsumexp

import aliquot as aq
from aliquot.errors import ModelError
from aliquot.results import build_tree

N = 6


def trace_of(**values):
    return build_tree(posterior={name: np.asarray(v)[None] for name, v in values.items()})


def test_columns_that_share_a_label(rng):
    x, count = rng.normal(size=(N, 2)), rng.poisson(3, N)
    x[0, 1] = x[1, 0] = x[1, 1] = np.nan
    answer = np.array([0, 1, 2, 0, -1, 2])
    with aq.Model(coords={"row": np.arange(N)}) as model:
        w = aq.Dirichlet("w", np.ones(2))
        mu = aq.Normal("mu", 0, 1, shape=(2, 2))
        lam = aq.Gamma("lam", 2, 1, shape=2)
        p = aq.Dirichlet("p", np.ones(3), shape=(2, 3))
        z = aq.Categorical("z", w, dims="row")
        aq.Normal("x", mu[z], 1, observed=x)
        aq.Poisson("count", lam[z], observed=count)
        aq.Categorical("answer", p[z], observed=np.ma.masked_less(answer, 0))
    draws = {
        "w": rng.dirichlet([1, 1], 3),
        "mu": rng.normal(size=(3, 2, 2)),
        "lam": rng.gamma(2, 1, (3, 2)),
        "p": rng.dirichlet(np.ones(3), (3, 2)),
    }
    found = aq.compute_log_likelihood(trace_of(**draws), model, by="z").log_likelihood["z"]
    assert found.dims == ("chain", "draw", "row")
    expected = np.zeros((3, N))
    for d in range(3):
        joint = np.log(draws["w"][d])[:, None] + np.zeros((2, N))
        for k in range(2):
            each = stats.norm.logpdf(x, draws["mu"][d, k])
            joint[k] += np.where(np.isnan(x), 0, each).sum(axis=1)
            joint[k] += stats.poisson.logpmf(count, draws["lam"][d, k])
            joint[k] += np.where(answer < 0, 0, np.log(draws["p"][d, k][answer]))
        expected[d] = logsumexp(joint, axis=0)
    np.testing.assert_allclose(found.values[0], expected, rtol=1e-12)


@pytest.mark.parametrize("components", [1, 2])
def test_one_component_is_a_mixture_too(rng, components):
    x = rng.normal(size=N)
    with aq.Model() as model:
        w = aq.Dirichlet("w", np.ones(components))
        mu = aq.Normal("mu", 0, 1, shape=components)
        z = aq.Categorical("z", w, shape=N)
        aq.Normal("x", mu[z], 1, observed=x)
    w, mu = rng.dirichlet(np.ones(components), 2), rng.normal(size=(2, components))
    found = aq.compute_log_likelihood(trace_of(w=w, mu=mu), model, by="z").log_likelihood["z"]
    each = np.log(w)[:, None] + stats.norm.logpdf(x[:, None], mu[:, None])
    np.testing.assert_allclose(found.values[0], logsumexp(each, axis=-1), rtol=1e-12)


def test_chains_each_have_one_number(rng):
    x = rng.normal(size=(3, 4))
    P = np.array([[0.8, 0.2], [0.3, 0.7]])
    with aq.Model() as model:
        mu = aq.Normal("mu", 0, 1, shape=2)
        z = aq.MarkovChain("z", P, init=[0.4, 0.6], shape=(3, 4))
        aq.Normal("x", mu[z], 1, observed=x)
    mu = rng.normal(size=(2, 2))
    found = aq.compute_log_likelihood(trace_of(mu=mu), model, by="z").log_likelihood["z"].values[0]
    for d in range(2):
        for chain in range(3):
            total = -np.inf
            for states in np.ndindex(2, 2, 2, 2):
                log_p = np.log([0.4, 0.6][states[0]])
                log_p += sum(np.log(P[a, b]) for a, b in pairwise(states))
                log_p += stats.norm.logpdf(x[chain], mu[d, list(states)]).sum()
                total = np.logaddexp(total, log_p)
            np.testing.assert_allclose(found[d, chain], np.full(4, total), rtol=1e-12)


def test_groups_and_shared_elements(rng):
    """Rows of one group hang together; what no unknown enters is left out."""
    x, group = rng.normal(size=N), np.array([0, 0, 1, 2, 2, 2])
    with aq.Model() as model:
        mu = aq.Normal("mu", 0, 1, shape=2)
        z = aq.Bernoulli("z", 0.3, shape=3)
        aq.Normal("x", mu[z[group]], 1, observed=x)
        aq.Normal("apart", mu[0], 1, observed=x)
    mu = rng.normal(size=(1, 2))
    found = aq.compute_log_likelihood(trace_of(mu=mu), model, by="z").log_likelihood["z"].values
    for g in range(3):
        rows = x[group == g]
        each = [stats.norm.logpdf(rows, mu[0, k]).sum() for k in range(2)]
        np.testing.assert_allclose(found[0, 0, g], logsumexp(each + np.log([0.7, 0.3])), rtol=1e-12)
    with pytest.raises(ModelError, match=r"by='x' is no discrete variable.*'z'"):
        aq.compute_log_likelihood(trace_of(mu=mu), model, by="x")
