"""A user's function, called with a data set: the model that it writes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from aliquot.errors import ModelError
from aliquot.model import Model


def model_of(build: Callable[[Any], Any], data: Any, user: str) -> Model:
    """Let `build` write a model for a data set: in a ``with`` block that is running, or its own.

    Raises
    ------
    ModelError
        Where it writes none.
    """
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


def reason(error: BaseException) -> str:
    """Say why something failed: Aliquot's own errors speak for themselves.

    >>> reason(ModelError("no variables")), reason(KeyError("weight"))
    ('no variables', "KeyError: 'weight'")
    """
    text = str(error)
    if type(error).__module__.startswith("aliquot."):
        return text
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
