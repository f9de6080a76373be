"""A user's function, called with a data set: the model that it writes."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from aliquot.errors import ModelError
from aliquot.expression.given import read_by
from aliquot.many.datasets import rows_in
from aliquot.model import Model
from aliquot.model.context import current_model
from aliquot.model.variables import Data


def model_of(build: Callable[[Any], Any], data: Any, user: str) -> Model:
    """Let `build` write a model for a data set: in a ``with`` block that is running, or its own.

    Raises
    ------
    ModelError
        Where it writes none.
    """
    try:
        with Model() as model, read_by(partial(_as_data, rows_in(data))):
            made = build(data)
    except Exception:  # what is written asks for numbers, or is wrong
        with Model() as model:
            made = build(data)
    if isinstance(made, Model):
        return made
    if not model.variables:
        raise ModelError(
            f"{user}: build wrote no variable and returned no aq.Model (it returned "
            f"{type(made).__name__}). Write the model in it, as in\n"
            "    def build(y):\n"
            '        mu = aq.Normal("mu", 0, 10)\n'
            '        aq.Normal("obs", mu, 1, observed=y)'
        )
    return model


def _as_data(rows: int | None, array: np.ndarray) -> Any:
    """Let a column of numbers be data: what is written of it is the same for other data sets."""
    if array.dtype != np.float64 or rows not in array.shape or not np.isfinite(array).all():
        return array
    model = current_model("aq.Data")
    name = f"(array {len(model.arrays)})"
    leaf = Data(name, array.shape, array.dtype, value=array, owner=model)
    model.arrays.append(leaf)
    return leaf


def reason(error: BaseException) -> str:
    """Say why something failed: Aliquot's own errors speak for themselves.

    >>> reason(ModelError("no variables")), reason(KeyError("weight"))
    ('no variables', "KeyError: 'weight'")
    """
    text = str(error)
    if type(error).__module__.startswith("aliquot."):
        return text
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
