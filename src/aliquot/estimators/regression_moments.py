"""Mean and variance of the response of a mixture of regressions, over draws of the posterior."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy.special import expit, softmax

from aliquot.builders.regression import LOG, REAL


def moments(data: Mapping[str, Any], values: Mapping[str, np.ndarray], family: str) -> np.ndarray:
    """Give mean and variance of the predictive distribution of each row, shape (rows, 2).

    The variance is that within components and that between them, by the law of total variance
    over components and draws.

    Parameters
    ----------
    data : mapping
        As the text of the model reads it.
    values : mapping from str to array, shape (draws, ...)
        The free variables of the model.
    family : str
        Of "student_t" the mean is that of the locations, and the variance is infinite where a draw
        has 2 degrees of freedom or fewer.
    """
    eta = np.einsum("rp,dkp->drk", data["X"], values["beta"])
    if "gamma" in values:
        w = softmax(np.einsum("rq,dkq->drk", data["W"], values["gamma"]), axis=-1)
    else:
        w = values["w"][:, None, :]
    if family in REAL:
        mean, variance = eta, values["sigma"][:, None, :] ** 2
        if family == "student_t":
            nu = values["nu"][:, None, None]
            variance = variance * np.where(nu > 2, nu / np.where(nu > 2, nu - 2, 1.0), np.inf)
    elif family in LOG:
        mean = variance = np.exp(eta)
        if family == "negative_binomial":
            variance = mean + mean**2 / values["shape"][:, None, :]
    else:
        trials = data["trials"][None, :, None] if family == "binomial" else 1
        mean = trials * expit(eta)
        variance = mean * expit(-eta)
    overall = (w * mean).sum(axis=-1).mean(axis=0)
    between = (w * (mean - overall[:, None]) ** 2).sum(axis=-1)
    within = (w * variance).sum(axis=-1)
    return np.stack([overall, (within + between).mean(axis=0)], axis=-1)
