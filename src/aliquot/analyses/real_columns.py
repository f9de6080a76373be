"""Columns of real numbers within components: from draws in standard units to the data's own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from aliquot.analyses.analysis import Parameter
from aliquot.builders import Column

if TYPE_CHECKING:
    import xarray

# What the parameters of a family are called.
MIDDLE = {
    "normal": ("mean", "sd"),
    "student_t": ("centre", "scale"),
    "skew_normal": ("location", "scale"),
}


def real_parameters(
    draws: xarray.Dataset,
    columns: Sequence[Column],
    covariance: str,
    centre: np.ndarray,
    scale: np.ndarray,
    shape: tuple[int, int],
) -> list[Parameter]:
    """Give means, spreads and correlations in own units; `shape` is (draws, components)."""
    middle, spread = MIDDLE[columns[0].kind]
    mu = draws["mu"].values * scale + centre
    width = len(columns)
    found, correlation = [], None
    if covariance in ("full", "tied", "factor") and width > 1:
        matrix = _covariances(draws, covariance)
        matrix = np.broadcast_to(matrix, (*shape, width, width))
        sd = np.sqrt(np.diagonal(matrix, axis1=-2, axis2=-1))
        correlation = matrix / (sd[..., :, None] * sd[..., None, :])
    else:
        sigma = draws["sigma"].values
        sigma = sigma.reshape((len(sigma), *((1, 1) if sigma.ndim == 1 else sigma.shape[1:])))
        sd = np.broadcast_to(sigma if sigma.ndim == 3 else sigma[..., None], (*shape, width))
    for i, column in enumerate(columns):
        found.append(Parameter(middle, column.name, mu[..., i]))
        found.append(Parameter(spread, column.name, sd[..., i] * scale[i]))
        if column.kind == "skew_normal":
            found.append(
                Parameter("skewness parameter", column.name, draws["alpha"].values[..., i])
            )
    if correlation is not None:
        for i in range(width):
            for j in range(i):
                pair = f"{columns[j].name} and {columns[i].name}"
                found.append(Parameter("correlation", pair, correlation[..., j, i]))
    if columns[0].kind == "student_t":
        nu = np.broadcast_to(draws["nu"].values[:, None], shape)
        found.append(Parameter("degrees of freedom", "", nu))
    return found


def _covariances(draws: xarray.Dataset, covariance: str) -> Any:
    """Give covariance matrices (draws, components or 1, columns, columns)."""
    if covariance == "factor":
        loading = draws["loading"].values
        loading = loading * np.tri(*loading.shape[2:])
        own = draws["sigma"].values[..., None] ** 2 * np.eye(loading.shape[2])
        return loading @ np.swapaxes(loading, -1, -2) + own
    chol = draws["chol"].values
    chol = chol[:, None] if covariance == "tied" else chol
    return chol @ np.swapaxes(chol, -1, -2)
