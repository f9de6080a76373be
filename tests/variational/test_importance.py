"""Pareto k: exact fits, good ones, bad ones, and ratios that are not numbers."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from aliquot.variational import FullRank, MeanField, VariationalApproximation
from aliquot.variational.importance import assess
from tests.variational.targets import gaussian


def best_mean_field(correlation, seed):
    """The optimum for two unit Gaussians; Pareto k of its ratios is about the correlation."""
    covariance = np.array([[1.0, correlation], [correlation, 1.0]])
    family = MeanField(2)
    params = family.init(np.zeros(2), np.sqrt(1 - correlation**2))
    return VariationalApproximation(
        gaussian(np.zeros(2), covariance), family.name, family.gaussian(params), np.empty(0), seed
    )


# One less the ratio of the variances in the widest direction, k is 0.2 and 0.99 for these two
# correlations. An estimate from n draws has an error of (1 + k) / sqrt(3 sqrt(n)): here 0.03 and
# 0.05, so that the bounds below are five errors away or more.
MANY = 200_000


@pytest.mark.parametrize("seed", range(3))
def test_a_good_fit_passes(seed):
    quality = best_mean_field(0.2, seed)._checked(n=MANY).quality
    assert quality.good
    assert quality.draws == MANY
    assert 0 < quality.pareto_k < 0.5


@pytest.mark.parametrize("seed", range(3))
def test_a_bad_fit_is_flagged(seed):
    quality = best_mean_field(0.99, seed)._checked(n=MANY).quality
    assert not quality.good
    assert "above 0.7" in quality.message
    assert "method='fullrank'" in quality.message
    assert "method=" not in replace(quality, family="full-rank").message
    assert "method=" not in replace(quality, tried=("laplace", "fullrank")).message
    laplace = replace(quality, family="Laplace", tried=("laplace", "fullrank"))
    assert "method='pathfinder'" in laplace.message


def test_the_elbo_comes_with_it():
    approx = best_mean_field(0.5, 0)
    quality = approx._checked(n=1000).quality
    assert quality.elbo == approx.elbo(1000)
    # The log evidence is 0; the divergence of the optimum is -log(1 - r**2) / 2.
    assert abs(quality.elbo.value - 0.5 * np.log(1 - 0.25)) < 4.5 * quality.elbo.mcse


def test_an_exact_fit_has_no_tail():
    family = FullRank(2)
    target = gaussian(np.ones(2), 0.09 * np.eye(2))
    q = family.gaussian(family.init(np.ones(2), 0.3))
    approx = VariationalApproximation(target, family.name, q, np.empty(0), seed=0)
    quality = approx._checked().quality
    assert quality.pareto_k == -np.inf
    assert quality.good
    assert quality.elbo.value == pytest.approx(0, abs=1e-10)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_ratio_that_is_no_number_fails(bad):
    ratios = np.random.default_rng(0).normal(size=500)
    ratios[17] = bad
    assert assess(ratios).pareto_k == np.inf


def test_draws_off_the_support_do_not_lengthen_the_tail():
    ratios = -0.3 * np.random.default_rng(0).exponential(size=2000)
    whole = assess(ratios).pareto_k
    ratios[np.argsort(ratios)[:20]] = -np.inf
    assert assess(ratios).pareto_k == pytest.approx(whole, abs=1e-6)
    assert assess(np.full(100, -np.inf)).pareto_k == np.inf


def test_importing_the_fits_does_not_import_what_is_slow():
    code = (
        "import sys, aliquot.variational; "
        "slow = {'optax', 'xarray', 'arviz_base', 'arviz_stats', 'rich', 'scipy.stats'}; "
        "sys.exit(', '.join(slow & set(sys.modules)) or None)"
    )
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert found.returncode == 0, found.stderr
