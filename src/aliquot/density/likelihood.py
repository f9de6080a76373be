"""The log likelihood: what the observed data say, without priors, discrete variables summed out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import jax.numpy as jnp
import numpy as np

from aliquot.density.point import read_point
from aliquot.errors import AliquotWarning, ModelError, SupportError, warn
from aliquot.model.variables import MissingValues
from aliquot.precision import float64

if TYPE_CHECKING:
    from aliquot.density.density import Density

USER = "log_likelihood"


def log_likelihood(model: Any, point: Any) -> float:
    """Compute the log likelihood at a point; see `Model.log_likelihood`."""
    check_observed(model, USER)
    density = model.density()
    values = read_point(density, model, point, USER)
    if model.potentials:
        warn(
            f"{USER}: the potentials {', '.join(p.name for p in model.potentials)} are left out: "
            "a term of the log density may be prior or data. Add their values where they are data",
            AliquotWarning,
        )
    result = log_likelihood_of(density, values)
    if np.isnan(result):
        raise SupportError(
            f"{USER}: it is not a number at this point "
            f"({', '.join(f'{name} = {value}' for name, value in values.items())}): a density is "
            "not defined there, such as that of a scale of zero"
        )
    return result


def check_observed(model: Any, user: str) -> None:
    """Refuse a model without observed variables."""
    if model.observed:
        return
    names = ", ".join(repr(potential.name) for potential in model.potentials)
    advice = (
        f". Which part of a potential ({names}) stands for data, and for which, only you know: "
        "write data as a variable with observed="
        if names
        else ": give the variable that stands for data observed="
    )
    raise ModelError(
        f"{user}: the model has no observed variables, so there is no likelihood{advice}"
    )


def log_likelihood_of(density: Density, values: Mapping[str, np.ndarray]) -> float:
    """Compute it at values of every continuous free variable, each of its variable's shape."""
    if hasattr(density, "log_likelihood_in_all"):
        return float(density.log_likelihood_in_all(values))

    def total(values: Any, data: Any) -> Any:
        return density.log_likelihood_sum(values, data)

    with float64():
        program = density.program("log likelihood in all", total)
        return float(program(dict(values), density.data))


def likelihood_shape(density: Density, variable: Any) -> tuple[int, ...]:
    """Give the shape of an observed variable's pointwise log likelihood: one number for each event.

    Of a discrete variable of which missing entries are summed out each element has its own number,
    of a chain, too.
    """
    plan = density.marginal
    partly = plan is not None and any(unknown.name == variable.name for unknown in plan.unknowns)
    shape: tuple[int, ...] = variable.shape if partly else variable.distribution.batch_shape
    return shape


def parameter_count(density: Density) -> int:
    """Count the numbers that are estimated: a vector of K probabilities has K - 1."""
    return sum(
        slot.stop - slot.start
        for slot in density.slots
        if not isinstance(slot.variable, MissingValues)
    )


def sum_of(terms: Any, values: Any) -> Any:
    """Add terms up, inside a traced function."""
    return sum((jnp.sum(term.compute(values)) for term in terms), jnp.zeros(()))
