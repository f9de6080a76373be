"""Families of vectors and series in models: hidden labels, mixtures, and what is drawn back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy import special, stats

import aliquot as aq
from aliquot.precision import float64
from aliquot.results import build_tree
from tests.programs import quick

COV = np.array([[1.0, 0.4], [0.4, 0.7]])
W = np.array([0.3, 0.7])
PLANE = np.array([[0.1, 0.4], [-1.0, 0.2], [2.0, 1.5], [0.6, -0.3]])
SPLIT = np.array([[1, 2, 4], [0, 7, 0], [2, 2, 3], [5, 1, 1]])
SERIES = np.array([[0.1, 0.4, 0.2], [-1.0, 0.2, 0.1], [2.0, 1.5, 1.9], [0.6, -0.3, 0.0]])
WALKS = np.stack([PLANE, PLANE[::-1] + 0.5], axis=1)
STARTS = stats.norm(0, 2)

# Data, the family's parameters by component from a positive number, and SciPy's log density.
Make = Callable[[Any], aq.distributions.base.Distribution]
TABLE: dict[str, tuple[np.ndarray, Callable[..., dict[str, Any]], Callable[..., Any]]] = {
    "MvStudentT": (
        PLANE,
        lambda s: {"nu": 4 * s, "mu": s[..., None] * np.ones(2), "scale": COV},
        lambda x, s: stats.multivariate_t(s * np.ones(2), COV, 4 * s).logpdf(x),
    ),
    "DirichletMultinomial": (
        SPLIT,
        lambda s: {"n": 7, "a": s[..., None] * np.array([1.0, 2.0, 3.0])},
        lambda x, s: stats.dirichlet_multinomial(s * np.array([1.0, 2.0, 3.0]), 7).logpmf(x),
    ),
    "AR": (
        SERIES,
        lambda s: {"rho": 0.5 * s[..., None], "sigma": s, "init_dist": aq.Normal.dist(0, 2)},
        lambda x, s: (
            STARTS.logpdf(x[:, 0]) + stats.norm(0.5 * s * x[:, :-1], s).logpdf(x[:, 1:]).sum(1)
        ),
    ),
    "MvGaussianRandomWalk": (
        WALKS,
        lambda s: {
            "mu": s[..., None] * np.ones(2),
            "cov": COV,
            "init_dist": aq.Normal.dist(0, 2),
        },
        lambda x, s: (
            STARTS.logpdf(x[:, 0]).sum(1)
            + stats.multivariate_normal(s * np.ones(2), COV).logpdf(x[:, 1] - x[:, 0])
        ),
    ),
}


@pytest.mark.parametrize("family", TABLE)
def test_labels_that_are_summed_out_and_mixtures(family: str) -> None:
    """Against SciPy's densities of the components, added up."""
    data, parameters, log_density = TABLE[family]
    make = getattr(aq, family)
    with aq.Model() as labelled:
        size = aq.LogNormal("size", 0, 0.5, shape=2)
        z = aq.Categorical("z", p=W, shape=len(data))
        make("y", **parameters(size[z]), observed=data)
    with aq.Model() as mixed:
        size = aq.LogNormal("size", 0, 0.5, shape=2)
        shape = (2, *data.shape[1:])
        aq.Mixture("y", W, make.dist(**parameters(size), shape=shape), observed=data)
    flat = np.array([-0.2, 0.5])
    each = np.stack([log_density(data, s) for s in np.exp(flat)], axis=1)
    expected = special.logsumexp(each, b=W, axis=1).sum()
    expected += stats.norm(0, 0.5).logpdf(flat).sum()
    for model in (labelled, mixed):
        density = model.density()
        with float64():
            found = quick(density.log_density)(flat, density.data)
        np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_what_is_drawn_back_and_predicted() -> None:
    with aq.Model() as model:
        w = aq.StickBreakingWeights("w", alpha=2.0, K=1)
        effects = aq.ZeroSumNormal("effects", 3.0, shape=2)
        corr = aq.LKJCorr("corr", n=2, eta=2.0)
        z = aq.Categorical("z", p=w, shape=4)
        holes = np.where(np.array([[0, 0], [0, 1], [0, 0], [1, 1]]) == 1, np.nan, PLANE)
        with pytest.warns(aq.ImputationWarning):
            aq.MvStudentT("t", 5.0, mu=effects[z][:, None] * np.ones(2), scale=corr, observed=holes)
        aq.DirichletMultinomial("counts", n=7, a=np.ones(3), observed=SPLIT)
        gaps = SERIES.copy()
        gaps[1, 1], gaps[2, 0] = np.nan, np.nan
        with pytest.warns(aq.ImputationWarning):
            aq.AR("series", [0.5], 1.0, observed=gaps, shape=(4, 3))
        walks = WALKS.copy()
        walks[0, 1, 0] = np.nan
        with pytest.warns(aq.ImputationWarning):
            aq.MvGaussianRandomWalk("walks", cov=corr, observed=walks, shape=(4, 2, 2))
    # Draws from the prior do as well as those of a run, which is compiled for longer.
    free = ["w", "effects", "corr"]
    prior = aq.sample_prior_predictive(120, model=model, var_names=free, random_seed=1)
    given = {name: prior.prior[name].values for name in free}
    given = {name: draws.reshape((2, 60, *draws.shape[2:])) for name, draws in given.items()}
    trace = aq.recover(build_tree(posterior=given), model=model, random_seed=2)
    posterior = trace.posterior
    np.testing.assert_allclose(posterior["w"].sum("w_dim_0"), 1, rtol=1e-12)
    np.testing.assert_allclose(posterior["effects"].sum("effects_dim_0"), 0, atol=1e-12)
    assert posterior["corr"].shape == (2, 60, 2, 2)
    assert set(np.unique(posterior["z"])) <= {0, 1}
    for name, count in (("t", 3), ("series", 2), ("walks", 1)):
        missing = posterior[f"{name}_missing"]
        assert missing.shape == (2, 60, count)
        assert len(np.unique(missing)) == missing.size
    predicted = aq.sample_posterior_predictive(
        trace, model=model, random_seed=3
    ).posterior_predictive
    for name, data in (("t", PLANE), ("counts", SPLIT), ("series", SERIES), ("walks", WALKS)):
        assert predicted[name].shape[2:] == data.shape
        assert np.isfinite(predicted[name]).all()
    np.testing.assert_array_equal(predicted["counts"].sum("counts_dim_1"), 7)


def test_weights_of_a_stick_keep_components_apart() -> None:
    """And those of a Dirichlet do not."""
    for make, blocks in (
        (lambda: aq.StickBreakingWeights("w", 1.5, 2), 0),
        (lambda: aq.Dirichlet("w", np.ones(3)), 1),
    ):
        with aq.Model() as model:
            w, means = make(), aq.Normal("means", 0, 5, shape=3)
            aq.NormalMixture("y", w, means, 1.0, observed=PLANE.ravel())
        assert len(model.symmetries().blocks) == blocks


def test_a_start_value_that_does_not_sum_to_zero_is_refused() -> None:
    with aq.Model(), pytest.raises(aq.SupportError, match=r"sum to 0 along the last axis"):
        aq.ZeroSumNormal("effects", 1.0, shape=3, initval=[1.0, 2.0, 3.0])
    with aq.Model(), pytest.raises(aq.SupportError, match=r"correlation matrix"):
        aq.LKJCorr("corr", 2, 1.0, initval=[[1.0, 2.0], [2.0, 1.0]])
    with aq.Model(), pytest.raises(aq.SupportError, match=r"effects: data of ZeroSumNormal"):
        aq.ZeroSumNormal("effects", 1.0, observed=[1.0, 2.0])
