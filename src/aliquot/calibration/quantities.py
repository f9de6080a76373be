"""What is ranked: scalars of a draw that do not depend on which component is which.

The elements of the continuous variables and deterministics, sorted where they trade places; the
log likelihood, in which much that is wrong with a posterior shows (Modrák et al. 2023, section 4);
and of discrete variables how many elements are in each state, and some of them. Of labels that can
trade places it is how large the groups are, and whether elements are in one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np

from aliquot.diagnostics.components import ExchangeableComponents
from aliquot.diagnostics.label_free import sorted_quantities
from aliquot.diagnostics.quantity import quantity_of
from aliquot.inference.described import model_coords, model_dims
from aliquot.inference.draws import free_draws, random_keys, spread_evenly
from aliquot.model import Model
from aliquot.results import build_tree
from aliquot.symmetry import ATTRIBUTE, Symmetries

# Elements of one variable that are looked at, of a discrete one, and states that are counted.
MOST, MOST_DISCRETE, MOST_STATES = 20, 5, 10
LIKELIHOOD = "log likelihood"


@dataclass(frozen=True)
class Ranked:
    """Scalars by name, and the values of each."""

    names: list[str]
    values: np.ndarray  # (scalars, draws)


def of_variables(model: Model, symmetries: Symmetries, draws: Mapping[str, np.ndarray]) -> Ranked:
    """Give the scalars of continuous variables and deterministics, (draws, *shape) each."""
    tree = build_tree(
        posterior={name: values[None] for name, values in draws.items()},
        dims=model_dims(model),
        coords=model_coords(model),
        order=list(model.variables),
    )
    posterior = tree["posterior"].to_dataset()
    shapes = {str(name): array.shape[2:] for name, array in posterior.data_vars.items()}
    components = ExchangeableComponents.of({ATTRIBUTE: symmetries.to_json()}, shapes)
    names: list[str] = []
    values: list[np.ndarray] = []
    for name, array in posterior.data_vars.items():
        quantity = quantity_of(array, depends=components.depends(str(name)))
        free = np.ones(len(quantity.draws), bool)
        if components.blocks:
            free = quantity.label_free
        places = np.flatnonzero(free)
        for element in places[spread_evenly(len(places), MOST)]:
            names.append(quantity.label(int(element)))
            values.append(quantity.draws[element, 0])
    for quantity in sorted_quantities(posterior, components.blocks):
        for element in spread_evenly(len(quantity.draws), MOST):
            names.append(quantity.label(int(element)))
            values.append(quantity.draws[element, 0])
    count = len(next(iter(draws.values())))
    return Ranked(names, np.array(values) if values else np.zeros((0, count)))


def log_likelihood(density: Any, draws: Mapping[str, np.ndarray]) -> np.ndarray:
    """Compute the log likelihood of each draw, the discrete variables summed out."""

    def one(row: Any, data: Any) -> dict[str, Any]:
        return {LIKELIHOOD: density.log_likelihood_sum(row, data)}

    rows = free_draws(density, draws)
    found = density.over_draws(one, rows, name="log likelihood of some")[LIKELIHOOD]
    return np.asarray(found)


def discrete_draws(
    density: Any, draws: Mapping[str, np.ndarray], count: int, seed: int
) -> dict[str, np.ndarray]:
    """Draw the discrete variables given each draw of the others, (draws, *shape) each."""
    marginal = density.marginal
    if marginal is None:
        return {}

    def one(row: Any, data: Any) -> dict[str, Any]:
        key, given = row
        known = density.evaluation_of(given, data)
        drawn = marginal.evaluate(known).draw(jax.random.wrap_key_data(key))
        names = [unknown.name for unknown in marginal.unknowns]
        return dict(zip(names, drawn, strict=True))

    rows = random_keys(seed, count), free_draws(density, draws)
    return {
        name: np.asarray(value).reshape((count, *_shape_of(density, name)))
        for name, value in density.over_draws(one, rows, name="discrete variables").items()
    }


def _shape_of(density: Any, name: str) -> tuple[int, ...]:
    return next(tuple(u.shape) for u in density.marginal.unknowns if u.name == name)


def of_discrete(density: Any, symmetries: Symmetries, draws: Mapping[str, np.ndarray]) -> Ranked:
    """Give the scalars of discrete variables, (draws, *shape) each."""
    marginal = density.marginal
    names: list[str] = []
    values: list[np.ndarray] = []
    for unknown in [] if marginal is None else marginal.unknowns:
        if unknown.name not in draws:
            continue
        states = np.asarray(draws[unknown.name]).reshape(len(draws[unknown.name]), -1)
        of_one = _of_labels if symmetries.coupled else _of_states
        listed = [int(state) for state in unknown.values]
        for name, value in of_one(unknown.name, states, listed, tuple(unknown.shape)):
            names.append(name)
            values.append(value.astype(float))
    count = len(next(iter(draws.values()))) if draws else 0
    return Ranked(names, np.array(values) if values else np.zeros((0, count)))


def _of_states(
    name: str, states: np.ndarray, listed: Sequence[int], shape: tuple[int, ...]
) -> Iterator[tuple[str, np.ndarray]]:
    for element in spread_evenly(states.shape[1], MOST_DISCRETE):
        yield _element(name, int(element), shape), states[:, element]
    if states.shape[1] == 1:
        return
    if len(listed) > MOST_STATES:
        yield f"mean of {name}", states.mean(axis=1)
        return
    # The last is what the others leave.
    for state in listed[:-1]:
        yield f"how many {name} are {state}", (states == state).sum(axis=1)


def _of_labels(
    name: str, states: np.ndarray, listed: Sequence[int], shape: tuple[int, ...]
) -> Iterator[tuple[str, np.ndarray]]:
    if states.shape[1] == 1:
        return
    if len(listed) <= MOST_STATES:
        counts = np.sort([(states == state).sum(axis=1) for state in listed], axis=0)[::-1]
        for place, count in enumerate(counts[:-1]):
            yield f"sorted sizes of {name}[{place}]", count
    for element in spread_evenly(states.shape[1] - 1, MOST_DISCRETE):
        one, other = (_element(name, int(at), shape) for at in (element, element + 1))
        yield f"{one} == {other}", states[:, element] == states[:, element + 1]


def _element(name: str, element: int, shape: tuple[int, ...]) -> str:
    if not shape:
        return name
    return f"{name}[{', '.join(str(i) for i in np.unravel_index(element, shape))}]"
