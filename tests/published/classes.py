"""The classes of published fits, and whether an answer has the same.

The published class of a row is taken at the published parameters, or, where none are printed, at
the maximum, whose log likelihood is the printed one (`test_results`). An answer is the average of
the same probabilities over the posterior, so that it is less sure where rows or priors leave the
parameters open: of `galaxies` three rows make a component, and of `carcinoma` published
probabilities of answers are 0. Hence, of rows that the published fit is sure of (`SURE`):

* none is put elsewhere with `CLEAR` or more. That is 0.3 from even, and the average of 400 draws
  errs by 0.05 at most (as if 100 were independent, of a probability between 0 and 1): a row that
  is even is there by chance once in a billion;
* at most a sixth are below `CLEAR` in the same class. The most are 6 of 82 (galaxies), with 5 more
  that could be there by chance.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy.optimize import linear_sum_assignment

from aliquot.estimators import HiddenMarkov, LatentClass, Mixture, MixtureRegression
from tests.published.test_results import RESULTS, as_printed, maximum, observed, step

SURE, CLEAR = 0.95, 0.8


def published(name: str) -> np.ndarray:
    """Give the probabilities of classes, (rows, classes), by NumPy."""
    case = RESULTS[name]
    at = as_printed(case) if "parameters" in case else maximum(name)[1]
    return step(case, observed(case))(at)[1]


def formula(case: dict[str, Any]) -> str:
    x, y = case["columns"]
    return f"{y} ~ {x}" + (f" + I({x}**2)" if "quadratic" in case["model"] else "")


def fitted(name: str) -> np.ndarray:
    """Fit the estimator that the model is for, and give its probabilities of classes."""
    case = RESULTS[name]
    rows, model, k = observed(case), case["model"], case["components"]
    options = {"random_state": 0}
    if "regressions" in model:
        table = pd.DataFrame(rows, columns=case["columns"])
        family = "poisson" if "Poisson" in model else "normal"
        found = MixtureRegression(formula(case), n_components=k, family=family, **options)
        return found.fit(table).predict_component_proba(table)
    if model == "latent classes":
        return LatentClass(k, **options).fit(rows).predict_proba(rows)
    if "chain" in model:
        return HiddenMarkov(k, **options).fit(rows[:, :1]).predict_proba(rows[:, :1])
    shape = "tied" if "one covariance" in model else "full"
    return Mixture(k, covariance_type=shape, **options).fit(rows).predict_proba(rows)


def matched(theirs: np.ndarray, ours: np.ndarray) -> np.ndarray:
    """Give our columns in the order in which most rows have the same class."""
    k = theirs.shape[1]
    both = np.zeros((k, k))
    np.add.at(both, (theirs.argmax(axis=1), ours.argmax(axis=1)), 1)
    return ours[:, linear_sum_assignment(-both)[1]]


def check(theirs: np.ndarray, ours: np.ndarray) -> tuple[int, int]:
    """Compare rows; give how many are sure, and how many of these are below `CLEAR`."""
    assert ours.shape == theirs.shape
    np.testing.assert_allclose(ours.sum(axis=1), 1, atol=1e-5)
    sure = theirs.max(axis=1) > SURE
    label = theirs.argmax(axis=1)[sure]
    found = matched(theirs, ours)[sure]
    own = found[np.arange(len(label)), label]
    elsewhere = np.where(np.arange(theirs.shape[1]) == label[:, None], 0, found)
    assert sure.sum() >= 20
    assert elsewhere.max() < CLEAR
    assert (own < CLEAR).mean() <= 1 / 6
    return int(sure.sum()), int((own < CLEAR).sum())
