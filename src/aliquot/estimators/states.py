"""What is seen in the states of a hidden Markov model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from aliquot.builders.columns import REAL
from aliquot.builders.names import answer_names
from aliquot.estimators.table import Encoding

if TYPE_CHECKING:
    import xarray


def summaries(posterior: xarray.Dataset, encoding: Encoding) -> dict[str, Any]:
    """Give posterior means of what is seen in each state, in the data's own units."""
    columns = encoding.columns
    found: dict[str, Any] = {}
    real = [i for i, column in enumerate(columns) if column.kind in REAL]
    if real:
        scale = encoding.scale[real]
        found["means_"] = _mean(posterior["mu"]) * scale + encoding.centre[real]
        states = len(found["means_"])
        if columns[real[0]].kind != "skew_normal":
            covariance = _covariance(posterior, states, len(real))
            found["covars_"] = covariance * np.outer(scale, scale)
    rates = [_mean(posterior[name]) for name in ("rate", "mean") if name in posterior]
    if rates:
        found["rates_"] = np.concatenate(rates, axis=1)
    names = answer_names(columns)
    probabilities = {
        column.name: _mean(posterior[f"p_{names[column.name]}"])
        for column in columns
        if column.kind == "categorical"
    }
    yes = [column.name for column in columns if column.kind == "bernoulli"]
    for name, p in zip(yes, _mean(posterior["yes"]).T if yes else (), strict=True):
        probabilities[name] = np.stack([1 - p, p], axis=1)
    if probabilities:
        found["probabilities_"] = probabilities
    return found


def _mean(array: xarray.DataArray) -> np.ndarray:
    return np.asarray(array.mean(("chain", "draw")).values)


def _covariance(posterior: xarray.Dataset, states: int, width: int) -> np.ndarray:
    """Compute the posterior mean of each state's covariance, (states, width, width)."""
    if "chol" in posterior:
        chol = posterior["chol"].transpose("chain", "draw", ...).values
        mean = (chol @ np.swapaxes(chol, -1, -2)).mean(axis=(0, 1))
    else:
        variance = _mean(posterior["sigma"] ** 2)
        per_column = variance if variance.ndim == 2 else np.reshape(variance, (-1, 1))
        mean = per_column[:, :, None] * np.eye(width)
    return np.broadcast_to(mean, (states, width, width)).copy()
