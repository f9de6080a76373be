"""Models: the context, the variables in it, their dims and data."""

from aliquot.model.constructors import Constructor, data, deterministic, potential, set_data
from aliquot.model.context import Model, current_model, resolve_model
from aliquot.model.on_disk import DataConstructor
from aliquot.model.rewritten import do, observe

Data = DataConstructor()

__all__ = [
    "Constructor",
    "Data",
    "Model",
    "current_model",
    "data",
    "deterministic",
    "do",
    "observe",
    "potential",
    "resolve_model",
    "set_data",
]
