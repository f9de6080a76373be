"""The mean of each regression at each row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy.special import expit

from aliquot.analyses.assignments import DRAWS, MOST_NUMBERS, few_draws
from aliquot.builders.posterior import Posterior
from aliquot.builders.regression import LOG, REAL


def fitted_means(posterior: Posterior, data: Mapping[str, Any], family: str) -> np.ndarray:
    """Give the mean over draws of the regression of each component, shape (rows, components).

    In the model's own units; of a binomial response the mean of the count.
    """
    few = few_draws(posterior.trace, posterior.model, DRAWS)
    beta = few["posterior"].dataset["beta"].values[0]
    x = data["X"]
    if family in REAL:  # the mean of what is linear
        return np.asarray(x @ beta.mean(axis=0).T)
    length = max(1, MOST_NUMBERS // (beta.shape[0] * beta.shape[1]))
    parts = []
    for start in range(0, len(x), length):
        eta = np.einsum("rp,dkp->drk", x[start : start + length], beta)
        parts.append((np.exp(eta) if family in LOG else expit(eta)).mean(axis=0))
    mean = np.concatenate(parts)
    return mean * np.asarray(data["trials"])[:, None] if family == "binomial" else mean
