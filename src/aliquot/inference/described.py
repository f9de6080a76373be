"""What a result says of the model it came from: data, dims, coords, the order of variables."""

from __future__ import annotations

from typing import Any

import numpy as np

from aliquot.expression import Evaluation, leaves
from aliquot.expression.lengths import of_rows_on_disk
from aliquot.model import Model
from aliquot.precision import float64

# Numbers of data that results hold as a copy of their own; more are shared with the model.
LARGEST_COPY = 100_000


def described(model: Model) -> dict[str, Any]:
    """Give all of it, as `build_tree` takes it: a copy, which later changes do not reach."""
    return {
        "observed_data": observed_data(model),
        "constant_data": constant_data(model),
        "dims": model_dims(model),
        "coords": model_coords(model),
        "order": list(model.variables),
    }


def observed_data(model: Model) -> dict[str, np.ndarray]:
    """Give the observed values by variable, NaN where they are missing or do not count.

    Observations of another length than the covariates that were set since are left out, and rows
    that lie on a disk.
    """
    result = {}
    for variable in model.observed:
        if variable.shape != variable.distribution.shape:
            continue
        source = variable.observed
        if of_rows_on_disk(source):
            continue
        with float64():
            values = Evaluation({leaf: leaf.value for leaf in leaves(source)})(source)
        if variable.missing is not None:
            values = np.where(variable.missing, np.nan, values)
        counts = None if variable.counted is None else variable.counted.value_now()
        if counts is not None and not counts.all():
            events = (1,) * (np.ndim(values) - counts.ndim)
            values = np.where(counts.reshape(counts.shape + events), values, np.nan)
        result[variable.name] = _shown(values)
    return result


def constant_data(model: Model) -> dict[str, np.ndarray]:
    """Give the values of the model's data by name."""
    return {leaf.name: _shown(leaf.value) for leaf in model.data if not leaf.on_disk}


def _shown(values: Any) -> np.ndarray:
    """Give a copy, or of very many numbers a view that cannot be written to."""
    if np.size(values) <= LARGEST_COPY:
        return np.array(values)
    view = np.asarray(values).view()
    view.flags.writeable = False
    return view


def model_dims(model: Model) -> dict[str, list[str]]:
    """Give the names of each variable's axes, where it has them."""
    return {
        name: list(variable.dims)
        for name, variable in model.variables.items()
        if getattr(variable, "dims", None)
        and not (model.rows and model.rows.has_rows(variable.shape))
    }


def model_coords(model: Model) -> dict[str, Any]:
    """Give the labels along each dim that some variable uses; not of rows that lie on a disk."""
    used = {dim for dims in model_dims(model).values() for dim in dims}
    labels = {dim: labels for dim, labels in model.coords.as_dict().items() if dim in used}
    if model.rows:
        labels = {dim: each for dim, each in labels.items() if len(each) != model.rows.total}
    return labels
