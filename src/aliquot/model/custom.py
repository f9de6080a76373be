"""``aq.CustomDist``: a log density that is NaN where a model starts is refused on its line."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np

from aliquot.distributions.custom import CustomDist
from aliquot.distributions.parameters import at
from aliquot.errors import StartError
from aliquot.expression import Evaluation, leaves
from aliquot.hints.arguments import CUSTOM
from aliquot.model.constructors import Constructor
from aliquot.model.variables import FreeVariable, MissingValues, ObservedVariable
from aliquot.precision import float64
from aliquot.transforms import Identity


class CustomConstructor(Constructor[CustomDist]):
    """The constructor of families whose log density is the user's."""

    hints = CUSTOM

    def __call__(self, name: str | None = None, *args: Any, **kwargs: Any) -> Any:
        """Add a variable to the model, once its log density has been looked at where it starts."""
        variable = super().__call__(name, *args, **kwargs)
        try:
            _refuse_nan(variable)
        except StartError:
            for gone in (variable, getattr(variable, "latent", None)):
                if gone is not None:
                    del variable.owner.variables[gone.name]
            raise
        return variable


def _refuse_nan(variable: FreeVariable | ObservedVariable) -> None:
    """Refuse a log density that is NaN at typical values of what it depends on."""
    from aliquot.density.structure import program_of, written_part

    observed = isinstance(variable, ObservedVariable)
    value: Any = variable.value if observed else variable
    needed = _all_leaves([variable.distribution, value])
    data = {leaf: leaf.value_now() for leaf in needed if leaf.value_now() is not None}
    model: Any = variable.owner
    free = [v for v in model.variables.values() if any(v is leaf for leaf in needed)]

    def compute(given: list[Any]) -> Any:
        values = Evaluation(dict(zip(data, given, strict=True)))
        for leaf in free:
            if leaf not in data:
                values.set(leaf, _typical(leaf, values))
        distribution = values.safely(variable.distribution)
        point = values.safely(value)
        log_prob = distribution.checked_log_prob(point)
        return log_prob, point, distribution.arguments

    with float64():
        given = [np.asarray(each) for each in data.values()]
        key = written_part(model, variable.distribution, value, [list(data), free])
        found = program_of(key, compute, given)(given)
        log_prob, point, arguments = (np.asarray(found[0]), np.asarray(found[1]), found[2])
    wrong = np.isnan(log_prob)
    missing = getattr(variable, "missing", None)
    if missing is not None:
        wrong &= ~missing.any(axis=tuple(range(-variable.distribution.event_dims, 0)))
    if not wrong.any():
        return
    index = tuple(int(i) for i in np.argwhere(wrong)[0])
    names = list(variable.distribution.parameters)
    said = ", ".join(
        f"{name} = {_short(array)}" for name, array in zip(names, arguments, strict=False)
    )
    raise StartError(
        f"{variable.name}: logp gives NaN for the {'observed' if observed else 'start'} value "
        f"{_short(point[index])}{at(index)}, where the model starts{': ' if said else ''}{said}. "
        "Where there is no density it has to give -inf, by jnp.where, with a number in the place "
        "of what has no logarithm or root; or keep values and parameters in their range, by "
        "support= and by priors such as aq.HalfNormal; or let these begin elsewhere, by initval="
    )


def _all_leaves(trees: list[Any]) -> list[Any]:
    """List the leaves that something depends on, those of their distributions among them."""
    found: dict[int, Any] = {}
    waiting = leaves(*trees)
    while waiting:
        leaf = waiting.pop()
        if id(leaf) not in found:
            found[id(leaf)] = leaf
            waiting += leaves(getattr(leaf, "distribution", ()))
    return list(found.values())


def _typical(leaf: Any, values: Evaluation) -> Any:
    """Give a free variable's start value, or what stands for missing entries."""
    if isinstance(leaf, MissingValues):
        return leaf.placeholder
    if leaf.initval is not None:
        return leaf.initval
    typical = jnp.broadcast_to(values.safely(leaf.distribution).start(), leaf.shape)
    if leaf.distribution.discrete:
        return typical
    return values.safely(leaf.transform or Identity()).start(typical, jnp.ones(leaf.shape))


def _short(array: Any) -> str:
    text = np.array2string(np.asarray(array), precision=4, threshold=6, edgeitems=2)
    return " ".join(text.split())
