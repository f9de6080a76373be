"""Mixtures written as text, against SciPy: every family, every covariance, missing values."""

from __future__ import annotations

import pickle
import warnings

import numpy as np
import pytest
from scipy import stats
from scipy.special import logsumexp

import aliquot as aq
from aliquot.builders.columns import Column
from aliquot.builders.mixture import COVARIANCES, arrays, mixture
from aliquot.errors import ModelError
from aliquot.results import build_tree

N, K = 12, 2
REAL = [Column(name, "normal") for name in ("a", "b b", "w")]
OTHERS = [
    Column("calls", "poisson", mean=3.0),
    Column("visits", "negative_binomial", mean=5.0),
    Column("member", "bernoulli", (0, 1)),
    Column("z", "categorical", ("lo", "mid", "hi")),
]


def table_of(rng: np.random.Generator) -> np.ndarray:
    table = np.column_stack(
        [
            rng.normal(size=(N, 3)),
            rng.poisson(3, N),
            rng.poisson(5, N),
            rng.integers(0, 2, N),
            rng.integers(0, 3, N),
        ]
    ).astype(float)
    table[0] = np.nan
    table[1, 1] = table[2, 6] = table[3, 5] = table[4, 3] = np.nan
    return table


def quietly(written, data, components):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", aq.ImputationWarning)
        return written.build(data, components)


def at_a_point(model: aq.Model, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Give the free variables at a point that is not special: to draw them compiles for seconds."""
    density = model.density()
    values = density.constrain_draws(density.start + rng.normal(0, 0.7, density.size))
    return {slot.variable.name: values[slot.variable.name] for slot in density.slots}


def by_rows(model: aq.Model, at: dict[str, np.ndarray]) -> np.ndarray:
    tree = build_tree(posterior={name: value[None, None] for name, value in at.items()})
    return aq.compute_log_likelihood(tree, model, by="z").log_likelihood["z"].values[0, 0]


def covariance_of(kind: str, at: dict[str, np.ndarray], k: int) -> np.ndarray:
    match kind:
        case "full":
            return at["chol"][k] @ at["chol"][k].T
        case "tied":
            return at["chol"] @ at["chol"].T
        case "diag":
            return np.diag(at["sigma"][k] ** 2)
        case "spherical":
            return np.eye(3) * at["sigma"][k] ** 2
    loading = at["loading"][k] * np.tri(3, 2)
    return loading @ loading.T + np.diag(at["sigma"][k] ** 2)


@pytest.mark.parametrize("covariance", COVARIANCES)
def test_rows_have_the_density_of_their_columns(rng, covariance):
    # What the others are does not depend on the real ones' covariance.
    others = covariance == "full"
    columns = [*REAL, *OTHERS] if others else REAL
    table = table_of(rng) if others else table_of(rng)[:, :3]
    written = mixture(columns, covariance, factors=2)
    model = quietly(written, arrays(columns, table), K)
    at = at_a_point(model, rng)
    expected = np.zeros((K, N))
    for k in range(K):
        covariance_k = covariance_of(covariance, at, k)
        for i, row in enumerate(table):
            seen = np.flatnonzero(~np.isnan(row[:3]))
            if seen.size:
                expected[k, i] += stats.multivariate_normal(
                    at["mu"][k, seen], covariance_k[np.ix_(seen, seen)]
                ).logpdf(row[seen])
            if not others:
                continue
            shape, mean = at["shape"][k, 0], at["mean"][k, 0]
            laws = [
                stats.poisson(at["rate"][k, 0]),
                stats.nbinom(shape, shape / (shape + mean)),
                stats.bernoulli(at["yes"][k, 0]),
            ]
            for law, value in zip(laws, row[3:6], strict=True):
                expected[k, i] += 0.0 if np.isnan(value) else law.logpmf(value)
            if not np.isnan(row[6]):
                expected[k, i] += np.log(at["p_z_2"][k, int(row[6])])
    expected = logsumexp(expected + np.log(at["w"])[:, None], axis=0)
    np.testing.assert_allclose(by_rows(model, at), expected, rtol=1e-9, atol=1e-9)
    assert model.symmetries(explain=False).modes >= K


@pytest.mark.parametrize(
    ("kind", "covariance"),
    [("student_t", c) for c in ("full", "tied", "diag", "spherical", "factor")]
    + [("skew_normal", "diag"), ("skew_normal", "spherical")],
)
def test_other_families_of_real_columns(rng, kind, covariance):
    columns = [Column(name, kind) for name in "abc"]
    table = rng.normal(size=(N, 3))
    model = mixture(columns, covariance, factors=2).build(arrays(columns, table), K)
    at = at_a_point(model, rng)
    expected = np.zeros((K, N))
    for k in range(K):
        shape = covariance_of(covariance, at, k)
        scale = np.sqrt(np.diag(shape))
        if kind == "skew_normal":
            law = stats.skewnorm(at["alpha"][k], at["mu"][k], scale)
            expected[k] = law.logpdf(table).sum(axis=1)
        elif covariance in ("diag", "spherical"):
            expected[k] = stats.t(at["nu"], at["mu"][k], scale).logpdf(table).sum(axis=1)
        else:
            expected[k] = stats.multivariate_t(at["mu"][k], shape, at["nu"]).logpdf(table)
    expected = logsumexp(expected + np.log(at["w"])[:, None], axis=0)
    np.testing.assert_allclose(by_rows(model, at), expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("covariance", COVARIANCES[:-1])
def test_one_column_and_one_component(rng, covariance):
    columns = [Column("a", "normal")]
    table = rng.normal(size=(N, 1))
    model = mixture(columns, covariance).build(arrays(columns, table), 1)
    at = at_a_point(model, rng)
    sigma = float(np.ravel(at["sigma"])[0])
    expected = stats.norm(at["mu"][0, 0], sigma).logpdf(table[:, 0])
    np.testing.assert_allclose(by_rows(model, at), expected, rtol=1e-12)


def test_the_text_is_all_there_is(rng):
    written = mixture([*REAL, *OTHERS])
    space: dict = {}
    exec(written.text, space)
    data = arrays([*REAL, *OTHERS], rng.integers(0, 2, (N, 7)).astype(float))
    points = [space["build"](data, 2), written.build(data, 2)]
    points.append(pickle.loads(pickle.dumps(written)).build(data, 2))
    heights = [model.density().evaluate(model.density().start) for model in points]
    assert heights[0] == heights[1] == heights[2]
    assert max(map(len, written.text.splitlines())) <= 100


@pytest.mark.parametrize(
    ("columns", "arguments", "words"),
    [
        (REAL, {"covariance": "round"}, "covariance must be one of 'full'.*got 'round'"),
        (REAL, {"covariance": "factor", "factors": 3}, "fewer than the 3 real columns; got 3"),
        ([Column("a", "normal"), Column("b", "student_t")], {}, "must be of one family"),
        ([Column("a", "skew_normal"), Column("b", "skew_normal")], {}, "skew columns are indep"),
    ],
)
def test_what_does_not_go_together_is_said(columns, arguments, words):
    with pytest.raises(ModelError, match=words):
        mixture(columns, **arguments)
    with pytest.raises(ModelError, match="column 'a': the family must be one of"):
        Column("a", "round")
