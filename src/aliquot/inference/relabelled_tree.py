"""A tree in which components have traded places: what moved, and what is computed from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from aliquot.errors import AliquotWarning, warn
from aliquot.inference.draws import flat
from aliquot.inference.posterior import discrete_values
from aliquot.marginal import depends_on
from aliquot.model import Model
from aliquot.results import groups_of, tree_of
from aliquot.symmetry import Block

if TYPE_CHECKING:
    import xarray

# Groups of draws in which discrete variables may be found.
WITH_STATES = (
    "posterior",
    "most_probable",
    "posterior_predictive",
    "predictions",
    "state_probabilities",
)


def states_of(trace: Any, blocks: Sequence[Block]) -> dict[tuple[str, str], np.ndarray]:
    """Collect what has to be renamed, by group and variable, one row for each draw."""
    names = {name for block in blocks for name, _ in block.states}
    sizes = {dim: trace["posterior"].sizes[dim] for dim in ("chain", "draw")}
    result = {}
    for group in [group for group in WITH_STATES if group in trace.children]:
        dataset = trace[group].dataset
        for name in names & set(dataset.data_vars):
            if all(dataset[name].sizes.get(dim) == size for dim, size in sizes.items()):
                result[group, name] = flat(dataset[name])
    return result


def discrete_in(trace: Any, model: Model) -> list[str]:
    """Name the discrete variables that a trace says something of."""
    marginal = model.density().marginal
    names = [] if marginal is None else [unknown.name for unknown in marginal.unknowns]
    groups = [group for group in WITH_STATES if group in trace.children]
    return [name for name in names if any(name in trace[group].data_vars for group in groups)]


def without(trace: xarray.DataTree, names: Sequence[str]) -> xarray.DataTree:
    """Leave discrete variables out of a trace; the one that was given stays as it is."""
    groups = groups_of(trace)
    for group in [group for group in WITH_STATES if group in groups]:
        groups[group] = groups[group].drop_vars(names, errors="ignore")
        if not groups[group].data_vars:
            del groups[group]
    return tree_of(groups, trace.attrs)


def renamed(
    block: Block, model: Model, key: tuple[str, str], array: np.ndarray, permutations: np.ndarray
) -> np.ndarray:
    """Rename the states of a discrete variable, where it is one of the block's."""
    group, name = key
    if name not in dict(block.states):
        return array
    if group != "state_probabilities":
        return block.permute_states(name, array, permutations)
    marginal = model.density().marginal
    assert marginal is not None
    lowest = next(unknown.lowest for unknown in marginal.unknowns if unknown.name == name)
    return block.permute_probabilities(name, array, permutations, lowest)


def rebuilt(
    trace: xarray.DataTree,
    model: Model,
    values: Mapping[str, np.ndarray],
    states: Mapping[tuple[str, str], np.ndarray],
) -> xarray.DataTree:
    """Make a new tree of the variables that have moved and of all that is computed from them."""
    import xarray

    groups = groups_of(trace)
    posterior = groups["posterior"]
    recovered = {name: array for (group, name), array in states.items() if group == "posterior"}
    changed: dict[tuple[str, str], np.ndarray] = {("posterior", n): v for n, v in values.items()}
    changed |= states
    coordinates = groups.get("unconstrained_posterior")
    computed, lost = _computed(model, posterior, values, recovered, coordinates)
    changed |= computed
    for (group, name), array in changed.items():
        dataset = groups[group]
        given = dataset[name]
        array = array.reshape(given.shape)
        made = xarray.Variable(given.dims, array, given.attrs, given.encoding)
        groups[group] = dataset.assign({name: made})
    if lost:
        warn(
            f"aq.relabel: left out {', '.join(lost)}, which cannot be computed from the relabelled "
            "draws: the discrete variables or missing values that it depends on are not in the "
            "posterior, or it has rows of other data than the model holds now. Call aq.recover "
            "again",
            AliquotWarning,
        )
        groups["posterior"] = groups["posterior"].drop_vars(lost)
    return tree_of(groups, trace.attrs)


def _computed(
    model: Model,
    posterior: Any,
    values: Mapping[str, np.ndarray],
    recovered: Mapping[str, np.ndarray],
    coordinates: Any,
) -> tuple[dict[tuple[str, str], np.ndarray], list[str]]:
    """Compute deterministics and unconstrained coordinates anew; name those that cannot be."""
    density = model.density()
    unknowns = [] if density.marginal is None else density.marginal.unknowns
    doing = "what is computed from them is left out"
    given = {}
    for unknown in unknowns:
        found = discrete_values(model, posterior, unknown.node, "aq.relabel", doing)
        if found is not None:
            # A recovered variable that no block names has not moved.
            given[unknown.name] = recovered.get(unknown.name, found)
    known = [unknown.node for unknown in unknowns if unknown.name in given]
    missing = [unknown.node for unknown in unknowns if unknown.name not in given]
    for latent in (integrated.latent for integrated in density.integrated):
        if latent.name in posterior and posterior[latent.name].shape[2:] == latent.shape:
            given[latent.name] = flat(posterior[latent.name])
            known.append(latent)
        else:
            missing.append(latent)
    present = [d for d in model.deterministics if d.name in posterior]
    lost = [
        d.name for d in present if depends_on(d, missing) or posterior[d.name].shape[2:] != d.shape
    ]
    wanted = [d for d in present if d.name not in lost]
    slots = [
        slot
        for slot in density.slots
        if coordinates is not None and slot.unconstrained_name in coordinates
    ]
    if not wanted and not slots:
        return {}, lost

    def one(row: Any, data: Any) -> dict[tuple[str, str], Any]:
        free, states = row
        evaluation = density.evaluation_of(free, data)
        for node, name in zip(known, given, strict=True):
            evaluation.set(node, states[name])
        made = {("posterior", d.name): evaluation(d) for d in wanted}
        for slot in slots:
            forward = evaluation(slot.transform).forward(evaluation(slot.variable))
            made["unconstrained_posterior", slot.unconstrained_name] = forward
        return made

    return density.over_draws(one, (dict(values), given)), lost
