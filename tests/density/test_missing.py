"""Missing values: the density with them is that of the model without those rows."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import special, stats

import aliquot as aq
from aliquot import families
from aliquot.precision import float64
from tests.programs import quick

ROWS, GONE = 5, np.array([1, 4])
KEPT = np.setdiff1d(np.arange(ROWS), GONE)
REAL = np.array([0.3, 9.0, -1.2, 0.8, 9.0])
POSITIVE = np.array([0.3, 9.0, 1.2, 0.8, 9.0])
SOME = np.array([0.0, 9.0, 1.2, 0.8, 9.0])
SHARE = np.array([0.3, 0.9, 0.2, 0.8, 0.9])
COUNT = np.array([1, 9, 0, 2, 9])
LABEL = np.array([1, 9, 0, 1, 9])
PLANE = np.array([[0.1, 0.4], [9, 9], [-1.0, 0.2], [0.6, -0.3], [9, 9]])
SIMPLEX = np.array([[0.1, 0.9], [0.5, 0.5], [0.3, 0.7], [0.8, 0.2], [0.5, 0.5]])
SPLIT = np.array([[1, 2], [9, 9], [0, 3], [2, 1], [9, 9]])
COV = np.array([[1.0, 0.4], [0.4, 0.7]])

Make = Callable[..., Any]
# By family: what is observed, and the model's line, with a positive number for each row.
TABLE: dict[str, tuple[np.ndarray, Make]] = {
    "Normal": (REAL, lambda n, s, **o: aq.Normal(n, s, 1 + s, **o)),
    "HalfNormal": (POSITIVE, lambda n, s, **o: aq.HalfNormal(n, s, **o)),
    "TruncatedNormal": (POSITIVE, lambda n, s, **o: aq.TruncatedNormal(n, 1, s, lower=0, **o)),
    "StudentT": (REAL, lambda n, s, **o: aq.StudentT(n, 4, s, sigma=1, **o)),
    "HalfStudentT": (POSITIVE, lambda n, s, **o: aq.HalfStudentT(n, 4, s, **o)),
    "Cauchy": (REAL, lambda n, s, **o: aq.Cauchy(n, 0, s, **o)),
    "HalfCauchy": (POSITIVE, lambda n, s, **o: aq.HalfCauchy(n, s, **o)),
    "Laplace": (REAL, lambda n, s, **o: aq.Laplace(n, s, 1, **o)),
    "Logistic": (REAL, lambda n, s, **o: aq.Logistic(n, s, 1, **o)),
    "Gumbel": (REAL, lambda n, s, **o: aq.Gumbel(n, s, 1, **o)),
    "LogNormal": (POSITIVE, lambda n, s, **o: aq.LogNormal(n, s, 1, **o)),
    "Exponential": (POSITIVE, lambda n, s, **o: aq.Exponential(n, s, **o)),
    "Gamma": (POSITIVE, lambda n, s, **o: aq.Gamma(n, s, 2, **o)),
    "InverseGamma": (POSITIVE, lambda n, s, **o: aq.InverseGamma(n, s, 2, **o)),
    "ChiSquared": (POSITIVE, lambda n, s, **o: aq.ChiSquared(n, s, **o)),
    "Weibull": (POSITIVE, lambda n, s, **o: aq.Weibull(n, s, 2, **o)),
    "Pareto": (POSITIVE, lambda n, s, **o: aq.Pareto(n, s, 0.2, **o)),
    "Beta": (SHARE, lambda n, s, **o: aq.Beta(n, s, 2, **o)),
    "Uniform": (SHARE, lambda n, s, **o: aq.Uniform(n, 0, 1 + s, **o)),
    "VonMises": (REAL, lambda n, s, **o: aq.VonMises(n, 0, s, **o)),
    "SkewNormal": (REAL, lambda n, s, **o: aq.SkewNormal(n, s, 0, 1 + s, **o)),
    "AsymmetricLaplace": (REAL, lambda n, s, **o: aq.AsymmetricLaplace(n, s, 0, 1, **o)),
    "ExGaussian": (REAL, lambda n, s, **o: aq.ExGaussian(n, 0, s, 1, **o)),
    "Kumaraswamy": (SHARE, lambda n, s, **o: aq.Kumaraswamy(n, s, 2, **o)),
    "Interpolated": (
        SHARE,
        lambda n, s, **o: aq.Interpolated(n, [0, 0.5, 1], s[:, None] + np.array([0, 2, 1]), **o),
    ),
    "GaussianRandomWalk": (
        PLANE,
        lambda n, s, **o: aq.GaussianRandomWalk(n, 0, s[:, None], **o),
    ),
    "Dirichlet": (SIMPLEX, lambda n, s, **o: aq.Dirichlet(n, s[:, None] * np.ones(2), **o)),
    "MvNormal": (PLANE, lambda n, s, **o: aq.MvNormal(n, s[:, None] * np.ones(2), COV, **o)),
    "MvStudentT": (
        PLANE,
        lambda n, s, **o: aq.MvStudentT(n, 4, mu=s[:, None] * np.ones(2), scale=COV, **o),
    ),
    "ZeroSumNormal": (
        PLANE[:, :1] * [1, -1],
        lambda n, s, **o: aq.ZeroSumNormal(n, s[:, None], **o),
    ),
    "AR": (PLANE, lambda n, s, **o: aq.AR(n, 0.5 * s[:, None], s, **o)),
    "MvGaussianRandomWalk": (
        np.stack([PLANE, 2 * PLANE], axis=1),
        lambda n, s, **o: aq.MvGaussianRandomWalk(n, s[:, None] * np.ones(2), COV, **o),
    ),
    "StickBreakingWeights": (SIMPLEX, lambda n, s, **o: aq.StickBreakingWeights(n, s, 1, **o)),
    "LKJCorr": (
        np.eye(2) + REAL[:, None, None] / 9.5 * (1 - np.eye(2)),
        lambda n, s, **o: aq.LKJCorr(n, 2, s, **o),
    ),
    "Bernoulli": (LABEL, lambda n, s, **o: aq.Bernoulli(n, logit_p=s, **o)),
    "Binomial": (COUNT, lambda n, s, **o: aq.Binomial(n, 3, 1 / (1 + s), **o)),
    "BetaBinomial": (COUNT, lambda n, s, **o: aq.BetaBinomial(n, s, 2, 3, **o)),
    "Categorical": (LABEL, lambda n, s, **o: aq.Categorical(n, logit_p=s[:, None] * [0, 1], **o)),
    "DiscreteUniform": (COUNT, lambda n, s, **o: aq.DiscreteUniform(n, 0, 3, **o)),
    "Poisson": (COUNT, lambda n, s, **o: aq.Poisson(n, s, **o)),
    "NegativeBinomial": (COUNT, lambda n, s, **o: aq.NegativeBinomial(n, s, 2, **o)),
    "Geometric": (COUNT + 1, lambda n, s, **o: aq.Geometric(n, 1 / (1 + s), **o)),
    "Multinomial": (SPLIT, lambda n, s, **o: aq.Multinomial(n, 3, _two(1 / (1 + s)), **o)),
    "DirichletMultinomial": (
        SPLIT,
        lambda n, s, **o: aq.DirichletMultinomial(n, 3, s[:, None] * np.ones(2), **o),
    ),
    "MarkovChain": (
        np.array([[1, 0], [9, 9], [0, 0], [1, 1], [9, 9]]),
        lambda n, s, **o: aq.MarkovChain(n, _square(1 / (1 + s)), [0.3, 0.7], **o),
    ),
    "OrderedLogistic": (LABEL, lambda n, s, **o: aq.OrderedLogistic(n, s, [0.0], **o)),
    "OrderedProbit": (LABEL, lambda n, s, **o: aq.OrderedProbit(n, s, [0.0], **o)),
    "DiscreteWeibull": (COUNT, lambda n, s, **o: aq.DiscreteWeibull(n, 1 / (1 + s), 0.8, **o)),
    "HyperGeometric": (COUNT, lambda n, s, **o: aq.HyperGeometric(n, 9, 4, 3, **o)),
    "ZeroInflatedPoisson": (COUNT, lambda n, s, **o: aq.ZeroInflatedPoisson(n, 0.7, s, **o)),
    "ZeroInflatedBinomial": (
        COUNT,
        lambda n, s, **o: aq.ZeroInflatedBinomial(n, 0.7, 3, 1 / (1 + s), **o),
    ),
    "ZeroInflatedNegativeBinomial": (
        COUNT,
        lambda n, s, **o: aq.ZeroInflatedNegativeBinomial(n, 0.7, s, 2, **o),
    ),
    "HurdlePoisson": (COUNT, lambda n, s, **o: aq.HurdlePoisson(n, 0.7, s, **o)),
    "HurdleNegativeBinomial": (
        COUNT,
        lambda n, s, **o: aq.HurdleNegativeBinomial(n, 0.7, s, 2, **o),
    ),
    "HurdleGamma": (SOME, lambda n, s, **o: aq.HurdleGamma(n, 0.7, s, 2, **o)),
    "HurdleLogNormal": (SOME, lambda n, s, **o: aq.HurdleLogNormal(n, 0.7, s, 1, **o)),
    "Truncated": (POSITIVE, lambda n, s, **o: aq.Truncated(n, aq.Logistic.dist(1, s), 0, **o)),
    "Censored": (SOME, lambda n, s, **o: aq.Censored(n, aq.Logistic.dist(1, s), 0, **o)),
    "CustomDist": (
        POSITIVE,
        lambda n, s, **o: aq.CustomDist(
            n,
            s,
            logp=lambda x, rate: jnp.log(rate) - rate * x,
            random=lambda rate, rng, size: jax.random.exponential(rng, size) / rate,
            support="positive",
            **o,
        ),
    ),
    "Mixture": (
        REAL,
        lambda n, s, **o: aq.Mixture(
            n, [0.3, 0.7], [aq.Normal.dist(s, 1), aq.Cauchy.dist(0, s)], **o
        ),
    ),
    "NormalMixture": (
        REAL,
        lambda n, s, **o: aq.NormalMixture(n, [0.3, 0.7], s[:, None] * [-1, 1], 1, **o),
    ),
}


def _two(p: Any) -> Any:
    return aq.math.stack([p, 1 - p], axis=-1)


def _square(p: Any) -> Any:
    return aq.math.stack([_two(p), _two(1 - p)], axis=-2)


# Not there: a prior alone (LKJCholeskyCov), and what has an infinite integral.
APART = {"LKJCholeskyCov", "Flat", "HalfFlat"}


def test_every_family_is_in_the_table() -> None:
    assert set(TABLE) == set(families.__all__) - APART


# With labels by row, some of each kind; `verification/test_missing.py` goes over all.
LABELLED = ("Gamma", "GaussianRandomWalk", "MvNormal", "Poisson", "Mixture")


def model_of(
    wanted: Sequence[str], *, rows: np.ndarray, hole: bool, labels: bool = False
) -> aq.Model:
    """Write families into one model, with the same rows and the same labels."""
    x = np.linspace(0.5, 1.5, ROWS)[rows]
    with aq.Model() as model, warnings.catch_warnings():
        warnings.simplefilter("ignore", aq.ImputationWarning)
        scale = aq.LogNormal("a", 0, 0.5) * x
        if labels:
            z = aq.Bernoulli("z", aq.Beta("q", 2, 2), shape=len(rows))
            scale = scale * aq.math.where(z == 1, 2.0, 1.0)
        for family in wanted:
            values, make = TABLE[family]
            data = values.astype(float)
            if hole:
                data[GONE] = np.nan
            data = data[rows]
            whole_numbers = values.dtype.kind == "i" and not hole
            make(family, scale, observed=data.astype(int) if whole_numbers else data)
    return model


def test_missing_rows_are_no_rows() -> None:
    """To rounding, whatever the family."""
    whole = model_of(list(TABLE), rows=np.arange(ROWS), hole=True).density()
    apart = model_of(list(TABLE), rows=KEPT, hole=False).density()
    assert whole.labels == apart.labels
    flat = np.array([0.3])
    found, expected = whole.terms_at(flat), apart.terms_at(flat)
    # Missing labels are summed out together; every other family has a term of its own.
    summed = whole.marginal.name
    for name in set(expected) & set(found):
        np.testing.assert_allclose(found[name], expected[name], rtol=1e-12, err_msg=name)
    left = sum(expected[name] for name in set(expected) - set(found))
    np.testing.assert_allclose(found[summed], left, rtol=1e-12)


def assert_labels_of_missing_rows_sum_to_one(wanted: Sequence[str]) -> None:
    whole = model_of(wanted, rows=np.arange(ROWS), hole=True, labels=True).density()
    apart = model_of(wanted, rows=KEPT, hole=False, labels=True).density()
    assert whole.labels == apart.labels
    flat = np.array([0.3, -0.2])
    with float64():
        (found, slope), (expected, other) = (
            quick(jax.value_and_grad(d.log_density))(flat, d.data) for d in (whole, apart)
        )
    assert np.isfinite(expected)
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    np.testing.assert_allclose(slope, other, rtol=1e-10, atol=1e-12)


def test_missing_rows_are_no_rows_whatever_their_label() -> None:
    assert_labels_of_missing_rows_sum_to_one(LABELLED)


@pytest.mark.parametrize("family", ["Flat", "HalfFlat"])
def test_what_is_improper_cannot_be_integrated_out(family: str) -> None:
    with aq.Model() as model, pytest.warns(aq.ImputationWarning):
        aq.Normal("a")
        y = getattr(aq, family)("y", observed=[1.0, np.nan])
    with pytest.raises(
        aq.ModelError, match=rf"y: 1 of its values are missing, and {family} is imp"
    ):
        model.density()
    with model:  # as a covariate it is a parameter with a flat prior
        aq.Normal("obs", y, 1, observed=[0.1, 0.2])
    assert model.density().size == 2


def imputed(write: Callable[[], Any]) -> aq.Model:
    with aq.Model() as model, warnings.catch_warnings():
        warnings.simplefilter("ignore", aq.ImputationWarning)
        write()
    return model


def test_labels_of_missing_rows_say_nothing_of_weights() -> None:
    """Weight of a component, of which most rows are missing, by quadrature over the weight."""
    rng = np.random.default_rng(0)
    seen = np.r_[rng.normal(-3, 0.5, 30), rng.normal(3, 0.5, 10)]

    def write() -> None:
        w = aq.Beta("w", 1, 1)
        z = aq.Bernoulli("z", w, shape=100)
        mu = aq.math.where(z == 1, 3.0, -3.0)
        aq.Normal("x", mu, 0.5, observed=np.r_[seen, np.full(60, np.nan)])

    density = imputed(write).density()
    assert density.size == 1
    grid = np.linspace(0.01, 0.99, 25)
    each = stats.norm.logpdf(seen[:, None], [-3.0, 3.0], 0.5)
    exact = [special.logsumexp(each, b=[1 - w, w], axis=1).sum() for w in grid]
    with float64():
        terms = quick(jax.vmap(lambda v: density.log_terms_of(v, density.data)["sum over z"]))
        np.testing.assert_allclose(terms({"w": grid}), exact, rtol=1e-12)


def forward(seen: np.ndarray, p: np.ndarray) -> float:
    """The forward algorithm, an emission of one where nothing was seen."""
    alpha = np.full(2, 0.5)
    total = 0.0
    for t, y in enumerate(seen):
        alpha = alpha if t == 0 else alpha @ p
        if not np.isnan(y):
            alpha = alpha * stats.norm.pdf(y, [-1.0, 2.0], 1.0)
        total += np.log(alpha.sum())
        alpha = alpha / alpha.sum()
    return total


def test_chains_of_unequal_lengths_padded_with_nan() -> None:
    rng = np.random.default_rng(3)
    padded = rng.normal(size=(3, 6))
    padded[0, 4:], padded[1, 2:], padded[2, 1:4] = np.nan, np.nan, np.nan

    def write() -> None:
        stay = aq.Beta("stay", 2, 2)
        rows = aq.math.stack([stay, 1 - stay])
        p = aq.math.stack([rows, rows[::-1]])
        z = aq.MarkovChain("z", p, [0.5, 0.5], shape=(3, 6))
        aq.Normal("y", aq.math.where(z == 1, 2.0, -1.0), 1, observed=padded)

    density = imputed(write).density()
    assert density.size == 1
    for stay in (0.2, 0.8):
        given = {"stay": np.asarray(stay)}
        with float64():
            found = float(quick(density.log_terms_of)(given, density.data)["sum over z"])
        p = np.array([[stay, 1 - stay], [1 - stay, stay]])
        np.testing.assert_allclose(found, sum(forward(row, p) for row in padded), rtol=1e-12)


def test_vectors_of_a_component_with_entries_missing() -> None:
    """The label of a vector decides by what was seen of it: the marginal over the rest."""
    rng = np.random.default_rng(1)
    y = rng.normal(size=(5, 3))
    y[0, 1], y[2, :2], y[3] = np.nan, np.nan, np.nan
    mu = np.array([[-1.0, 0, 1], [1, 2, 0]])
    cov = np.array([[1.0, 0.3, 0.2], [0.3, 0.8, -0.1], [0.2, -0.1, 0.6]])

    def write() -> None:
        w = aq.Dirichlet("w", np.ones(2))
        s = aq.LogNormal("s", 0, 1)
        z = aq.Categorical("z", w, shape=5)
        aq.MvNormal("y", aq.Data("mu", mu)[z], cov * s, observed=y)

    density = imputed(write).density()
    assert density.size == 2
    w, s = np.array([0.3, 0.7]), 1.7
    with float64():
        given = {"w": w, "s": np.asarray(s)}
        found = float(quick(density.log_terms_of)(given, density.data)["sum over z"])
    expected = 0.0
    for row in y:
        o = np.flatnonzero(~np.isnan(row))
        each = [
            stats.multivariate_normal(m[o], s * cov[np.ix_(o, o)]).pdf(row[o]) if o.size else 1.0
            for m in mu
        ]
        expected += np.log(w @ each)
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_entries_that_matter_stay_and_the_others_go() -> None:
    """Entry by entry, and through outcomes that are missing themselves."""

    def write() -> None:
        x = aq.Normal("x", 0, 1, observed=[np.nan, 0.2, np.nan, np.nan])
        y = aq.Normal("y", aq.math.exp(x), 1, observed=[0.1, np.nan, np.nan, np.nan])
        aq.Normal("obs", y[2:] * aq.Normal("a"), 1, observed=[0.3, np.nan])
        aq.Deterministic("report", y.sum() + x.sum())

    density = imputed(write).density()
    # x[0] for y[0]; y[2] for obs[0], and with it x[2].
    assert density.labels == ["x_missing[0]", "x_missing[1]", "y_missing[0]", "a"]
    assert density.deterministics == []
    assert [found.held.index[0].tolist() for found in density.integrated[:2]] == [[0, 2], [2]]
    flat = np.array([0.4, -0.3, 0.6, 0.9])
    n = stats.norm.logpdf
    expected = n([0.4, 0.2, -0.3]).sum() + n(0.1, np.exp(0.4)) + n(0.6, np.exp(-0.3))
    np.testing.assert_allclose(density.evaluate(flat), expected + n(0.9) + n(0.3, 0.6 * 0.9))
    with float64():
        slope = quick(jax.grad(density.log_density))(flat, density.data)
    assert np.isfinite(slope).all()


def test_data_that_decide_what_matters_are_looked_at_again() -> None:
    with aq.Model() as model, pytest.warns(aq.ImputationWarning):
        x = aq.Normal("x", 0, 1, observed=[np.nan, 0.2, np.nan])
        which = aq.Data("which", [1, 1])
        aq.Normal("y", aq.Normal("a") + x[which], 1, observed=[0.1, 0.2])
    assert model.density().labels == ["a"]
    model.set_data({"which": [1, 2]})
    assert model.density().labels == ["x_missing[0]", "a"]


def test_every_row_missing_leaves_the_prior() -> None:
    def write() -> None:
        mu = aq.Normal("mu", [-3.0, 3.0], 1)
        z = aq.Categorical("z", [0.5, 0.5], shape=3)
        aq.Normal("y", mu[z], 1, observed=np.full(3, np.nan))

    density = imputed(write).density()
    expected = stats.norm.logpdf([0.1, 0.2], [-3, 3]).sum()
    np.testing.assert_allclose(density.evaluate([0.1, 0.2]), expected)


def test_whole_vectors_that_matter_cannot_be_imputed() -> None:
    with aq.Model() as model, pytest.warns(aq.ImputationWarning):
        shares = aq.Dirichlet("shares", np.ones(2), observed=[[0.5, 0.5], [np.nan, np.nan]])
        aq.Normal("y", shares[:, 0] + aq.Normal("a"), 1, observed=[0.1, 0.2])
    with pytest.raises(aq.ModelError, match="shares: something else in the model depends on whole"):
        model.density()
