"""Components in ascending order of what is seen in the first column."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from aliquot.builders.columns import Column
from aliquot.builders.names import answer_names
from aliquot.inference.posterior import continuous_values
from aliquot.inference.relabelled_tree import rebuilt
from aliquot.model import Model
from aliquot.symmetry import ATTRIBUTE, Symmetries

if TYPE_CHECKING:
    import xarray


def first_means(posterior: xarray.Dataset, columns: tuple[Column, ...]) -> np.ndarray:
    """Give the posterior mean of the first column in each component; of answers, of their codes."""
    first = columns[0]
    if first.kind == "categorical":
        name = f"p_{answer_names(columns)[first.name]}"
        p = posterior[name].mean(("chain", "draw")).values
        return p @ np.arange(p.shape[1])
    others = {"poisson": "rate", "negative_binomial": "mean", "bernoulli": "yes"}
    return posterior[others.get(first.kind, "mu")].mean(("chain", "draw")).values[:, 0]


def ascending(trace: xarray.DataTree, model: Model, columns: tuple[Column, ...]) -> xarray.DataTree:
    """Number the components of relabelled draws in ascending order of the first column's mean."""
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
