"""Missing rows are no rows, in every family, where a label decides about each row."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np
from scipy import stats

import aliquot as aq
from aliquot.precision import float64
from tests.density.test_missing import (
    TABLE,
    assert_labels_of_missing_rows_sum_to_one,
    imputed,
)


def test_labels_of_missing_rows_sum_to_one_in_every_family(verified: Any) -> None:
    """Value and gradient, one family at a time."""
    for family in TABLE:
        assert_labels_of_missing_rows_sum_to_one([family])
    verified(
        what="missing rows integrated out, a label in each",
        against="the model without those rows",
        cases=len(TABLE),
        worst="1e-12 of the log density, 1e-10 of its gradient",
    )


WEIGHTS = np.array([0.7, 0.3])


def labelled(model: aq.Model, given: dict[str, Any]) -> float:
    """Evaluate the part of a log density in which labels are summed out."""
    density = model.density()
    with float64():
        terms = jax.jit(density.log_terms_of)(
            {name: np.asarray(value) for name, value in given.items()}, density.data
        )
        return float(terms["sum over z"])


def by_hand(y: np.ndarray, moments: list[tuple[np.ndarray, np.ndarray]]) -> float:
    """Mix the normal densities of the entries that were seen, row by row."""
    total = 0.0
    for row in y:
        seen = np.flatnonzero(~np.isnan(row))
        each = [
            stats.multivariate_normal(m[seen], c[np.ix_(seen, seen)]).pdf(row[seen])
            if seen.size
            else 1.0
            for m, c in moments
        ]
        total += np.log(WEIGHTS @ each)
    return total


def test_entries_of_vectors_and_walks_of_which_labels_decide_everything(verified: Any) -> None:
    """Means and covariances, or the steps' scales, by label."""
    rng = np.random.default_rng(0)
    cases, worst = 0, 0.0
    for k in (2, 3, 8):
        y = rng.normal(size=(5, k))
        y[0, 1], y[2, : k - 1], y[3, 0], y[4] = np.nan, np.nan, np.nan, np.nan
        root = rng.normal(size=(2, k, k))
        cov, mu = root @ root.transpose(0, 2, 1) + np.eye(k), rng.normal(size=(2, k))
        matrices = {"cov": cov, "chol": np.linalg.cholesky(cov), "tau": np.linalg.inv(cov)}
        for name, matrix in matrices.items():

            def write(y: Any = y, name: str = name, matrix: Any = matrix, mu: Any = mu) -> None:
                s = aq.LogNormal("s", 0, 1)
                z = aq.Bernoulli("z", WEIGHTS[1], shape=5)
                power = {"cov": 1.0, "chol": 0.5, "tau": -1.0}[name]
                own = aq.Data("matrix", matrix)[z] * s**power
                aq.MvNormal("y", aq.Data("mu", mu)[z], observed=y, **{name: own})

            exact = by_hand(y, [(m, 1.3 * c) for m, c in zip(mu, cov, strict=True)])
            worst = max(worst, abs(labelled(imputed(write), {"s": 1.3}) / exact - 1))
            cases += 1
    steps = np.array([0.5, 1.0, 2.0, 0.7, 1.3])
    for each in (steps, np.ones(5)):
        y = np.cumsum(rng.normal(size=(4, 6)), axis=1)
        y[0, 2:4], y[1, :2], y[2, 4:], y[3] = np.nan, np.nan, np.nan, np.nan

        def walk(y: Any = y, each: Any = each) -> None:
            s = aq.LogNormal("s", 0, 1, shape=2)
            z = aq.Bernoulli("z", WEIGHTS[1], shape=4)
            start = aq.Normal.dist(0, 2)
            aq.GaussianRandomWalk("y", 0.1, s[z][:, None] * each, init_dist=start, observed=y)

        gathered = [4 + np.r_[0, np.cumsum((s * each) ** 2)] for s in (0.8, 2.0)]
        moments = [(0.1 * np.arange(6), np.minimum(v[:, None], v)) for v in gathered]
        found = labelled(imputed(walk), {"s": [0.8, 2.0]})
        worst = max(worst, abs(found / by_hand(y, moments) - 1))
        cases += 1
    assert worst < 1e-10
    verified(
        what="entries of vectors and walks missing, a label in each",
        against="SciPy's normal densities of the entries seen",
        cases=cases,
        worst=f"{worst:.0e} of the log density",
    )
