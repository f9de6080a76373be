"""States numbered by what is seen in them, and what that is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from aliquot.builders import Column
from aliquot.builders.columns import REAL
from aliquot.builders.mixture import answer_names
from aliquot.estimators.table import Encoding
from aliquot.inference.posterior import continuous_values
from aliquot.inference.relabelled_tree import rebuilt
from aliquot.model import Model
from aliquot.symmetry import ATTRIBUTE, Symmetries

if TYPE_CHECKING:
    import xarray


def first_means(posterior: xarray.Dataset, columns: tuple[Column, ...]) -> np.ndarray:
    """Give the posterior mean of the first column in each state; of answers, of their codes."""
    first = columns[0]
    if first.kind == "categorical":
        name = f"p_{answer_names(columns)[first.name]}"
        p = _mean(posterior[name])
        return p @ np.arange(p.shape[1])
    name = {"poisson": "rate", "negative_binomial": "mean", "bernoulli": "yes"}.get(first.kind)
    place = "mu" if first.kind in REAL else str(name)
    return _mean(posterior[place])[:, 0]


def ascending(trace: xarray.DataTree, model: Model, columns: tuple[Column, ...]) -> xarray.DataTree:
    """Number the states of relabelled draws in ascending order of the first column's mean."""
    order = np.argsort(first_means(trace["posterior"].dataset, columns), kind="stable")
    found = trace.attrs.get(ATTRIBUTE)
    if found is None or (order == np.arange(order.size)).all():
        return trace
    blocks = [b for b in Symmetries.from_json(found).coupled if b.components == order.size]
    if len(blocks) != 1:
        return trace
    values = continuous_values(model, trace["posterior"].dataset)
    count = len(next(iter(values.values())))
    values |= blocks[0].permute(values, np.tile(order, (count, 1)))
    tree = rebuilt(trace, model, values, {})
    if "relabelling" in tree.children:
        record = tree["relabelling"].dataset
        moved = {
            name: (array.dims, array.values[..., order], array.attrs)
            for name, array in record.data_vars.items()
            if str(name).startswith("permutation_") and array.shape[-1] == order.size
        }
        tree["relabelling"] = record.assign(moved)
    return tree


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
