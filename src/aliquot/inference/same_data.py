"""Whether a trace was drawn given the data that its model holds now."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from aliquot.errors import ModelError
from aliquot.inference.described import constant_data, observed_data
from aliquot.model import Model


def refuse_other_data(trace: Any, model: Model, user: str) -> None:
    """Refuse a trace that says it was drawn given other data, observed or not, than a model has.

    A trace that says nothing of its data is taken as it is.
    """
    for group, present in (
        ("observed_data", observed_data(model)),
        ("constant_data", constant_data(model)),
    ):
        stored = trace[group].dataset if group in trace.children else {}
        _compare(stored, present, model, user)


def _compare(stored: Any, present: Mapping[str, np.ndarray], model: Model, user: str) -> None:
    for name in stored:
        if str(name) not in model:
            raise ModelError(
                f"{user}: the trace was drawn given data of {str(name)!r}, which the model does "
                f"not know (it has {', '.join(model.variables)}). Give the model of the trace"
            )
    refuse_changed(stored, present, user, "sample again")


def refuse_changed(
    stored: Mapping[Any, Any], present: Mapping[str, np.ndarray], user: str, otherwise: str
) -> None:
    """Refuse data of a trace that are others than those present; `otherwise` is a last way out."""
    for name, values in present.items():
        if name not in stored:
            continue
        had = np.asarray(stored[name].values)
        numbers = had.dtype.kind == values.dtype.kind == "f"
        if not np.array_equal(had, values, equal_nan=numbers):
            raise ModelError(
                f"{user}: the trace was drawn given other data of {name!r} than the model holds "
                f"(shapes {had.shape} and {values.shape}). Give the model of the trace, put its "
                f"data back with aq.set_data, or {otherwise}"
            )
