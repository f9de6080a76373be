"""What is seen in components and in states: posterior means, in the data's own units."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from aliquot.builders.columns import REAL
from aliquot.builders.names import answer_names
from aliquot.estimators.table import Encoding

if TYPE_CHECKING:
    import xarray

# All that `within_components` may give.
LEARNT = ("means_", "rates_", "probabilities_", "levels_")


def within_components(posterior: xarray.Dataset, encoding: Encoding) -> dict[str, Any]:
    """Give means of numbers, rates of counts and probabilities of answers: what columns have."""
    columns = encoding.columns
    found: dict[str, Any] = {}
    real = _real(encoding)
    if real:
        found["means_"] = _mean(posterior["mu"]) * encoding.scale[real] + encoding.centre[real]
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
        found["levels_"] = {column.name: column.levels for column in columns if column.levels}
    return found


def covariances(posterior: xarray.Dataset, encoding: Encoding) -> np.ndarray | None:
    """Give the covariance of real columns in each component, shape (K, real, real).

    Of "student_t" the scale matrix; of skew columns, and where none is real, there is none.
    """
    real = _real(encoding)
    if not real or encoding.columns[real[0]].kind == "skew_normal":
        return None
    components, width = posterior["mu"].sizes["component"], len(real)
    if "chol" in posterior:
        mean = _mean_square(posterior["chol"])
    else:
        variance = _mean(posterior["sigma"] ** 2)
        per_column = variance if variance.ndim == 2 else np.reshape(variance, (-1, 1))
        mean = per_column[:, :, None] * np.eye(width)
        if "loading" in posterior:
            loading = posterior["loading"]
            free = np.tri(width, loading.sizes["factor"])
            mean = mean + _mean_square(loading.transpose(..., "column", "factor") * free)
    scale = encoding.scale[real]
    return np.broadcast_to(mean, (components, width, width)) * np.outer(scale, scale)


def _real(encoding: Encoding) -> list[int]:
    return [i for i, column in enumerate(encoding.columns) if column.kind in REAL]


def _mean(array: xarray.DataArray) -> np.ndarray:
    return np.asarray(array.mean(("chain", "draw")).values)


def _mean_square(array: xarray.DataArray) -> np.ndarray:
    """Compute the posterior mean of matrices times their transposes."""
    factor = array.transpose("chain", "draw", ...).values
    return np.asarray((factor @ np.swapaxes(factor, -1, -2)).mean(axis=(0, 1)))
