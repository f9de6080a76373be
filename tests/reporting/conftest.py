"""Small fits of several kinds, each with its model, and the reports on them."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import aliquot as aq
from tests import seeds
from tests.reporting.page import parsed, plain

SHORT = {"progressbar": False, "compute_convergence_checks": False, "random_seed": 1}


def mixture(data):
    with aq.Model(coords={"kind": ["low", "high"]}) as model:
        w = aq.Dirichlet("w", np.ones(2), dims="kind")
        means = aq.Normal("means", 0, 10, dims="kind")
        z = aq.Categorical("z", p=w, shape=len(data))
        aq.Normal("obs", means[z], 1, observed=data)
    return model


@pytest.fixture(scope="package")
def mixed():
    """A trace of a mixture without an ordering, and its model."""
    rng = seeds.fixed(0)
    model = mixture(rng.normal(np.array([-2.0, 2.0])[rng.integers(0, 2, 40)], 1.0))
    return aq.sample(200, tune=200, chains=2, model=model, **SHORT), model


@pytest.fixture(scope="package")
def counted():
    """A trace of counts in many groups, all their rates on one scale, and its model."""
    with aq.Model() as model:
        mu = aq.Normal("mu", 0, 1)
        tau = aq.HalfNormal("tau", 1)
        theta = aq.Normal("theta", mu, tau, shape=198)
        rate = aq.Deterministic("rate", np.exp(theta))
        aq.Poisson("y", rate, observed=seeds.fixed(1).poisson(2.0, 198))
    return aq.sample(150, tune=200, chains=2, model=model, **SHORT), model


@pytest.fixture
def written(tmp_path):
    """Write a report; give its source, the page and its text."""

    def write(*arguments, **options):
        with warnings.catch_warnings():
            warnings.simplefilter("error", UserWarning)
            path = aq.report(*arguments, path=tmp_path / "report.html", **options)
        source = path.read_text(encoding="utf-8")
        page = parsed(source)
        return source, page, plain(page)

    return write
